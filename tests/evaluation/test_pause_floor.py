from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from stemsilver.evaluation.pause_floor import pause_floor_db
from stemsilver.evaluation.undefined import Undefined

RATE, HOP = 16_000, 0.01
FRAME = 160


def powers(signal: NDArray[np.float32]) -> NDArray[np.float64]:
    frames = signal.reshape(-1, FRAME).astype(np.float64)
    return np.asarray((frames**2).mean(axis=1))


def floor(speech_level: float, pause_level: float, flags: list[bool]) -> float:
    levels = [speech_level if spoken else pause_level for spoken in flags]
    signal = np.repeat(np.array(levels, np.float32), FRAME)
    signal[::2] *= -1
    return pause_floor_db(powers(signal), np.array(flags), HOP)


SPOKEN = [True] * 50 + [False] * 50


@pytest.mark.parametrize(("pause", "expected"), [(0.05, -20), (1, 6.02), (0, -120)])
def test_the_floor_is_the_level_of_the_pauses_against_the_speech(
    pause: float, expected: float
) -> None:
    assert floor(0.5, pause, SPOKEN) == pytest.approx(expected, abs=0.01)


def test_neither_the_place_of_the_pauses_nor_the_level_of_the_whole_counts() -> None:
    assert floor(0.5, 0.05, [True, False] * 50) == pytest.approx(-20, abs=0.01)
    assert floor(5e-18, 5e-19, SPOKEN) == pytest.approx(-20, abs=0.01)


@pytest.mark.parametrize(
    ("speech", "pause", "flags", "reason"),
    [
        (0.5, 0.5, [False] * 100, "no_speech"),
        (0.0, 0.5, SPOKEN, "no_speech"),
        (0.5, 0.5, [True] * 100, "no_pauses"),
        (0.5, 0.5, [True] * 71 + [False] * 29, "no_pauses"),
        (0.0, 0.0, SPOKEN, "silent"),
    ],
)
def test_without_both_there_is_no_floor(
    speech: float, pause: float, flags: list[bool], reason: str
) -> None:
    with pytest.raises(Undefined, match=reason):
        floor(speech, pause, flags)
    assert floor(0.5, 0.05, [True] * 70 + [False] * 30) == pytest.approx(-20, abs=0.01)
