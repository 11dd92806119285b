"""What a build remembers of those before it, wherever they left it."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from stemsilver.errors import UsageError
from stemsilver.report import HISTORY, Record, history_json, read_history, record

from ..report.planted_history import builds
from .batches import NoWorkers, Workspace, changed, contents, embedded


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
        workspace.build(NoWorkers())
        assert kept(workspace) == first
    for _ in range(2):
        outcome = workspace.build(NoWorkers(), profile)
        assert kept(workspace) == (*first, record(outcome.scorecard))
    was, now = (one.settings["gates.wer_max"] for one in kept(workspace))
    assert (was, now) == (0.1, 0.5)


@pytest.mark.usefixtures("no_site")
def test_every_source_is_read_and_told_once(workspace: Workspace, tmp_path: Path) -> None:
    own = kept(workspace)
    told = earlier(tmp_path / "told.json")
    before = read_history(told)
    assert len(before) == 3
    workspace.build(NoWorkers(), history=[told, workspace.places.report])
    assert kept(workspace) == (*before, *own)
    workspace.build(NoWorkers(), history=[told])
    assert kept(workspace) == (*before, *own)


def test_a_build_goes_on_from_a_deployed_site(workspace: Workspace, tmp_path: Path) -> None:
    deployed = shutil.copytree(workspace.places.site, tmp_path / "deployed")
    earlier(deployed / "downloads" / HISTORY)
    own = kept(workspace)
    shutil.rmtree(workspace.places.report)
    workspace.build(NoWorkers(), history=[deployed])
    assert kept(workspace)[-1] == own[0]
    page = (workspace.places.site / "trend.html").read_text(encoding="utf-8")
    assert f"{len(kept(workspace))} builds" in page
    # And from its own site, which is then replaced.
    site = contents(workspace.places.site)
    workspace.build(NoWorkers(), history=[workspace.places.site])
    assert contents(workspace.places.site) == site


def test_a_damaged_history_ends_the_build_at_once(workspace: Workspace, tmp_path: Path) -> None:
    (workspace.raw / "one.wav").unlink()
    for damaged in (tmp_path / HISTORY, workspace.places.report / HISTORY):
        damaged.write_text('{"records": [{}]}')
        before = contents(workspace.folder)
        with pytest.raises(UsageError, match=r"history\.json"):
            workspace.build(NoWorkers(), history=[damaged] if damaged.parent == tmp_path else [])
        assert contents(workspace.folder) == before
