"""A scorecard read back: as it was written, or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stemsilver.errors import UsageError
from stemsilver.report import Scorecard, read_scorecard, scorecard_json
from stemsilver.report.scorecard import reader
from stemsilver.report.scorecard.reader import MAX_BYTES


@pytest.fixture
def written(scorecard: Scorecard) -> dict[str, Any]:
    """The JSON of the planted batch, to be damaged."""
    values: dict[str, Any] = json.loads(json.dumps(scorecard_json(scorecard)))
    return values


def test_what_was_written_is_read(
    written: dict[str, Any], scorecard: Scorecard, tmp_path: Path
) -> None:
    path = tmp_path / "scorecard.json"
    path.write_text(json.dumps(written))
    assert read_scorecard(path) == scorecard


def test_a_verdict_that_the_scores_do_not_bear_out_is_not_believed(
    written: dict[str, Any], tmp_path: Path
) -> None:
    for entry in written["items"]:
        entry["status"] = "pass"
        for verdict in entry["verdicts"]:
            verdict["passed"] = True
    path = tmp_path / "scorecard.json"
    path.write_text(json.dumps(written))
    statuses = [item.status for item in read_scorecard(path).items.values()]
    assert statuses == ["pass", "gate_failed", "unmeasured", "failed"]


def damage(change: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, Any]], str]:
    def text(values: dict[str, Any]) -> str:
        change(values)
        return json.dumps(values)

    return text


def first(values: dict[str, Any]) -> dict[str, Any]:
    return values["items"][0]  # type: ignore[no-any-return]


def metric(values: dict[str, Any]) -> dict[str, Any]:
    return first(values)["metrics"]["clean_lufs"]  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("damaged", "why"),
    [
        (lambda _: "", "Expecting value"),
        (lambda _: "[]", "valid dictionary"),
        (lambda _: "[" * 100_000, "recursion"),
        (lambda v: json.dumps(v)[:-9], "line 1"),
        (lambda v: json.dumps(v).replace("-16.2", "NaN"), "NaN is not JSON"),
        (lambda v: json.dumps(v).replace("-16.2", "1e999"), "finite"),
        (damage(lambda v: metric(v).update(value="<b>1</b>")), "valid number"),
        (damage(lambda v: metric(v).update(value=True)), "valid number"),
        (damage(lambda v: metric(v).update(value=1.7e308)), "less than"),
        (damage(lambda v: v["gates"][1].update(maximum=1.7e308)), "less than"),
        (damage(lambda v: metric(v).update(reason="x" * 5000)), "4000 characters"),
        (damage(lambda v: metric(v).update(value=None, reason="")), "reason"),
        (damage(lambda v: first(v).update(id="../../etc")), "pattern"),
        (damage(lambda v: first(v).update(id="a\n")), "pattern"),
        (damage(lambda v: first(v).update(path="x" * 5000)), "4096 characters"),
        (damage(lambda v: first(v).update(raw_digest="<script>")), "pattern"),
        (damage(lambda v: v["items"].append(dict(first(v)))), "same id"),
        (damage(lambda v: v.update(created="yesterday")), "yesterday"),
        (damage(lambda v: v.update(schema_version=2)), "should be 1"),
        (damage(lambda v: first(v).update(rate=-1)), "greater than or equal to 0"),
        (damage(lambda v: first(v).update(frames=0.5)), "valid integer"),
        (damage(lambda v: first(v).update(seconds={"fuse": "1"})), "valid number"),
        (damage(lambda v: first(v).update(notes=["x" * 5000])), "4000 characters"),
        (damage(lambda v: first(v).update(script=7)), "valid string"),
        (damage(lambda v: v["weights"][0].update(sha256="<b>")), "pattern"),
        (damage(lambda v: v.update(device="x" * 300)), "255 characters"),
        (damage(lambda v: v["tool"].update(commit="`x`")), "pattern"),
        (damage(lambda v: v["profile"]["config"]["guardrail"].update(wer_rise_max=9)), "less than"),
        (damage(lambda v: v["items"].extend([first(v)] * 20_000)), "more than 8 MB"),
    ],
)
def test_what_is_not_a_scorecard_is_refused_with_the_reason(
    written: dict[str, Any], tmp_path: Path, damaged: Callable[[dict[str, Any]], str], why: str
) -> None:
    path = tmp_path / "scorecard.json"
    path.write_text(damaged(written))
    with pytest.raises(UsageError) as refused:
        read_scorecard(path)
    assert why in refused.value.message
    assert str(path) in refused.value.message
    assert len(refused.value.message) < 600


def test_no_more_is_read_than_a_scorecard_may_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "MAX_BYTES", 1000)
    path = tmp_path / "scorecard.json"
    path.write_text(" " * 1001)
    with pytest.raises(UsageError, match="more than"):
        read_scorecard(path)
    assert MAX_BYTES == 8_000_000


def test_what_a_later_version_added_is_passed_over(written: dict[str, Any], tmp_path: Path) -> None:
    written["items"][0]["metrics"]["clean_novelty"] = {"value": 1.0, "reason": None}
    written["news"] = 1
    del written["profile"]["config"]["guardrail"]
    del written["items"][0]["raw_digest"]
    path = tmp_path / "scorecard.json"
    path.write_text(json.dumps(written))
    found = read_scorecard(path)
    assert found.guardrail is None
    assert "clean_novelty" not in next(iter(found.items.values())).scores


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_scorecard(tmp_path / "none.json")
