"""What it means that a metric went from one value to another."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

from stemsilver.evaluation.catalogue import METRICS
from stemsilver.report.text.wording import format_value

Sense: TypeAlias = Literal["better", "worse", "same", "changed", "lost", "gained", "unmeasured"]
"""`same` is within the noise of measuring; `changed` is more than that where there is no better;
`lost` and `gained` have a value on one side alone, `unmeasured` on neither."""


@dataclass(frozen=True)
class Change:
    """A metric's two values, and what going from one to the other means.

    `severity` is how many tolerances it is worse: 0 where it is not, infinite where it is lost.
    """

    metric: str
    base: float | None
    head: float | None
    sense: Sense
    severity: float

    @property
    def delta(self) -> float | None:
        """Head less base, in the metric's unit."""
        return None if self.base is None or self.head is None else self.head - self.base

    @property
    def regressed(self) -> bool:
        """Whether it is worse: a value that is not there any more is."""
        return self.severity > 0


def change(
    metric: str, base: float | None, head: float | None, target: float | None = None
) -> Change:
    """What it means that `metric` went from `base` to `head`.

    Up to the metric's tolerance, and whatever reads alike, is the same. `target` is what a metric
    with such a direction is to be near; without one it has no better, and neither has anything
    measured on raw, which cleaning does not touch.
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
    # As far from the target as before, on its other side, is neither.
    if gain is None or within(abs(gain), tolerance):
        return Change(metric, base, head, "changed", 0)
    if gain > 0:
        return Change(metric, base, head, "better", 0)
    return Change(metric, base, head, "worse", -gain / tolerance)


def within(value: float, limit: float) -> bool:
    """Whether `value` is up to `limit`, which itself is, however it was rounded in binary.

    >>> 0.07 - 0.05 <= 0.02, within(0.07 - 0.05, 0.02)
    (False, True)
    """
    return value <= limit + 1e-9


def _gain(metric: str, base: float, head: float, target: float | None) -> float | None:
    """How much better `head` is, in the metric's unit; None where there is no better."""
    direction = METRICS[metric].direction
    if metric.startswith("raw_") or direction == "none":
        return None
    if direction == "target":
        return None if target is None else abs(base - target) - abs(head - target)
    return head - base if direction == "higher" else base - head
