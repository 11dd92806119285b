"""The level of the pauses relative to the speech."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stemsilver.evaluation.undefined import NO_PAUSES, NO_SPEECH, SILENT, Undefined

MIN_PAUSE_SECONDS = 0.3
"""A shorter total of pauses says nothing about what fills them."""

FLOOR_DB = -120.0
"""The value for pauses of digital silence, instead of minus infinity."""


def pause_floor_db(power: NDArray[np.float64], speech: NDArray[np.bool_], hop: float) -> float:
    """Return the mean power of frames without speech over that of frames with speech, in dB.

    Shape: `power` and `speech` have a value every `hop` seconds.

    Raises:
        Undefined: the signal is silent, has no speech, or has too few pauses.
    """
    if not power.any():
        raise Undefined(SILENT)
    if not speech.any():
        raise Undefined(NO_SPEECH)
    if (~speech).sum() * hop < MIN_PAUSE_SECONDS:
        raise Undefined(NO_PAUSES)
    spoken = float(power[speech].mean())
    if spoken == 0:
        raise Undefined(NO_SPEECH)
    return max(FLOOR_DB, 10 * float(np.log10(max(power[~speech].mean() / spoken, 1e-30))))
