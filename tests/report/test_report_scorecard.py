from __future__ import annotations

import json
import math

import pytest

from stemsilver.config import Profile
from stemsilver.evaluation.catalogue import METRICS
from stemsilver.records import Evidence, Score, Timeline
from stemsilver.report import costs_csv, gates, item_evidence, scorecard_json

from .planted_batch import FAILED, PROFILE, RESULTS, SCORECARD, make_item, scored


def test_the_scorecard_is_strict_json_that_records_what_ran() -> None:
    card = scorecard_json(SCORECARD)
    assert json.loads(json.dumps(card, allow_nan=False)) == card
    made = ["schema_version", "tool", "created", "device", "profile", "weights"]
    assert list(card) == [*made, "totals", "means", "gates", "metrics", "skipped", "items"]
    assert json.dumps(card) == json.dumps(scorecard_json(scored(*RESULTS)))
    assert card["schema_version"] == 1
    assert card["tool"] == {"name": "stemsilver", "version": "0.1.0", "commit": "c0ffee"}
    assert card["profile"]["config_digest"] == "d" * 64
    assert Profile.model_validate(card["profile"]["config"]) == PROFILE
    assert card["weights"][0]["licence"] == "MIT"
    assert card["totals"]["gate_failed"] == 1
    assert card["means"]["wer_raw_to_clean"] == {"value": pytest.approx(0.05), "count": 2}
    assert [gate["gate"] for gate in card["gates"]] == [gate.gate for gate in gates(PROFILE)]
    lufs = {"label": "Integrated loudness, clean", "unit": "LUFS", "direction": "target"}
    assert card["metrics"]["clean_lufs"] == lufs


def test_every_item_has_every_metric_and_a_failed_one_promises_no_output() -> None:
    items = scorecard_json(SCORECARD)["items"]
    for item in items:
        assert list(item["metrics"]) == list(METRICS)
        for score in item["metrics"].values():
            assert (score["value"] is None) != (score["reason"] is None)
    item, *_, failed = items
    assert (item["status"], item["duration_seconds"]) == ("pass", 30)
    [head, cost, *_] = costs_csv([make_item()]).splitlines()
    assert head == "id,step,seconds,peak_bytes,gpu_peak_bytes"
    assert cost == f"{make_item().id},clean,1.235,,"
    assert item["metrics"]["clean_lufs"] == {"value": -16.2, "reason": None}
    music = {"gate": "music_to_speech", "label": "Music to speech", "metric": "music_to_speech_db"}
    assert item["verdicts"][0] == {**music, "limit": "≤ −20 dB", "passed": True}
    assert (failed["status"], failed["output"]) == ("failed", None)
    assert failed["metrics"]["clean_lufs"] == {"value": None, "reason": "unreadable"}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_score_cannot_be_nan_and_in_a_timeline_it_becomes_null(value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        Score(value)
    measured = Evidence({}, music={"raw": Timeline(0.01, (0.5, value))})
    evidence = item_evidence(SCORECARD.renders[0], measured)
    assert evidence["music"]["raw"]["values"] == [0.5, None]
    json.dumps(evidence, allow_nan=False)


def test_the_evidence_of_an_item() -> None:
    result = make_item()
    evidence = item_evidence(scored(result).renders[0], result.evidence)
    assert json.loads(json.dumps(evidence, allow_nan=False)) == evidence
    assert evidence["transcripts"]["raw"] == {
        "text": "Hello there",
        "language": "en",
        "words": [{"text": "Hello", "start": 0.123, "end": 0.5}],
    }
    word = {"operation": "substitute", "before": "there", "after": "their", "time": 0.988}
    counts = {"substitutions": 1, "insertions": 0, "deletions": 0, "reference_words": 2}
    assert evidence["alignments"] == [{"name": "raw to clean", **counts, "words": [word]}]
    assert evidence["music"]["raw"] == {"hop": 0.01, "values": [0.123, 1.0]}
    assert evidence["music"]["clean"]["values"] == [0.0, 0.0]

    nothing = item_evidence(scored(FAILED).renders[0], None)
    assert (nothing["transcripts"], nothing["alignments"], nothing["music"]) == ({}, [], {})
