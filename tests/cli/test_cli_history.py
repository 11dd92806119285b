"""`build-site --history`: given again and again, and refused when it is damaged."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from stemsilver.report import HISTORY, history_json, read_history

from ..pipeline.batches import Workspace
from ..report.planted_history import builds
from .terminal import Terminal


def test_every_history_that_is_named_is_read_and_a_damaged_one_is_2(
    stemsilver: Terminal, workspace: Workspace
) -> None:
    build = ["build-site", "--cache", "cache"]
    for year in ("2023", "2024"):
        told = [replace(one, created=one.created.replace("2026", year)) for one in builds(2)]
        Path(year).mkdir()
        Path(year, HISTORY).write_text(json.dumps(history_json(told)))
    ended = stemsilver(*build, "--history", "2024", "--history", Path("2023", HISTORY))
    assert ended.code in (0, 1), ended
    kept = read_history(workspace.places.report / HISTORY)
    assert [one.created[:4] for one in kept[:4]] == ["2023", "2023", "2024", "2024"]
    page = (workspace.places.site / "trend.html").read_text(encoding="utf-8")
    assert f"{len(kept)} builds" in page
    Path("told.json").write_text("{")
    damaged = stemsilver(*build, "--history", "told.json")
    assert damaged.code == 2
    assert "told.json: not a history or a scorecard of Stemsilver" in damaged.err
    assert "Name a history.json" in damaged.err
