"""The charts of the Trend page: one metric over the builds, as parts of an SVG.

Paths take the page's colours and need no script. Colour is never the only sign: the dashes and the
shape of points identify a line, and the direction of a triangle says if a build was better or
worse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.ticker import MaxNLocator

from stemsilver.evaluation.catalogue import Metric
from stemsilver.report import ShiftSense, format_value


@dataclass(frozen=True)
class Size:
    """A chart's view box, and the edges of its plot area; labels are left of it and below."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int


SIZE = Size(360, 150, left=50, right=356, top=8, bottom=122)
"""As wide as a phone, so that the chart's text has the size of the page's text."""

LINE_STYLES = 4
"""The number of line styles; a fifth line looks like the first."""

_SHAPES = (
    "m-2.4 0a2.4 2.4 0 1 0 4.8 0a2.4 2.4 0 1 0-4.8 0",
    "m-2.2-2.2h4.4v4.4h-4.4z",
    "m0-3.2l3.2 3.2l-3.2 3.2l-3.2-3.2z",
    "m-2.6 0h5.2m-2.6-2.6v5.2",
)
_TRIANGLES: dict[ShiftSense, str] = {
    "worse": "m-6.5-5h13l-6.5 11z",
    "better": "m-6.5 5h13l-6.5-11z",
}
_INSET = 8
_TICKS = 3
# The axis spans at least this, or a change of the last digit would look large.
_MIN_DIGITS, _MIN_TOLERANCES = 4, 8


@dataclass(frozen=True)
class Point:
    """A build's mean: its index among the builds, its value and title, and its sense if it is
    marked.
    """

    place: int
    value: float
    title: str
    sense: ShiftSense | None = None


Segments = Sequence[Sequence[Point]]
"""The points of a line, split where the line breaks."""


@dataclass(frozen=True)
class DrawnPoint:
    """A point as it is drawn; `path` is its shape."""

    path: str
    title: str
    sense: ShiftSense | None


@dataclass(frozen=True)
class Line:
    """A profile's line; `look` is its style, below `LINE_STYLES`."""

    look: int
    path: str
    points: tuple[DrawnPoint, ...]


@dataclass(frozen=True)
class ChartTick:
    """A value of the axis and its height."""

    y: float
    label: str


@dataclass(frozen=True)
class Chart:
    """The parts of a chart.

    `raw` is the path of the raw line; empty if it is far from the others or has no two consecutive
    points. `gates` are the y positions of limits that are not far off, and `breaks` the x positions
    where the renders changed.
    """

    ticks: tuple[ChartTick, ...]
    gates: tuple[float, ...]
    breaks: tuple[float, ...]
    raw: str
    lines: tuple[Line, ...]


def chart(
    metric: Metric,
    builds: int,
    lines: Sequence[Segments],
    raw: Segments,
    limits: Sequence[float],
    breaks: Sequence[int],
) -> Chart:
    """Draw `metric` over so many `builds`.

    Args:
        lines: One line per profile, with at least one point in all.
        raw: The line of the metric on raw.
        limits: The limits of the metric's gate.
        breaks: The indices of builds whose renders differ from those of the build before.
    """
    frame = _Frame.around(metric, builds, lines, raw, limits)
    # Raw is drawn without points: with a single build, nothing would be visible.
    near = all(frame.holds(one.value) for run in raw for one in run)
    seen = near and any(len(run) > 1 for run in raw)
    return Chart(
        ticks=frame.ticks(metric),
        gates=tuple(frame.y(limit) for limit in limits if frame.holds(limit)),
        breaks=tuple(round((frame.x(place - 1) + frame.x(place)) / 2, 1) for place in breaks),
        raw=frame.path(raw) if seen else "",
        lines=tuple(_line(frame, look % LINE_STYLES, line) for look, line in enumerate(lines)),
    )


@dataclass(frozen=True)
class _Frame:
    """The visible range of builds and values."""

    builds: int
    low: float
    high: float

    @classmethod
    def around(
        cls,
        metric: Metric,
        builds: int,
        lines: Sequence[Segments],
        raw: Segments,
        limits: Sequence[float],
    ) -> _Frame:
        values = [one.value for line in lines for run in line for one in run]
        low, high = min(values), max(values)
        least = max(_MIN_DIGITS * 10.0**-metric.digits, _MIN_TOLERANCES * metric.tolerance)
        if (lacking := least - (high - low)) > 0:
            low, high = low - lacking / 2, high + lacking / 2
            if low < 0 <= min(values):
                low, high = 0.0, high - low
        # Include raw and the gates only if they are near; otherwise they would flatten the line.
        span = high - low
        beside = [*limits, *(one.value for run in raw for one in run)]
        near = [value for value in beside if low - span <= value <= high + span]
        return cls(builds, min([low, *near]), max([high, *near]))

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high

    def x(self, place: int) -> float:
        inner = SIZE.right - SIZE.left - 2 * _INSET
        share = place / (self.builds - 1) if self.builds > 1 else 0.5
        return round(SIZE.left + _INSET + share * inner, 1)

    def y(self, value: float) -> float:
        inner = SIZE.bottom - SIZE.top - 2 * _INSET
        share = (value - self.low) / (self.high - self.low)
        return round(SIZE.bottom - _INSET - share * inner, 1)

    def ticks(self, metric: Metric) -> tuple[ChartTick, ...]:
        steps = MaxNLocator(_TICKS, steps=[1, 2, 5, 10]).tick_values(self.low, self.high)
        return tuple(
            ChartTick(self.y(value), format_value(metric.name, value))
            for value in map(float, steps)
            if self.holds(value)
        )

    def path(self, runs: Segments) -> str:
        return "".join(
            "M" + " ".join(f"{self.x(one.place)} {self.y(one.value)}" for one in run)
            for run in runs
            if run
        )


def _line(frame: _Frame, look: int, runs: Segments) -> Line:
    points = [one for run in runs for one in run]
    # Marked points last, so that they lie above the others.
    points.sort(key=lambda one: one.sense is not None)
    return Line(look, frame.path(runs), tuple(_drawn(frame, look, one) for one in points))


def _drawn(frame: _Frame, look: int, point: Point) -> DrawnPoint:
    shape = _TRIANGLES[point.sense] if point.sense else _SHAPES[look]
    start = f"M{frame.x(point.place)} {frame.y(point.value)}"
    return DrawnPoint(start + shape, point.title, point.sense)


def shape(look: int) -> str:
    """Return the path of a line's points, for a legend; it starts at the current position."""
    return _SHAPES[look]


def triangle(sense: ShiftSense) -> str:
    """Return the path of a marked build's triangle, for a legend; it starts like `shape`."""
    return _TRIANGLES[sense]
