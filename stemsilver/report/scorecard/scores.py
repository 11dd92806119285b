"""Means of scores over a batch."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from stemsilver.records import Score
from stemsilver.report.scorecard.scorecard import Scorecard


@dataclass(frozen=True)
class Mean:
    """The mean of a metric over the `count` renders that have a value; None over none."""

    value: float | None
    count: int


@dataclass(frozen=True)
class RawToClean:
    """The means of a metric before and after, over the `count` renders that have both.

    Over the same renders, so that a value missing on one side does not pass for a change.
    """

    raw: float | None
    clean: float | None
    count: int


@dataclass(frozen=True)
class Headline:
    """The few numbers that open a report. Units are those of the catalogue."""

    items: int
    minutes: float
    music_presence: RawToClean
    pause_floor_db: RawToClean
    dnsmos_ovrl: RawToClean
    wer_raw_to_clean: Mean


def mean(found: Scorecard, name: str) -> Mean:
    """The mean of the metric `name` over the renders that have a value."""
    return mean_of(item.scores[name] for item in found.renders)


def mean_of(found: Iterable[Score]) -> Mean:
    """The mean over those scores that have a value."""
    values = [score.value for score in found if score.value is not None]
    return Mean(_mean(values), len(values))


def raw_to_clean(found: Scorecard, name: str) -> RawToClean:
    """The means of `raw_NAME` and `clean_NAME` over the renders that have both.

    `name` is without its prefix: `music_presence`, say.
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
    """What the tiles at the top of a report show."""
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
