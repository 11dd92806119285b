"""Every status: read back, compared, and named in every report."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from stemsilver.evaluation.catalogue import METRICS
from stemsilver.records import ItemResult
from stemsilver.report import (
    Status,
    batch_metrics_csv,
    check_guardrail,
    diff,
    diff_json,
    diff_markdown,
    history_json,
    parse_scorecard,
    read_history,
    record,
    scorecard_json,
    scorecard_markdown,
    totals,
)

from .planted_batch import FAILED, PROFILE, make_item, scored, write

PASSING = make_item("a.wav")
RENDERS: dict[Status, tuple[ItemResult, str, str]] = {
    "pass": (PASSING, "", "✓ pass"),
    "nothing_to_remove": (replace(PASSING, lacks="music"), "no_music", "✓ nothing to remove"),
    "gate_failed": (make_item("a.wav", wer_raw_to_clean=0.5), "wer", "✗ gate failed"),
    "no_speech": (replace(PASSING, lacks="speech"), "no_speech", "– no speech found"),
    "unmeasured": (make_item("a.wav", **dict.fromkeys(METRICS)), "", "– unmeasured"),
    "failed": (replace(FAILED, id=PASSING.id, path=PASSING.path), "unreadable", "✗ failed"),
}
"""A render of each status, its reason in the CSV, and its verdict in the Markdown."""

GOOD = ("pass", "nothing_to_remove")


def test_no_status_is_forgotten() -> None:
    assert set(RENDERS) == set(get_args(Status))


@pytest.mark.parametrize("status", RENDERS)
def test_a_status_is_written_read_counted_and_compared(status: Status, tmp_path: Path) -> None:
    result, reason, verdict = RENDERS[status]
    card = scored(result)
    [item] = card.renders
    assert item.status == status
    assert parse_scorecard(json.loads(json.dumps(scorecard_json(card)))) == card
    [row] = csv.DictReader(io.StringIO(batch_metrics_csv(card)))
    assert (row["status"], row["reason"]) == (status, reason)
    assert verdict in scorecard_markdown(card, PROFILE)
    assert totals(card).cleaned == (status != "failed")
    made = record(card)
    counts = {
        "pass": made.passed,
        "nothing_to_remove": made.nothing_to_remove,
        "gate_failed": made.gate_failed,
        "no_speech": made.no_speech,
        "unmeasured": made.unmeasured,
        "failed": made.failed,
    }
    assert {name for name, count in counts.items() if count} == {status}
    assert read_history(write(tmp_path / "history.json", history_json([made]))) == (made,)

    found = diff(scored(PASSING), card)
    checks = check_guardrail(found)
    text = diff_markdown(found, checks)
    if status == "failed":
        assert [one.path for one in found.failing] == [PASSING.path]
    else:
        [compared] = diff_json(found, checks)["items"]
        assert (compared["was"], compared["now"]) == ("pass", status)
        assert (f"pass → {status.replace('_', ' ')}" in text) == (status != "pass")
    # What passed and is not judged any more is a loss.
    assert all(check.passed for check in checks) == (status in GOOD)
