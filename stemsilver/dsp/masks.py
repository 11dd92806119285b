"""Ratio masks: compute them from the two estimates of a separator, fuse and extend them.

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
"""The mask above a band is its mean from this fraction of the band limit upwards: one octave."""


def ratio_mask(vocals: Spectrum | Mask, accompaniment: Spectrum | Mask) -> Mask:
    """Return the fraction of the power that is vocals: |V|² / (|V|² + |A|² + ε).

    >>> one, two = np.full((1, 1, 1), 1, np.complex64), np.full((1, 1, 1), 2, np.complex64)
    >>> round(float(ratio_mask(one, two)[0, 0, 0]), 3)
    0.2
    """
    vocal_power = np.abs(vocals) ** 2
    mask: Mask = vocal_power / (vocal_power + np.abs(accompaniment) ** 2 + EPSILON)
    return mask


def extend_above(mask: Mask, frequencies: NDArray[np.float64], band_hz: float) -> Mask:
    """Extend the mask of a band-limited model above its band.

    Above `band_hz` the model has no input, and its ratio is 0/0. It is replaced by the mean of the
    mask over the top octave of the band, window by window: sibilants pass where there is speech,
    cymbals are removed where there is none.

    Shape: `frequencies` is (bins,) in Hz. If no frequency is above the band, the mask is unchanged.
    """
    above = frequencies > band_hz
    if not above.any():
        return mask
    top = (frequencies <= band_hz) & (frequencies >= band_hz * EXTENSION_SPAN)
    extended = mask.copy()
    extended[:, above] = mask[:, top].mean(axis=1, keepdims=True)
    return extended


def fuse(masks: Sequence[Mask], rule: Literal["max", "mean", "geometric", "min"]) -> Mask:
    """Fuse several masks into one.

    `max` keeps what any separator considers speech, `min` only what all do. `mean` and `geometric`
    are in between; where the separators disagree, `geometric` is closer to `min`.
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
