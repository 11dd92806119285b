"""`build-site` where nothing changed, and where only the site has to be made anew."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from stemsilver.pipeline import executors
from stemsilver.resources import resource

from ..pipeline.batches import EPOCH, InThisProcess, Workspace
from .terminal import Ended, Terminal

UNCHANGED = "Nothing changed; the site is up to date."
# As the batch was built.
BUILD = ("build-site", "--cache", "cache", "--max-site-mb", "100")


@pytest.fixture(autouse=True)
def moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", EPOCH)


@pytest.fixture
def computed(stemsilver: Terminal, monkeypatch: pytest.MonkeyPatch) -> InThisProcess:
    """What the workers were given to do."""
    workers = InThisProcess()
    monkeypatch.setattr(executors, "workers", lambda *_, **__: workers)
    return workers


def state(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Every file and folder, hidden ones too, by what a write would change."""
    return {
        path.relative_to(folder).as_posix(): (at.st_ino, at.st_size, at.st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        for at in [path.stat()]
    }


def index(workspace: Workspace) -> int:
    """A site that is made anew has another front page."""
    return (workspace.places.site / "index.html").stat().st_ino


def test_a_build_without_a_change_writes_nothing(
    stemsilver: Terminal, workspace: Workspace
) -> None:
    before = state(workspace.folder)
    ended = stemsilver(*BUILD)
    assert ended.err.splitlines()[1:] == [UNCHANGED, "To listen: stemsilver serve site"]
    assert state(workspace.folder) == before


def verdict(ended: Ended) -> tuple[int, str]:
    """The exit code, and the line that says how the batch did."""
    [line] = [line for line in ended.err.splitlines() if " pass" in line]
    return ended.code, line


@pytest.mark.parametrize("limit", ["-99", "99"])
def test_the_verdict_and_the_exit_code_are_those_of_the_build(
    stemsilver: Terminal, workspace: Workspace, limit: str
) -> None:
    text = (resource("config") / "embedded.yaml").read_text()
    assert "music_to_speech_db_max: -20" in text
    (workspace.folder / "own.yaml").write_text(
        text.replace("music_to_speech_db_max: -20", f"music_to_speech_db_max: {limit}")
    )
    first, second = (stemsilver(*BUILD, "--config", "own.yaml") for _ in range(2))
    assert UNCHANGED not in first.err
    assert UNCHANGED in second.err
    assert verdict(second) == verdict(first)


def test_a_fresh_site_is_made_anew_from_what_is_there(
    stemsilver: Terminal, workspace: Workspace, computed: InThisProcess
) -> None:
    before = index(workspace)
    ended = stemsilver(*BUILD, "--fresh-site")
    assert "2 of 2 renders were already finished" in ended.err
    assert index(workspace) != before
    assert computed.calls == []
    assert UNCHANGED in stemsilver(*BUILD).err


def test_a_site_with_everything_on_it_stands_too(
    stemsilver: Terminal, workspace: Workspace
) -> None:
    shutil.copytree(workspace.places.site, workspace.folder / "base")
    shutil.copy(workspace.places.report / "history.json", workspace.folder / "earlier.json")
    options = ("--base", "base", "--history", "earlier.json", "--zip")
    assert UNCHANGED not in stemsilver(*BUILD, *options).err
    assert UNCHANGED in stemsilver(*BUILD, *options).err
    card = workspace.folder / "base" / "downloads" / "scorecard.json"
    card.write_bytes(card.read_bytes() + b"\n")
    assert UNCHANGED not in stemsilver(*BUILD, *options).err


def test_a_changed_title_makes_the_site_anew_and_computes_nothing(
    stemsilver: Terminal, workspace: Workspace, computed: InThisProcess
) -> None:
    settings = resource("mkdocs.yml").read_text()
    assert "Overview: index.md" in settings
    (workspace.folder / "mkdocs.yml").write_text(settings.replace("Overview:", "Front page:"))
    ended = stemsilver(*BUILD)
    assert "Plots of the batch: 0 drawn" in ended.err
    assert computed.calls == []
    assert "Front page" in (workspace.places.site / "index.html").read_text()
    assert UNCHANGED in stemsilver(*BUILD).err


def test_a_page_that_is_gone_comes_back(stemsilver: Terminal, workspace: Workspace) -> None:
    page = workspace.places.site / "method.html"
    whole = page.read_bytes()
    page.unlink()
    assert UNCHANGED not in stemsilver(*BUILD).err
    assert page.read_bytes() == whole
    assert UNCHANGED in stemsilver(*BUILD).err


def test_speech_that_was_cut_comes_back(stemsilver: Terminal, workspace: Workspace) -> None:
    speech = workspace.places.proceed / "one__speech_only.wav"
    whole = speech.read_bytes()
    speech.write_bytes(whole[:100])
    assert UNCHANGED not in stemsilver(*BUILD).err
    assert speech.read_bytes() == whole
