"""What the readers of WAV and FLAC have in common."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from stemsilver.errors import NonFiniteAudio, StageError
from stemsilver.records import Samples

BLOCK = 65_536
"""Frames decoded or encoded at a time."""


@dataclass(frozen=True)
class SoundFile:
    """An open, measured file. `blocks` yields its samples, each block (frames, channels)."""

    rate: int
    channels: int
    frames: int
    blocks: Iterator[Samples]


def check_finite(
    block: Samples, offset: int, rate: int, error: type[NonFiniteAudio] | type[StageError]
) -> None:
    """Raise `error` for the first bad sample. Shape: (frames, channels), `offset` in frames."""
    finite = np.isfinite(block)
    if not finite.all():
        frame, channel = np.argwhere(~finite)[0]
        raise error(
            f"sample {block[frame, channel]} at {place(offset + int(frame), rate)}, "
            f"channel {channel + 1}"
        )


def place(frame: int, rate: int) -> str:
    """Name a frame for people.

    >>> place(12_345, 48_000)
    '0.257 s (frame 12345)'
    """
    return f"{frame / rate:.3f} s (frame {frame})"
