"""A Wiener-like mask with a configurable exponent."""

from __future__ import annotations

import numpy as np

from stemsilver.dsp.masks import EPSILON, Mask
from stemsilver.dsp.stft import Spectrum


def beta_wiener(vocals: Spectrum, residual: Spectrum, beta: float, floor: float) -> Mask:
    """Return the mask |V|^β / (|V|^β + |A|^β), but at least `floor`.

    β = 2 is the Wiener filter, β = 1 the magnitude ratio. In between, the mask keeps weak speech
    better than β = 2 and removes music better than β = 1. The floor keeps a little of the whole
    signal, which masks the musical noise of isolated bins.

    Shape: vocals, residual and result are (channels, bins, windows).
    """
    vocal = np.abs(vocals) ** beta
    mask: Mask = vocal / (vocal + np.abs(residual) ** beta + EPSILON ** (beta / 2))
    return np.maximum(mask, np.float32(floor))
