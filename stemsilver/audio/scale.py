"""Find floating-point samples that have the scale of integers."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from stemsilver.records import Audio
from stemsilver.signals import blocks, derive

_BITS = (16, 24, 32)

OVER = 4.0
"""Samples up to this value are over full scale, but have the right scale."""


def rescaled(audio: Audio) -> Audio:
    """Return a decoded signal at full scale ±1, with a note if its samples had another scale.

    Some programs convert integers to floating point without dividing them. The peak of such
    samples shows the scale: it is the smallest whose full scale they do not exceed by far.
    """
    peak = max(float(np.abs(block).max()) for block in blocks(audio.samples))
    if peak <= OVER:
        return audio
    bits = next((bits for bits in _BITS if peak <= OVER * 2 ** (bits - 1)), None)
    if bits is None:
        return audio
    scale = 2 ** (bits - 1)
    return replace(
        audio,
        samples=derive(partial(np.multiply, np.float32(1 / scale)), audio.samples),
        notes=(
            *audio.notes,
            f"The file has float samples scaled like {bits}-bit integers; divided by {scale}.",
        ),
    )
