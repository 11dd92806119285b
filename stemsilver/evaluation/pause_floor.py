"""What is left when nobody speaks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stemsilver.evaluation.undefined import NO_PAUSES, NO_SPEECH, SILENT, Undefined

MIN_PAUSE_SECONDS = 0.3
"""Pauses shorter than this in all say nothing of what fills them."""

FLOOR_DB = -120.0
"""Pauses of digital silence read as this, not as minus infinity."""


def pause_floor_db(
    signal: NDArray[np.float32], speech: NDArray[np.bool_], hop: float, rate: int
) -> float:
    """Mean power of the frames without speech over that of the frames with speech, in dB.

    Shape: `signal` is (frames,) at `rate`; `speech` has one flag every `hop` seconds.

    Raises:
        Undefined: there is no speech, or there are no pauses to speak of.
    """
    size = round(hop * rate)
    windows = min(speech.size, signal.size // size)
    power = np.square(signal[: windows * size], dtype=np.float64).reshape(windows, size).mean(1)
    flags = speech[:windows]
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
