from __future__ import annotations

import json
import math

import pytest

from stemsilver.config import Profile
from stemsilver.evaluation.catalogue import METRICS
from stemsilver.records import Evidence, ItemResult, Score, Timeline
from stemsilver.report import Scorecard, gates, item_evidence, scorecard_json

from .conftest import ItemFactory, ScorecardFactory


def test_the_scorecard_is_strict_json_with_stable_keys(scorecard: Scorecard) -> None:
    card = scorecard_json(scorecard)
    assert json.loads(json.dumps(card, allow_nan=False)) == card
    assert list(card) == [
        "schema_version",
        "tool",
        "created",
        "device",
        "profile",
        "weights",
        "totals",
        "means",
        "gates",
        "metrics",
        "items",
    ]
    assert json.dumps(card) == json.dumps(scorecard_json(scorecard))


def test_what_ran_is_recorded(scorecard: Scorecard, profile: Profile) -> None:
    card = scorecard_json(scorecard)
    assert card["schema_version"] == 1
    assert card["tool"] == {"name": "stemsilver", "version": "0.1.0", "commit": "c0ffee"}
    assert card["profile"]["config_digest"] == "d" * 64
    assert Profile.model_validate(card["profile"]["config"]) == profile
    assert card["weights"][0]["licence"] == "MIT"
    assert card["totals"]["gate_failed"] == 1
    assert card["means"]["wer_raw_to_clean"] == {"value": pytest.approx(0.05), "count": 2}
    assert [gate["gate"] for gate in card["gates"]] == [gate.gate for gate in gates(profile)]
    assert card["metrics"]["clean_lufs"] == {
        "label": "Integrated loudness, clean",
        "unit": "LUFS",
        "direction": "target",
    }


def test_every_item_has_every_metric_in_catalogue_order(scorecard: Scorecard) -> None:
    for item in scorecard_json(scorecard)["items"]:
        assert list(item["metrics"]) == list(METRICS)
        for score in item["metrics"].values():
            assert (score["value"] is None) != (score["reason"] is None)


def test_a_cleaned_item(scorecard: Scorecard) -> None:
    item = scorecard_json(scorecard)["items"][0]
    assert (item["id"], item["path"], item["status"]) == ("good-wav", "good.wav", "pass")
    assert (item["output"], item["failure"]) == ("good.wav.out.wav", None)
    assert (item["rate"], item["channels"], item["frames"]) == (24_000, 1, 720_000)
    assert item["duration_seconds"] == 30
    assert item["metrics"]["clean_lufs"] == {"value": -16.2, "reason": None}
    assert item["verdicts"][0] == {
        "gate": "music_to_speech",
        "label": "Music to speech",
        "metric": "music_to_speech_db",
        "limit": "≤ −20 dB",
        "passed": True,
    }
    assert item["seconds"] == {"clean": 1.235}
    assert item["notes"] == ["No gain: the file is silent."]


def test_a_failed_item_is_present_and_promises_no_output(scorecard: Scorecard) -> None:
    item = scorecard_json(scorecard)["items"][3]
    assert (item["status"], item["output"]) == ("failed", None)
    assert item["failure"]["code"] == "unreadable"
    assert item["failure"]["next_step"] == "Run `stemsilver doctor`."
    assert item["metrics"]["clean_lufs"] == {"value": None, "reason": "unreadable"}


def test_a_score_cannot_be_nan() -> None:
    for value in (math.nan, math.inf, -math.inf):
        with pytest.raises(ValueError, match="finite"):
            Score(value)


def test_nan_in_a_timeline_becomes_null(
    make_item: ItemFactory, make_scorecard: ScorecardFactory
) -> None:
    [item] = make_scorecard(make_item()).renders
    measured = Evidence({}, music={"raw": Timeline(0.01, (0.5, math.nan, math.inf))})
    evidence = item_evidence(item, measured)
    assert evidence["music"]["raw"]["values"] == [0.5, None, None]
    json.dumps(evidence, allow_nan=False)


def test_the_evidence_of_an_item(make_item: ItemFactory, make_scorecard: ScorecardFactory) -> None:
    result = make_item()
    evidence = item_evidence(make_scorecard(result).renders[0], result.evidence)
    assert json.loads(json.dumps(evidence, allow_nan=False)) == evidence
    assert evidence["transcripts"]["raw"] == {
        "text": "Hello there",
        "language": "en",
        "words": [{"text": "Hello", "start": 0.123, "end": 0.5}],
    }
    assert evidence["alignments"] == [
        {
            "name": "raw to clean",
            "substitutions": 1,
            "insertions": 0,
            "deletions": 0,
            "reference_words": 2,
            "words": [
                {"operation": "substitute", "before": "there", "after": "their", "time": 0.988}
            ],
        }
    ]
    assert evidence["music"]["raw"] == {"hop": 0.01, "values": [0.123, 1.0]}
    assert evidence["music"]["clean"]["values"] == [0.0, 0.0]


def test_the_evidence_of_a_failed_item_is_empty(
    failed_item: ItemResult, make_scorecard: ScorecardFactory
) -> None:
    evidence = item_evidence(make_scorecard(failed_item).renders[0], None)
    assert (evidence["transcripts"], evidence["alignments"], evidence["music"]) == ({}, [], {})
