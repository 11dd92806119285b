"""Find the builds that made a metric worse or better by more than chance.

A build is compared with earlier builds of the same profile and the same renders. It is marked if
its mean differs from theirs by more than the metric's tolerance and more than the usual scatter of
builds. Values that look equal after rounding are never marked. After a marked build, builds are
compared only with that one and later ones, so that a step is marked once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal, TypeAlias

from stemsilver.evaluation.catalogue import METRICS, Metric
from stemsilver.report.comparison.change import within
from stemsilver.report.history.records import Record
from stemsilver.report.scorecard.scores import Mean
from stemsilver.report.text.wording import format_value

_REFERENCE_BUILDS = 10
"""How many builds a reference median covers: the last ones, and the first ones of a level."""

_SCATTER = 20
_MIN_SCATTER = 5
_SPREADS = 6.0
_LIMIT_UNKNOWN_SCATTER, _LIMIT_MAX = 2.0, 4.0
# Converts a median absolute deviation to the standard deviation of a normal distribution.
_FROM_MEDIAN = 1.4826

ShiftSense: TypeAlias = Literal["better", "worse"]


@dataclass(frozen=True)
class Shift:
    """A metric made worse or better by the build at index `at` of a history.

    `before` has the median of the builds it is compared with, and the render count of the last of
    them.
    """

    at: int
    metric: str
    sense: ShiftSense
    before: Mean
    after: Mean


def build_groups(records: Sequence[Record]) -> dict[str, tuple[tuple[int, ...], ...]]:
    """Return the indices in `records` of each profile's builds, split where the renders changed.

    Profiles are in the order of their first builds.
    """
    found: dict[str, list[list[int]]] = {}
    for place, one in enumerate(records):
        profile = found.setdefault(one.profile, [])
        if profile and records[profile[-1][-1]].batch == one.batch:
            profile[-1].append(place)
        else:
            profile.append([place])
    return {profile: tuple(map(tuple, parts)) for profile, parts in found.items()}


def shifts(records: Sequence[Record]) -> tuple[Shift, ...]:
    """Return every marked build of a history that is sorted by time, the oldest first.

    Metrics of raw, and metrics without a direction, are never marked.
    """
    found = [
        shift
        for parts in build_groups(records).values()
        for part in parts
        for metric in METRICS.values()
        if metric.direction != "none" and not metric.name.startswith("raw_")
        for shift in _marked(records, part, metric)
    ]
    return tuple(sorted(found, key=lambda shift: shift.at))


@dataclass(frozen=True)
class _Point:
    """A build's mean, and how bad it is: a higher `harm` is worse."""

    mean: float
    count: int
    harm: float


def _marked(records: Sequence[Record], part: Sequence[int], metric: Metric) -> Iterator[Shift]:
    level: list[_Point] = []
    distances: list[float] = []
    for place in part:
        point = _point(records[place], metric)
        if point is None:
            continue
        if level:
            # Also compare with the start of the level, or many small steps would go unnoticed.
            usual = [_typical(level[-_REFERENCE_BUILDS:]), _typical(level[:_REFERENCE_BUILDS])]
            limit = _limit(metric.tolerance, distances)
            distances.append(abs(point.harm - usual[0].harm))
            against = max(usual, key=lambda one: abs(point.harm - one.harm))
            step = point.harm - against.harm
            if not within(abs(step), limit) and not _alike(metric, against, point):
                before = Mean(against.mean, level[-1].count)
                sense: ShiftSense = "worse" if step > 0 else "better"
                yield Shift(place, metric.name, sense, before, Mean(point.mean, point.count))
                level = []
        level.append(point)


def _point(record: Record, metric: Metric) -> _Point | None:
    """Return the metric's mean; None if it was not measured or its target is not known."""
    mean, target = record.means.get(metric.name), record.targets.get(metric.name)
    if mean is None or mean.value is None or (metric.direction == "target" and target is None):
        return None
    harm = {"higher": -mean.value, "lower": mean.value, "target": abs(mean.value - (target or 0))}
    return _Point(mean.value, mean.count, harm[metric.direction])


def _typical(points: Sequence[_Point]) -> _Point:
    """Return the median of `points` by their harm."""
    return sorted(points, key=lambda point: point.harm)[len(points) // 2]


def _alike(metric: Metric, before: _Point, after: _Point) -> bool:
    return format_value(metric.name, before.harm) == format_value(metric.name, after.harm)


def _limit(tolerance: float, distances: Sequence[float]) -> float:
    """Return how far a build may be from earlier ones, given how far those were.

    The limit is two tolerances while little is known of the scatter, and never more than four: a
    difference of five is always found. Marked builds are included: a few among many do not move the
    median, and if a metric scatters more than its tolerance, they show the scatter.
    """
    if len(distances) < _MIN_SCATTER:
        return _LIMIT_UNKNOWN_SCATTER * tolerance
    spread = _FROM_MEDIAN * median(distances[-_SCATTER:])
    return min(max(tolerance, _SPREADS * spread), _LIMIT_MAX * tolerance)
