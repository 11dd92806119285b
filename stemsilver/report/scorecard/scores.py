"""Scores of one render, complete, and their means over a batch."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from stemsilver.evaluation.catalogue import METRICS
from stemsilver.records import Batch, ItemResult, Score


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


def scores(item: ItemResult) -> dict[str, Score]:
    """Every metric of the catalogue, in its order.

    A failed render has every metric null with its failure's code as the reason; a metric that
    was never taken is null with the reason `not_measured`.
    """
    if item.failure is not None:
        return dict.fromkeys(METRICS, Score.missing(item.failure.code))
    taken = item.evidence.scores if item.evidence is not None else {}
    missing = Score.missing("not_measured")
    return {name: taken.get(name, missing) for name in METRICS}


def mean(batch: Batch, name: str) -> Mean:
    """The mean of the metric `name` over the renders of `batch` that have a value."""
    return mean_of(scores(item)[name] for item in batch.items)


def mean_of(found: Iterable[Score]) -> Mean:
    """The mean over those scores that have a value."""
    values = [score.value for score in found if score.value is not None]
    return Mean(_mean(values), len(values))


def raw_to_clean(batch: Batch, name: str) -> RawToClean:
    """The means of `raw_NAME` and `clean_NAME` over the renders that have both.

    `name` is without its prefix: `music_presence`, say.
    """
    pairs = [
        (raw.value, clean.value)
        for item in batch.items
        if (raw := (found := scores(item))[f"raw_{name}"]).value is not None
        and (clean := found[f"clean_{name}"]).value is not None
    ]
    return RawToClean(
        _mean([before for before, _ in pairs]),
        _mean([after for _, after in pairs]),
        len(pairs),
    )


def headline(batch: Batch) -> Headline:
    """What the tiles at the top of a report show."""
    return Headline(
        items=len(batch.items),
        minutes=sum(item.duration for item in batch.items) / 60,
        music_presence=raw_to_clean(batch, "music_presence"),
        pause_floor_db=raw_to_clean(batch, "pause_floor_db"),
        dnsmos_ovrl=raw_to_clean(batch, "dnsmos_ovrl"),
        wer_raw_to_clean=mean(batch, "wer_raw_to_clean"),
    )


def _mean(values: list[float]) -> float | None:
    # fsum: the mean does not depend on the order in which the renders were finished.
    return math.fsum(values) / len(values) if values else None
