"""A Wiener-like mask with an exponent of its own."""

from __future__ import annotations

import numpy as np

from stemsilver.dsp.masks import EPSILON, Mask
from stemsilver.dsp.stft import Spectrum


def beta_wiener(vocals: Spectrum, residual: Spectrum, beta: float, floor: float) -> Mask:
    """|V|^β / (|V|^β + |A|^β), never below `floor`.

    β 2 is the Wiener filter, β 1 the magnitude ratio; between them the mask is gentler on weak
    speech than the former and firmer on music than the latter. The floor keeps a trace of
    everything, which masks the musical noise of isolated bins.

    Shape: vocals, residual and result are (channels, bins, windows).
    """
    vocal = np.abs(vocals) ** beta
    mask: Mask = vocal / (vocal + np.abs(residual) ** beta + EPSILON ** (beta / 2))
    return np.maximum(mask, np.float32(floor))
