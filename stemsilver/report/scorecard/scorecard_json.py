"""The scorecard as JSON-serialisable values, of which every other report is a view."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from stemsilver.evaluation.catalogue import METRICS
from stemsilver.records import Alignment, Evidence, Timeline, Transcript
from stemsilver.report.reviews.reader import entry_json
from stemsilver.report.scorecard.scorecard import Scorecard, ScoredRender
from stemsilver.report.scorecard.scores import mean
from stemsilver.report.scorecard.verdicts import totals

SCHEMA_VERSION = 1


def scorecard_json(found: Scorecard) -> dict[str, Any]:
    """Return everything for `report/scorecard.json`: all of a run except transcripts and timelines.

    The order of the keys is stable, scores are unrounded, and nothing is NaN or infinite:
    `json.dumps(…, allow_nan=False)` succeeds.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {
            "name": "stemsilver",
            "version": found.tool_version,
            "commit": found.commit,
        },
        "created": found.created,
        "device": found.device,
        "profile": {
            "name": found.profile,
            "description": found.description,
            "config_digest": found.config_digest,
            "config": dict(found.config),
        },
        "weights": [asdict(weight) for weight in found.weights],
        "totals": asdict(totals(found)),
        "means": {name: asdict(mean(found, name)) for name in METRICS},
        "gates": [asdict(gate) for gate in found.gates],
        "metrics": {
            metric.name: {
                "label": metric.label,
                "unit": metric.unit,
                "direction": metric.direction,
            }
            for metric in METRICS.values()
        },
        "skipped": [asdict(one) for one in found.skipped],
        "items": [_item(item) for item in found.renders],
    }


def item_evidence(item: ScoredRender, evidence: Evidence | None) -> dict[str, Any]:
    """Return the evidence for one render's scores, for `report/items/ID.json`.

    It has transcripts and word alignments with times in seconds, and the timelines of music and of
    the departure of the speech from raw; times, probabilities and dB have three decimals.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "id": item.id,
        "path": item.path,
        "transcripts": {
            signal: _transcript(transcript)
            for signal, transcript in (evidence.transcripts if evidence else {}).items()
        },
        "alignments": [_alignment(one) for one in (evidence.alignments if evidence else ())],
        "music": {
            signal: _timeline(timeline)
            for signal, timeline in (evidence.music if evidence else {}).items()
        },
        "music_ranges": {
            signal: [asdict(one) for one in ranges]
            for signal, ranges in (evidence.music_ranges if evidence else {}).items()
        },
        "departure": _timeline(evidence.departure) if evidence and evidence.departure else None,
    }


def _item(item: ScoredRender) -> dict[str, Any]:
    return {
        "id": item.id,
        "path": item.path,
        "output": item.output,
        "output_sha256": item.output_sha256,
        "sound_sha256": item.sound_sha256,
        "raw_digest": item.raw_digest,
        "script": item.script,
        "status": item.status,
        "lacks": item.lacks,
        "language": item.language,
        "failure": asdict(item.failure) if item.failure is not None else None,
        "notes": list(item.notes),
        "rate": item.rate,
        "channels": item.channels,
        "frames": item.frames,
        "duration_seconds": item.duration,
        "artefacts": [asdict(one) for one in item.artefacts],
        "metrics": {name: asdict(score) for name, score in item.scores.items()},
        "verdicts": [asdict(verdict) for verdict in item.verdicts],
        "reviews": [{"reviewer": one.reviewer, **entry_json(one)} for one in item.reviews],
    }


def _timeline(timeline: Timeline) -> dict[str, Any]:
    return {"hop": timeline.hop, "values": [_rounded(value) for value in timeline.values]}


def _transcript(transcript: Transcript) -> dict[str, Any]:
    return {
        "text": transcript.text,
        "language": transcript.language,
        "words": [
            {
                "text": word.text,
                "start": _rounded(word.start),
                "end": _rounded(word.end),
            }
            for word in transcript.words
        ],
    }


def _alignment(alignment: Alignment) -> dict[str, Any]:
    return {
        "name": alignment.name,
        "substitutions": alignment.substitutions,
        "insertions": alignment.insertions,
        "deletions": alignment.deletions,
        "reference_words": alignment.reference_words,
        "words": [
            {
                "operation": word.operation,
                "before": word.before,
                "after": word.after,
                "time": None if word.time is None else _rounded(word.time),
            }
            for word in alignment.words
        ],
    }


def _rounded(value: float) -> float | None:
    # Scores cannot hold NaN, but times and timelines come straight from models.
    return round(float(value), 3) if math.isfinite(value) else None
