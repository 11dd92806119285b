"""Stretches with music: where they are, and how loud the music is relative to the speech."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stemsilver.config import MusicRanges
from stemsilver.records import MusicRange, Timeline

MIN_PAUSE_SECONDS = 0.1
"""With less pause in a stretch, the level of its music cannot be measured."""


def music_ranges(
    timeline: Timeline, settings: MusicRanges, duration: float
) -> tuple[MusicRange, ...]:
    """Return the stretches of a signal of `duration` seconds with music, without their levels."""
    values = np.asarray(timeline.values)
    found = [
        (start, stop)
        for start, stop in runs(values >= settings.leave)
        if values[start:stop].max() >= settings.enter
    ]
    joined: list[tuple[int, int]] = []
    for start, stop in found:
        if joined and (start - joined[-1][1]) * timeline.hop < settings.gap_seconds:
            start, _ = joined.pop()
        joined.append((start, stop))
    seconds = [
        # The last value may cover less than a hop.
        (start * timeline.hop, duration if stop == values.size else stop * timeline.hop)
        for start, stop in joined
    ]
    return tuple(
        MusicRange(round(start, 3), round(end, 3))
        for start, end in seconds
        if end - start >= settings.shortest_seconds
    )


def with_levels(
    ranges: tuple[MusicRange, ...],
    power: NDArray[np.float64],
    spoken: NDArray[np.bool_],
    hop: float,
) -> tuple[MusicRange, ...]:
    """Return the stretches with the level of their music.

    The power of the music is that of the pauses. That of the speech is the power of the frames with
    speech, less the music's share in those within stretches of music.

    Shape: `power` and `spoken` have a value every `hop` seconds.
    """
    least = MIN_PAUSE_SECONDS / hop
    inside = [slice(round(one.start / hop), round(one.end / hop)) for one in ranges]
    music = [
        float(pauses.mean()) if pauses.size >= least else None
        for pauses in (power[part][~spoken[part]] for part in inside)
    ]
    voices = power[spoken].sum() - sum(
        level * int(spoken[part].sum())
        for level, part in zip(music, inside, strict=True)
        if level is not None
    )
    voice = float(voices) / max(1, int(spoken.sum()))
    return tuple(
        MusicRange(
            one.start,
            one.end,
            None if not level or voice <= 0 else round(10 * float(np.log10(level / voice)), 2),
        )
        for one, level in zip(ranges, music, strict=True)
    )


def runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the first and the last index, exclusive, of each run of true flags."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]
