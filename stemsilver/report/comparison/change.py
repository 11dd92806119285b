"""Classify the change of a metric from one value to another."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

from stemsilver.evaluation.catalogue import METRICS
from stemsilver.report.text.wording import format_value

ChangeKind: TypeAlias = Literal[
    "better", "worse", "same", "changed", "lost", "gained", "unmeasured"
]
"""`same`: the values differ by no more than measurement noise. `changed`: by more, but neither is
better. `lost`, `gained`: only base, or only head, has a value. `unmeasured`: neither has.
"""


@dataclass(frozen=True)
class Change:
    """The values of a metric in base and head, and what the difference means.

    `severity` is how many tolerances head is worse: 0 if it is not worse, infinite if its value is
    lost.
    """

    metric: str
    base: float | None
    head: float | None
    sense: ChangeKind
    severity: float

    @property
    def delta(self) -> float | None:
        """Head minus base, in the metric's unit."""
        return None if self.base is None or self.head is None else self.head - self.base

    @property
    def regressed(self) -> bool:
        """Whether head is worse; a lost value counts as worse."""
        return self.severity > 0


def change(
    metric: str, base: float | None, head: float | None, target: float | None = None
) -> Change:
    """Classify the change of `metric` from `base` to `head`.

    A difference up to the metric's tolerance, or one that rounding hides, is `same`. A metric of
    raw never becomes better or worse: cleaning does not touch raw.

    Args:
        metric: Name in the catalogue.
        base: Value before, in the metric's unit; None if there is none.
        head: Value after, likewise.
        target: Best value of a metric with the direction `target`; if None, no value is better.
    """
    if base is None or head is None:
        if base is not None:
            return Change(metric, base, head, "lost", math.inf)
        return Change(metric, base, head, "unmeasured" if head is None else "gained", 0)
    tolerance = METRICS[metric].tolerance
    alike = format_value(metric, base) == format_value(metric, head)
    if alike or within(abs(head - base), tolerance):
        return Change(metric, base, head, "same", 0)
    gain = _gain(metric, base, head, target)
    # Equally far from the target, but on its other side: neither better nor worse.
    if gain is None or within(abs(gain), tolerance):
        return Change(metric, base, head, "changed", 0)
    if gain > 0:
        return Change(metric, base, head, "better", 0)
    return Change(metric, base, head, "worse", -gain / tolerance)


def within(value: float, limit: float) -> bool:
    """Return whether `value` is at most `limit`, ignoring binary rounding errors.

    >>> 0.07 - 0.05 <= 0.02, within(0.07 - 0.05, 0.02)
    (False, True)
    """
    return value <= limit + 1e-9


def _gain(metric: str, base: float, head: float, target: float | None) -> float | None:
    """Return how much better `head` is, in the metric's unit; None if no value is better."""
    direction = METRICS[metric].direction
    if metric.startswith("raw_") or direction == "none":
        return None
    if direction == "target":
        return None if target is None else abs(base - target) - abs(head - target)
    return head - base if direction == "higher" else base - head
