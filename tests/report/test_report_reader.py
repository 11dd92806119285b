"""A scorecard read back: as it was written, or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stemsilver.errors import UsageError
from stemsilver.report import read_scorecard, scorecard_json
from stemsilver.report.scorecard import reader

from .planted_batch import SCORECARD, write


@pytest.fixture
def written() -> dict[str, Any]:
    """The JSON of the planted batch, to be damaged."""
    values: dict[str, Any] = json.loads(json.dumps(scorecard_json(SCORECARD)))
    return values


def test_what_was_written_is_read(written: dict[str, Any], tmp_path: Path) -> None:
    path = write(tmp_path / "scorecard.json", written)
    assert read_scorecard(path) == SCORECARD
    # A verdict that the scores do not bear out is not believed.
    for entry in written["items"]:
        entry["status"] = "pass"
        for verdict in entry["verdicts"]:
            verdict["passed"] = True
    assert read_scorecard(write(path, written)) == SCORECARD


def test_what_a_later_version_added_is_passed_over(written: dict[str, Any], tmp_path: Path) -> None:
    first(written)["metrics"]["clean_novelty"] = {"value": 1.0, "reason": None}
    written["news"] = 1
    del written["profile"]["config"]["guardrail"]
    del first(written)["raw_digest"]
    found = read_scorecard(write(tmp_path / "scorecard.json", written))
    assert found.guardrail is None
    assert "clean_novelty" not in found.renders[0].scores


def first(values: dict[str, Any]) -> dict[str, Any]:
    return values["items"][0]  # type: ignore[no-any-return]


def metric(values: dict[str, Any]) -> dict[str, Any]:
    return first(values)["metrics"]["clean_lufs"]  # type: ignore[no-any-return]


def settings(values: dict[str, Any]) -> dict[str, Any]:
    return values["profile"]["config"]  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda _: "", "Expecting value"),
        (lambda _: "[]", "valid dictionary"),
        (lambda _: "[" * 100_000, "recursion"),
        (lambda v: json.dumps(v)[:-9], "line 1"),
        (lambda v: json.dumps(v).replace("-16.2", "NaN"), "NaN is not JSON"),
        (lambda v: json.dumps(v).replace("-16.2", "1e999"), "finite"),
        (lambda v: metric(v).update(value="<b>1</b>"), "valid number"),
        (lambda v: metric(v).update(value=True), "valid number"),
        (lambda v: metric(v).update(value=1.7e308), "less than"),
        (lambda v: v["gates"][1].update(maximum=1.7e308), "less than"),
        (lambda v: metric(v).update(reason="x" * 5000), "4000 characters"),
        (lambda v: metric(v).update(value=None, reason=""), "reason"),
        (lambda v: first(v).update(id="../../etc"), "pattern"),
        (lambda v: first(v).update(id="a\n"), "pattern"),
        (lambda v: first(v).update(path="x" * 5000), "4096 characters"),
        (lambda v: first(v).update(raw_digest="<script>"), "pattern"),
        (lambda v: v["items"].append(dict(first(v))), "same id"),
        (lambda v: v.update(created="yesterday"), "yesterday"),
        (lambda v: v.update(created="0001-01-01T00:00:00+14:00"), "out of range"),
        (lambda v: v.update(schema_version=2), "should be 1"),
        (lambda v: first(v).update(rate=-1), "greater than or equal to 0"),
        (lambda v: first(v).update(frames=0.5), "valid integer"),
        (lambda v: first(v).update(notes=["x" * 5000]), "4000 characters"),
        (lambda v: first(v).update(script=7), "valid string"),
        (lambda v: v["weights"][0].update(sha256="<b>"), "pattern"),
        (lambda v: v.update(skipped="song.m4a"), "valid list"),
        (lambda v: v.update(skipped=[{"path": "x"}]), "`skipped.0.reason`: Field required"),
        (lambda v: v.update(skipped=[{"path": "x" * 5000, "reason": "x"}]), "4096 characters"),
        (lambda v: v.update(skipped=[{"path": "x", "reason": "x" * 5000}]), "4000 characters"),
        (lambda v: v.update(device="x" * 300), "255 characters"),
        (lambda v: v["tool"].update(commit="`x`"), "pattern"),
        (lambda v: settings(v)["guardrail"].update(wer_rise_max=9), "less than"),
        (lambda v: settings(v).update(odd={"<b>": 1}), "pattern"),
        (lambda v: settings(v).update(odd="x" * 300), "`odd."),
        (lambda v: settings(v).update(odd=[[[[[[[[[1]]]]]]]]]), "pattern"),
        (lambda v: settings(v).update({f"odd{n}": 1 for n in range(600)}), "at most 500"),
        (lambda v: v["items"].extend([first(v)] * 20_000), "more than 12 MB"),
    ],
)
def test_what_is_not_a_scorecard_is_refused_with_the_reason(
    written: dict[str, Any], tmp_path: Path, damage: Callable[[dict[str, Any]], object], why: str
) -> None:
    path = tmp_path / "scorecard.json"
    text = damage(written)
    write(path, text if isinstance(text, str) else written)
    with pytest.raises(UsageError, match="not a scorecard") as refused:
        read_scorecard(path)
    assert why in refused.value.message
    assert str(path) in refused.value.message
    assert len(refused.value.message) < 600


def test_no_more_is_read_than_a_scorecard_may_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "MAX_BYTES", 1000)
    with pytest.raises(UsageError, match="more than"):
        read_scorecard(write(tmp_path / "scorecard.json", " " * 1001))
    with pytest.raises(UsageError, match="cannot be read"):
        read_scorecard(tmp_path / "none.json")
