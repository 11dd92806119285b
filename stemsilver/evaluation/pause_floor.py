"""The level of the pauses relative to the speech."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stemsilver.evaluation.undefined import NO_PAUSES, NO_SPEECH, SILENT, Undefined

MIN_PAUSE_SECONDS = 0.3
"""A shorter total of pauses says nothing about what fills them."""

FLOOR_DB = -120.0
"""The value for pauses of digital silence, instead of minus infinity."""


def pause_floor_db(
    signal: NDArray[np.float32], speech: NDArray[np.bool_], hop: float, rate: int
) -> float:
    """Return the mean power of frames without speech over that of frames with speech, in dB.

    Shape: `signal` is (frames,) at `rate` Hz; `speech` has one flag every `hop` seconds.

    Raises:
        Undefined: the signal is silent, has no speech, or has too few pauses.
    """
    power = frame_powers(signal, hop, rate)[: speech.size]
    flags = speech[: power.size]
    if not power.any():
        raise Undefined(SILENT)
    if not flags.any():
        raise Undefined(NO_SPEECH)
    if (~flags).sum() * hop < MIN_PAUSE_SECONDS:
        raise Undefined(NO_PAUSES)
    spoken = float(power[flags].mean())
    if spoken == 0:
        raise Undefined(NO_SPEECH)
    return max(FLOOR_DB, 10 * float(np.log10(max(power[~flags].mean() / spoken, 1e-30))))


def frame_powers(signal: NDArray[np.float32], hop: float, rate: int) -> NDArray[np.float64]:
    """Return the mean square of each whole frame of `hop` seconds; shape (frames // hop,)."""
    size = round(hop * rate)
    windows = signal.size // size
    powers: NDArray[np.float64] = (
        np.square(signal[: windows * size], dtype=np.float64).reshape(windows, size).mean(1)
    )
    return powers
