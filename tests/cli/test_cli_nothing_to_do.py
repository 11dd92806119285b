"""`build-site` where nothing changed, and where only the site has to be made anew."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from stemsilver.pipeline import executors
from stemsilver.resources import resource

from ..pipeline.batches import EPOCH, InThisProcess, Workspace
from .terminal import Terminal

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


def test_a_build_without_change_writes_nothing(stemsilver: Terminal, workspace: Workspace) -> None:
    before = state(workspace.folder)
    ended = stemsilver(*BUILD)
    assert ended.err.splitlines()[1:] == [UNCHANGED, "To listen: stemsilver serve site"]
    assert state(workspace.folder) == before


@pytest.mark.parametrize("limit", ["-99", "99"])
def test_the_verdict_is_the_builds(stemsilver: Terminal, workspace: Workspace, limit: str) -> None:
    text = (resource("config") / "embedded.yaml").read_text()
    assert "music_to_speech_db_max: -20" in text
    Path("own.yaml").write_text(text.replace("speech_db_max: -20", f"speech_db_max: {limit}"))
    first, second = (stemsilver(*BUILD, "--config", "own.yaml") for _ in range(2))
    assert (UNCHANGED in first.err, UNCHANGED in second.err) == (False, True)
    verdicts = [
        (ended.code, [line for line in ended.err.splitlines() if " pass" in line])
        for ended in (first, second)
    ]
    assert len(verdicts[0][1]) == 1
    assert verdicts[0] == verdicts[1]


def test_a_site_with_everything_stands_too(stemsilver: Terminal, workspace: Workspace) -> None:
    shutil.copytree(workspace.places.site, workspace.folder / "base")
    shutil.copy(workspace.places.report / "history.json", workspace.folder / "earlier.json")
    options = ("--base", "base", "--history", "earlier.json", "--zip")
    assert UNCHANGED not in stemsilver(*BUILD, *options).err
    assert UNCHANGED in stemsilver(*BUILD, *options).err
    card = workspace.folder / "base" / "downloads" / "scorecard.json"
    card.write_bytes(card.read_bytes() + b"\n")
    assert UNCHANGED not in stemsilver(*BUILD, *options).err


def test_a_fresh_site_or_a_changed_title_computes_nothing(
    stemsilver: Terminal, workspace: Workspace, computed: InThisProcess
) -> None:
    front = workspace.places.site / "index.html"
    before = front.stat().st_ino
    ended = stemsilver(*BUILD, "--fresh-site")
    assert "2 of 2 renders were already finished" in ended.err
    assert front.stat().st_ino != before
    assert UNCHANGED in stemsilver(*BUILD).err
    settings = resource("mkdocs.yml").read_text()
    assert "Overview: index.md" in settings
    Path("mkdocs.yml").write_text(settings.replace("Overview:", "Front page:"))
    assert "Plots of the batch: 0 drawn" in stemsilver(*BUILD).err
    assert computed.calls == []
    assert "Front page" in front.read_text()


def test_a_page_and_speech_that_are_gone_return(stemsilver: Terminal, workspace: Workspace) -> None:
    page = workspace.places.site / "method.html"
    speech = workspace.places.proceed / "one__speech_only.wav"
    whole = page.read_bytes(), speech.read_bytes()
    page.unlink()
    assert UNCHANGED not in stemsilver(*BUILD).err
    assert UNCHANGED in stemsilver(*BUILD).err
    speech.write_bytes(whole[1][:100])
    assert UNCHANGED not in stemsilver(*BUILD).err
    assert (page.read_bytes(), speech.read_bytes()) == whole
