"""The player's drawings that are part of its page: outlines, music presence, axes.

They are SVG paths and fractions of a width, so that they take the page's colours, stay sharp at any
size and need no script.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from stemsilver.media import plots
from stemsilver.media.playback import Outline, TrackLevels
from stemsilver.records import Timeline
from stemsilver.report.text.wording import clock

HEIGHT = 100
"""Half the height of an outline, and the full height of a presence curve, in view box units."""

DEPARTURE_DB = 20.0
"""The departure of the speech from raw at the top of its lane, in dB."""

_MAX_TICKS = 8
_TICK_SECONDS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600)
_MARKED_HZ = (500, 1000, 2000, 4000, 8000)
_SMOOTHING_SECONDS = 0.1
_COLUMNS = 600


@dataclass(frozen=True)
class Tick:
    """A label on an axis; `at` is its position in per cent of the axis."""

    at: float
    label: str


@dataclass(frozen=True)
class Curve:
    """A track's drawing: an SVG path that is `width` units wide.

    `peak` is its largest distance from the middle, as a fraction of half the lane's height.
    """

    name: str
    path: str
    width: float
    peak: float = 1.0


def outlines(tracks: Mapping[str, TrackLevels]) -> tuple[Curve, ...]:
    """Return every track's outline on one scale: the loudest of raw and clean fills the lane."""
    reaches = {name: _reach(heard.outline) for name, heard in tracks.items()}
    full = max(reaches["raw"], reaches["clean"]) or 1
    return tuple(
        Curve(
            name,
            _area(heard.outline, HEIGHT / full),
            len(heard.outline.low),
            round(reaches[name] / full, 3),
        )
        for name, heard in tracks.items()
    )


def presence(music: Mapping[str, Timeline], duration: float) -> tuple[Curve, ...]:
    """Return the music probability over `duration` seconds: 0 is the lane's bottom, 1 its top.

    Values are smoothed over 0.1 s. Of each column the highest value is kept, so that a short burst
    of music shows even in an hour. Values more than 0.1 s apart are drawn as steps: each holds for
    all the time it covers, the last one until the end.
    """
    return tuple(
        Curve(name, *_line(timeline, duration))
        for name, timeline in music.items()
        if timeline.values
    )


def departure(timeline: Timeline, duration: float) -> Curve:
    """Return how far the speech departs from raw, in a lane of 0 dB to `DEPARTURE_DB`.

    Of each column the highest value is kept.
    """
    shares = tuple(min(value / DEPARTURE_DB, 1.0) for value in timeline.values)
    return Curve("departure", *_line(replace(timeline, values=shares), duration))


LIKELY = 0.5
"""Where music is less likely than this, a reader is not sent to hear it."""


def most_music(timeline: Timeline) -> tuple[float, float] | None:
    """Return when music is most likely, in seconds, and its probability; None without values."""
    if not timeline.values:
        return None
    smooth = _smoothed(timeline)
    at = int(smooth.argmax())
    return at * timeline.hop, float(smooth[at])


def time_marks(duration: float) -> tuple[Tick, ...]:
    """Return at most eight round times along a lane."""
    fitting = (step for step in _TICK_SECONDS if duration / step <= _MAX_TICKS)
    step = next(fitting, _TICK_SECONDS[-1])
    count = int(duration / step * (1 + 1e-9))
    return tuple(
        Tick(100 * index * step / duration, f"{index * step:.1f}" if step < 1 else clock(at))
        for index in range(1, count + 1)
        # A label at the very end would be outside.
        if (at := index * step) < 0.97 * duration
    )


def frequency_marks(rate: int) -> tuple[Tick, ...]:
    """Return round frequencies along the side of a spectrogram."""
    return tuple(
        Tick(100 * plots.height_of(hz, rate), f"{hz / 1000:g} kHz")
        for hz in _MARKED_HZ
        if hz < 0.9 * plots.top_hz(rate)
    )


def _reach(outline: Outline) -> int:
    return max((abs(value) for value in (*outline.low, *outline.high)), default=0)


def _area(outline: Outline, scale: float) -> str:
    """Return a closed path around an outline, with its middle at 0 and upwards negative."""
    if not outline.low:
        return ""
    above = [f"{x} {-round(scale * high)}" for x, high in enumerate(outline.high)]
    below = [f"{x} {-round(scale * low)}" for x, low in enumerate(outline.low)]
    return f"M{' '.join((*above, *reversed(below)))}Z"


def _smoothed(timeline: Timeline) -> NDArray[np.float64]:
    values = np.asarray(timeline.values, dtype=np.float64)
    kernel = np.ones(min(max(1, round(_SMOOTHING_SECONDS / timeline.hop)), values.size))
    # Divide by the part of the kernel that is on the signal, or the ends would be too low.
    covered = np.convolve(np.ones(values.size), kernel, "same")
    return np.convolve(values, kernel, "same") / covered


def _line(timeline: Timeline, duration: float) -> tuple[str, float]:
    smooth = _smoothed(timeline)
    parts = min(smooth.size, _COLUMNS)
    starts = np.arange(parts) * smooth.size // parts
    values = np.maximum.reduceat(smooth, starts).tolist()
    # The last value may cover less than the others, and a detector may stop before the end.
    width = round(max(parts - 1, duration / timeline.hop * parts / smooth.size), 3)
    return _polyline(values, width, timeline.hop > _SMOOTHING_SECONDS), width


def _polyline(values: Sequence[float], width: float, steps: bool) -> str:
    """Return a path through the columns: as steps, or through their middles and on to both edges.

    The last column ends at `width`.
    """
    heights = [HEIGHT - round(HEIGHT * value) for value in values]
    points = [f"0 {heights[0]}"]
    for left, height in enumerate(heights):
        right = left + 1 if left + 1 < len(heights) else width
        places = (left, right) if steps else ((left + right) / 2,)
        points += [f"{x:g} {height}" for x in places]
    return f"M{' '.join(points)} {width:g} {heights[-1]}"
