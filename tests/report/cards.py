"""Scorecards to compare, made by hand: numbers that are easy to check."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from stemsilver.config import Guardrail
from stemsilver.evaluation.catalogue import METRICS
from stemsilver.records import Failure, Score
from stemsilver.report import Gate, Scorecard, ScoredRender
from stemsilver.report.scorecard.verdicts import gate, status_under, verdicts

from .planted_batch import scored

EMPTY = scored()
GATES: tuple[Gate, ...] = (
    gate("music_to_speech", "music_to_speech_db", None, -20.0),
    gate("loudness", "clean_lufs", -16.5, -15.5),
    gate("wer", "wer_raw_to_clean", None, 0.1),
    gate("stoi", "stoi_vs_stage_a", 0.9, None),
)
_RISES = {"wer_rise_max": 0.02, "music_to_speech_rise_db_max": 1, "music_presence_rise_max": 0.02}
GUARDRAIL = Guardrail.model_validate({"stoi_drop_max": 0.01, **_RISES})
VALUES: dict[str, float | None] = {
    "raw_music_presence": 0.9,
    "clean_music_presence": 0.1,
    "clean_lufs": -16.2,
    "clean_true_peak_dbtp": -1.5,
    "clean_dnsmos_ovrl": 3.0,
    "music_to_speech_db": -24.0,
    "stoi_vs_stage_a": 0.95,
    "wer_raw_to_clean": 0.05,
}


def item(name: str = "a", /, digest: str | None = "aaaa", **values: float | None) -> ScoredRender:
    """A render that passes, with some of its values replaced; None for one not measured."""
    found = {**dict.fromkeys(METRICS), **VALUES, **values}
    silent = Score.missing("silent")
    scores = {metric: silent if one is None else Score(one) for metric, one in found.items()}
    return ScoredRender(
        id=name,
        path=f"{name}.wav",
        output=f"{name}.out.wav",
        status=status_under(None, scores, GATES),
        scores=scores,
        verdicts=verdicts(scores, GATES),
        raw_digest=digest,
    )


def failed(name: str = "a", message: str = "It is not audio.") -> ScoredRender:
    """A render that was not cleaned."""
    scores = dict.fromkeys(METRICS, Score.missing("unreadable"))
    failure = Failure("unreadable", message, "Export it again.")
    said = verdicts(scores, GATES)
    return ScoredRender(name, f"{name}.wav", None, "failed", scores, said, failure)


def card(*items: ScoredRender, **changes: Any) -> Scorecard:
    """A scorecard of these renders."""
    found = {one.id: one for one in items}
    return replace(EMPTY, **{"gates": GATES, "guardrail": GUARDRAIL, "items": found, **changes})
