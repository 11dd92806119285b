"""What a build remembers of those before it, wherever they left it."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from stemsilver import microsite
from stemsilver.errors import UsageError
from stemsilver.microsite import PublishedSite
from stemsilver.report import HISTORY, Record, history_json, read_history, record

from ..report.planted_history import builds
from .batches import InThisProcess, Workspace, changed, contents, embedded


class Idle(InThisProcess):
    """Nothing is left to be computed, or nothing may be before the build is refused."""

    def submit(self, fn: object, /, *args: object, **kwargs: object) -> object:  # type: ignore[override]
        pytest.fail(f"{fn} was computed")


@pytest.fixture
def no_site(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the site out, where a test is about something else."""
    stub = PublishedSite(Path("index.html"), 0, 0)
    monkeypatch.setattr(microsite, "build", lambda *_, **__: stub)


def kept(workspace: Workspace) -> tuple[Record, ...]:
    return read_history(workspace.places.report / HISTORY)


def earlier(path: Path, count: int = 3) -> Path:
    """A history of builds that were before all these."""
    old = [replace(one, created=one.created.replace("2026", "2024")) for one in builds(count)]
    path.write_text(json.dumps(history_json(old)))
    return path


@pytest.mark.usefixtures("no_site")
def test_another_build_is_added_and_the_same_one_is_not(workspace: Workspace) -> None:
    profile = changed(embedded(), "gates", wer_max=0.5)
    first = kept(workspace)
    for _ in range(2):
        workspace.build(Idle())
        assert kept(workspace) == first
    for _ in range(2):
        outcome = workspace.build(Idle(), profile)
        assert kept(workspace) == (*first, record(outcome.scorecard))
    was, now = (one.settings["gates.wer_max"] for one in kept(workspace))
    assert (was, now) == (0.1, 0.5)


@pytest.mark.usefixtures("no_site")
def test_every_source_is_read_and_told_once(workspace: Workspace, tmp_path: Path) -> None:
    own = kept(workspace)
    told = earlier(tmp_path / "told.json")
    before = read_history(told)
    assert len(before) == 3
    workspace.build(Idle(), history=[told, workspace.places.report])
    assert kept(workspace) == (*before, *own)
    workspace.build(Idle(), history=[told])
    assert kept(workspace) == (*before, *own)


def test_a_build_goes_on_from_a_deployed_site(workspace: Workspace, tmp_path: Path) -> None:
    deployed = shutil.copytree(workspace.places.site, tmp_path / "deployed")
    earlier(deployed / "downloads" / HISTORY)
    own = kept(workspace)
    shutil.rmtree(workspace.places.report)
    workspace.build(Idle(), history=[deployed])
    assert kept(workspace)[-1] == own[0]
    page = (workspace.places.site / "trend.html").read_text(encoding="utf-8")
    assert f"{len(kept(workspace))} builds" in page
    # And from its own site, which is then replaced.
    site = contents(workspace.places.site)
    workspace.build(Idle(), history=[workspace.places.site])
    assert contents(workspace.places.site) == site


@pytest.mark.parametrize("where", ["report", "elsewhere"])
def test_a_damaged_history_ends_the_build_before_it_began(
    workspace: Workspace, tmp_path: Path, where: str
) -> None:
    (workspace.raw / "one.wav").unlink()
    own = workspace.places.report / HISTORY
    damaged = own if where == "report" else tmp_path / HISTORY
    damaged.write_text('{"records": [{}]}')
    before = contents(workspace.folder)
    with pytest.raises(UsageError, match=r"history\.json"):
        workspace.build(Idle(), history=[] if damaged == own else [damaged])
    assert contents(workspace.folder) == before
