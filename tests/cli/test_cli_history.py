"""`build-site --history`: given again and again, and refused when it is damaged."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from stemsilver.report import HISTORY, history_json, read_history

from ..pipeline.batches import Workspace
from ..report.planted_history import builds
from .terminal import Terminal


def save(folder: Path, year: str) -> Path:
    """A folder with the history of another year."""
    told = [replace(one, created=one.created.replace("2026", year)) for one in builds(2)]
    folder.mkdir()
    (folder / HISTORY).write_text(json.dumps(history_json(told)))
    return folder


def test_every_history_that_is_named_is_read(stemsilver: Terminal, workspace: Workspace) -> None:
    sources = [save(workspace.folder / year, year) for year in ("2023", "2024")]
    ended = stemsilver(
        *["build-site", "--cache", "cache"],
        *["--history", sources[1], "--history", sources[0] / HISTORY],
    )
    assert ended.code in (0, 1), ended
    kept = read_history(workspace.places.report / HISTORY)
    assert [one.created[:4] for one in kept[:4]] == ["2023", "2023", "2024", "2024"]
    page = (workspace.places.site / "trend.html").read_text(encoding="utf-8")
    assert f"{len(kept)} builds" in page


def test_a_damaged_history_is_2_and_says_what_to_name(
    stemsilver: Terminal, workspace: Workspace
) -> None:
    damaged = workspace.folder / "told.json"
    damaged.write_text("{")
    ended = stemsilver("build-site", "--cache", "cache", "--history", damaged)
    assert ended.code == 2
    assert f"{damaged}: not a history or a scorecard of Stemsilver" in ended.err
    assert "Name a history.json" in ended.err
