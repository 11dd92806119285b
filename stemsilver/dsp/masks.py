"""Ratio masks: made from a separator's two estimates, fused into one, extended above a band.

A mask is `float32` of shape (channels, bins, windows) with values in [0, 1].
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from stemsilver.dsp.stft import Spectrum

Mask = NDArray[np.float32]

EPSILON = 1e-10
"""Power below which a bin counts as empty: −100 dB relative to a full-scale bin."""

EXTENSION_SPAN = 0.5
"""The share of a band, from its top, whose mean mask is carried on above it: one octave."""


def ratio_mask(vocals: Spectrum | Mask, accompaniment: Spectrum | Mask) -> Mask:
    """The share of power that is vocals: |V|² / (|V|² + |A|² + ε).

    >>> one, two = np.full((1, 1, 1), 1, np.complex64), np.full((1, 1, 1), 2, np.complex64)
    >>> round(float(ratio_mask(one, two)[0, 0, 0]), 3)
    0.2
    """
    vocal_power = np.abs(vocals) ** 2
    mask: Mask = vocal_power / (vocal_power + np.abs(accompaniment) ** 2 + EPSILON)
    return mask


def extend_above(mask: Mask, frequencies: NDArray[np.float64], band_hz: float) -> Mask:
    """Carry a band-limited model's mask on above its band.

    Above `band_hz` the model saw nothing and its ratio is 0/0. The mean of its top octave, window
    by window, stands in: sibilants pass where speech was found, cymbals fall where it was not.

    Shape: `frequencies` is (bins,) in Hz. The mask is returned unchanged where the band covers it.
    """
    above = frequencies > band_hz
    if not above.any():
        return mask
    top = (frequencies <= band_hz) & (frequencies >= band_hz * EXTENSION_SPAN)
    extended = mask.copy()
    extended[:, above] = mask[:, top].mean(axis=1, keepdims=True)
    return extended


def fuse(masks: Sequence[Mask], rule: Literal["max", "mean", "geometric", "min"]) -> Mask:
    """Make one mask of several.

    `max` keeps what any separator took for speech, `min` what all did; `mean` and `geometric`
    lie between, the latter nearer to `min` where the separators disagree.
    """
    stacked = np.stack(masks)
    if rule == "max":
        fused = stacked.max(axis=0)
    elif rule == "min":
        fused = stacked.min(axis=0)
    elif rule == "mean":
        fused = stacked.mean(axis=0)
    else:
        fused = np.prod(stacked, axis=0) ** np.float32(1 / len(masks))
    result: Mask = fused.astype(np.float32, copy=False)
    return result
