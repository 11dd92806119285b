"""Means of scores over a batch."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from stemsilver.records import Score
from stemsilver.report.scorecard.scorecard import Scorecard


@dataclass(frozen=True)
class Mean:
    """The mean of a metric over the `count` renders that have a value; None if none has."""

    value: float | None
    count: int


@dataclass(frozen=True)
class RawToClean:
    """The means of a metric on raw and on clean, over the `count` renders that have both values.

    Both means cover the same renders, so that a missing value does not look like a change.
    """

    raw: float | None
    clean: float | None
    count: int


@dataclass(frozen=True)
class Headline:
    """The main numbers at the top of a report, in the units of the catalogue."""

    items: int
    minutes: float
    music_presence: RawToClean
    pause_floor_db: RawToClean
    dnsmos_ovrl: RawToClean
    wer_raw_to_clean: Mean


def mean(found: Scorecard, name: str) -> Mean:
    """Return the mean of the metric `name` over the renders that have a value."""
    return mean_of(item.scores[name] for item in found.renders)


def mean_of(found: Iterable[Score]) -> Mean:
    """Return the mean of the scores that have a value."""
    values = [score.value for score in found if score.value is not None]
    return Mean(_mean(values), len(values))


def raw_to_clean(found: Scorecard, name: str) -> RawToClean:
    """Return the means of `raw_NAME` and `clean_NAME` over the renders that have both.

    `name` has no prefix, for example `music_presence`.
    """
    pairs = [
        (raw.value, clean.value)
        for item in found.renders
        if (raw := item.scores[f"raw_{name}"]).value is not None
        and (clean := item.scores[f"clean_{name}"]).value is not None
    ]
    return RawToClean(
        _mean([before for before, _ in pairs]),
        _mean([after for _, after in pairs]),
        len(pairs),
    )


def headline(found: Scorecard) -> Headline:
    """Compute the numbers for the tiles at the top of a report."""
    return Headline(
        items=len(found.items),
        minutes=sum(item.duration for item in found.renders) / 60,
        music_presence=raw_to_clean(found, "music_presence"),
        pause_floor_db=raw_to_clean(found, "pause_floor_db"),
        dnsmos_ovrl=raw_to_clean(found, "dnsmos_ovrl"),
        wer_raw_to_clean=mean(found, "wer_raw_to_clean"),
    )


def _mean(values: list[float]) -> float | None:
    # fsum: the mean does not depend on the order in which the renders were finished.
    return math.fsum(values) / len(values) if values else None
