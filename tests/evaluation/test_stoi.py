from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pystoi
import pytest
from numpy.typing import NDArray

from stemsilver.audio import resample
from stemsilver.evaluation.stoi import stoi
from stemsilver.evaluation.undefined import Undefined

Heard = Callable[[str], NDArray[np.float32]]
RATE = 16_000
BOTH = pytest.mark.parametrize("extended", [False, True])


@pytest.fixture(scope="module")
def speech(heard: Heard) -> NDArray[np.float32]:
    return heard("museum_guide.reference.flac")[RATE : 4 * RATE]


@pytest.fixture(scope="module")
def noise(speech: NDArray[np.float32]) -> NDArray[np.float32]:
    white = np.random.default_rng(21).normal(0, 1, speech.size)
    return (white * speech.std()).astype(np.float32)


@BOTH
def test_the_same_signal_is_fully_intelligible(extended: bool, speech: NDArray[np.float32]) -> None:
    assert stoi(speech, speech, RATE, extended=extended) == pytest.approx(1, abs=1e-6)
    quieter = np.float32(0.1) * speech
    assert stoi(quieter, speech, RATE, extended=extended) == pytest.approx(1, abs=1e-3)


@BOTH
def test_more_noise_is_less_intelligible(
    extended: bool, speech: NDArray[np.float32], noise: NDArray[np.float32]
) -> None:
    scores = [
        stoi(speech + np.float32(level) * noise, speech, RATE, extended=extended)
        for level in (0.03, 0.3, 1, 3, 10)
    ]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > 0.9
    assert scores[-1] < 0.5


@BOTH
def test_it_is_pystois(
    extended: bool, speech: NDArray[np.float32], noise: NDArray[np.float32]
) -> None:
    expected = pystoi.stoi(speech, speech + noise, RATE, extended=extended)
    ours = stoi(speech + noise, speech, RATE, extended=extended)
    assert ours == pytest.approx(expected, abs=1e-9)


@BOTH
def test_the_rate_hardly_matters(
    extended: bool, speech: NDArray[np.float32], noise: NDArray[np.float32]
) -> None:
    noisy, clear = (
        resample(signal[np.newaxis], RATE, 44_100)[0] for signal in (speech + noise, speech)
    )
    assert stoi(noisy, clear, 44_100, extended=extended) == pytest.approx(
        stoi(speech + noise, speech, RATE, extended=extended), abs=0.01
    )


def test_runs_agree_to_the_last_digit_and_leave_chance_alone(
    speech: NDArray[np.float32], noise: NDArray[np.float32]
) -> None:
    np.random.seed(5)
    expected = np.random.random(3)
    np.random.seed(5)
    scores = {stoi(speech + noise, speech, RATE, extended=True) for _ in range(5)}
    assert len(scores) == 1
    np.testing.assert_array_equal(np.random.random(3), expected)


@BOTH
def test_silence_has_no_intelligibility(extended: bool, speech: NDArray[np.float32]) -> None:
    for estimate, reference in ((speech, speech * 0), (speech * 0, speech)):
        with pytest.raises(Undefined, match="silent"):
            stoi(estimate, reference, RATE, extended=extended)


@BOTH
@pytest.mark.parametrize("frames", [1, 100, 4_000])
def test_less_than_a_segment_is_too_short(
    extended: bool, frames: int, speech: NDArray[np.float32]
) -> None:
    with pytest.raises(Undefined, match="too_short"):
        stoi(speech[:frames], speech[:frames], RATE, extended=extended)


def test_a_long_file_with_a_moment_of_sound_is_too_short(speech: NDArray[np.float32]) -> None:
    moment = np.zeros_like(speech)
    moment[20_000:23_000] = speech[20_000:23_000]
    with pytest.raises(Undefined, match="too_short"):
        stoi(speech, moment, RATE)
