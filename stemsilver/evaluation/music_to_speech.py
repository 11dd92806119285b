"""The music left in the output, according to the separators' own estimates."""

from __future__ import annotations

import numpy as np

from stemsilver.dsp.stft import Stft
from stemsilver.evaluation.undefined import SILENT, Undefined
from stemsilver.records import Signal
from stemsilver.signals import blocks

FFT, HOP = 4096, 1024
"""Sizes in samples at 44.1 kHz, as in Stage A."""

FLOOR_DB = -120.0
"""Lower values mean nothing in float32 audio."""


def music_to_speech_db(
    clean: Signal,
    vocals: Signal,
    residual: Signal,
    rate: int,
) -> float:
    """Return the energy of |R|/(|R|+|V|)·C over the energy of C, in dB.

    C is the finished output, V the Stage A vocals, R the residual: (channels, frames) at `rate` Hz.

    Raises:
        Undefined: the output is silent.
    """
    transform = Stft.at_rate(FFT, HOP, rate)
    energy = music = 0.0
    spectra = [transform.analyse(blocks(one), *clean.shape) for one in (clean, vocals, residual)]
    for c, v, r in (map(np.abs, some) for some in zip(*spectra, strict=True)):
        total = r + v
        share = np.divide(r, total, out=np.zeros_like(r), where=total > 0)
        energy += float(np.square(c, dtype=np.float64).sum())
        music += float(np.square(share * c, dtype=np.float64).sum())
    if energy == 0:
        raise Undefined(SILENT)
    return max(FLOOR_DB, 10 * float(np.log10(max(music / energy, 1e-30))))
