"""A year of builds, with noise on every metric and whatever a test plants in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from stemsilver.evaluation.catalogue import METRICS, Metric
from stemsilver.report import Record
from stemsilver.report.scorecard.scores import Mean

RENDERS = 20
LEVELS = {
    "raw_music_presence": 0.85,
    "clean_music_presence": 0.012,
    "raw_pause_floor_db": -14.0,
    "clean_pause_floor_db": -38.0,
    "raw_lufs": -21.0,
    "clean_lufs": -16.0,
    "clean_true_peak_dbtp": -1.1,
    "raw_dnsmos_ovrl": 1.9,
    "clean_dnsmos_ovrl": 3.1,
    "raw_dnsmos_sig": 3.0,
    "clean_dnsmos_sig": 3.4,
    "music_to_speech_db": -31.0,
    "wer_raw_to_clean": 0.045,
}
JUDGED = [
    metric
    for metric in METRICS.values()
    if metric.direction != "none" and not metric.name.startswith("raw_")
]


def worse(metric: Metric) -> int:
    """The way in which `metric` gets worse; loudness away from a target it has reached."""
    return -1 if metric.direction == "higher" else 1


def builds(
    count: int,
    seed: int = 0,
    *,
    scatter: float = 0.5,
    steps: Mapping[str, Mapping[int, float]] | None = None,
    profile: str = "embedded",
    batch: str = "ab",
    settings: Sequence[Mapping[str, float | str | bool]] | None = None,
    first: datetime = datetime(2026, 1, 5, 9, 30, tzinfo=UTC),
) -> list[Record]:
    """So many builds of 20 renders, one a week.

    The scores of each render differ from build to build by `scatter` tolerances (the standard
    deviation). `steps[metric][place]` is by how many tolerances its mean rises there, for good.
    """
    rng = np.random.default_rng(seed)
    found = []
    means = {}
    for name, metric in METRICS.items():
        noise = rng.normal(0, scatter * metric.tolerance, (count, RENDERS)).mean(axis=1)
        for place, size in ((steps or {}).get(name) or {}).items():
            noise[place:] += size * metric.tolerance
        level = LEVELS.get(name, -16.0 if metric.direction == "target" else 0.9)
        # What is done to raw is nothing: it is measured alike in each build.
        means[name] = level + (0 * noise if name.startswith("raw_") else noise)
    for place in range(count):
        moment = first + place * timedelta(days=7)
        found.append(
            Record(
                created=moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
                profile=profile,
                config_digest="d" * 64,
                tool_version="0.1.0",
                commit=f"{0xC0FFEE + 7919 * place:x}000000",
                batch=batch * 32,
                items=RENDERS,
                passed=RENDERS - 1,
                gate_failed=1,
                failed=0,
                settings=settings[place] if settings else {"enhancement.mixture_share": 0.6},
                targets={"clean_lufs": -16.0},
                means={name: Mean(float(values[place]), RENDERS) for name, values in means.items()},
                languages=("de", "en"),
            )
        )
    return found


def renamed(records: Sequence[Record], **values: object) -> list[Record]:
    """The same builds with other fields."""
    return [replace(one, **values) for one in records]  # type: ignore[arg-type]
