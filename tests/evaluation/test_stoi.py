from __future__ import annotations

import numpy as np
import pystoi
import pytest

from stemsilver.audio import resample
from stemsilver.evaluation.stoi import stoi as stoi_of
from stemsilver.evaluation.undefined import Undefined

from .conftest import Heard, Signal

RATE = 16_000
BOTH = pytest.mark.parametrize("extended", [False, True])


def stoi(estimate: Signal, reference: Signal, rate: int, *, extended: bool = False) -> float:
    return stoi_of(estimate[np.newaxis], reference[np.newaxis], rate, extended=extended)


@pytest.fixture(scope="module")
def speech(heard: Heard) -> Signal:
    return heard("museum_guide.reference.flac")[RATE : 4 * RATE]


@pytest.fixture(scope="module")
def noise(speech: Signal) -> Signal:
    white = np.random.default_rng(21).normal(0, 1, speech.size)
    return (white * speech.std()).astype(np.float32)


@BOTH
def test_it_is_pystois_at_any_rate_and_falls_with_the_noise(
    extended: bool, speech: Signal, noise: Signal
) -> None:
    scores = [
        stoi(speech + np.float32(level) * noise, speech, RATE, extended=extended)
        for level in (0, 0.03, 0.3, 1, 3, 10)
    ]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == pytest.approx(1, abs=1e-6)
    assert scores[-1] < 0.5
    expected = pystoi.stoi(speech, speech + noise, RATE, extended=extended)
    assert scores[3] == pytest.approx(expected, abs=1e-9)
    noisy, clear = (resample(one[np.newaxis], RATE, 44_100)[0] for one in (speech + noise, speech))
    assert stoi(noisy, clear, 44_100, extended=extended) == pytest.approx(scores[3], abs=0.01)


def test_a_long_signal_is_the_mean_of_its_stretches(
    speech: Signal, noise: Signal, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = stoi(speech + noise, speech, RATE)
    monkeypatch.setattr("stemsilver.evaluation.stoi.STRETCH", 2 * RATE)
    assert stoi(speech + noise, speech, RATE) == pytest.approx(whole, abs=0.05)
    loud = np.concatenate([speech[: 2 * RATE], np.zeros(RATE, np.float32)])
    assert stoi(loud, loud, RATE) == pytest.approx(1), "silence at the end counts for nothing"


def test_runs_agree_to_the_last_digit_and_leave_chance_alone(speech: Signal, noise: Signal) -> None:
    np.random.seed(5)
    expected = np.random.random(3)
    np.random.seed(5)
    scores = {stoi(speech + noise, speech, RATE, extended=True) for _ in range(5)}
    assert len(scores) == 1
    np.testing.assert_array_equal(np.random.random(3), expected)


@BOTH
def test_silence_has_no_intelligibility(extended: bool, speech: Signal) -> None:
    for estimate, reference in ((speech, speech * 0), (speech * 0, speech)):
        with pytest.raises(Undefined, match="silent"):
            stoi(estimate, reference, RATE, extended=extended)


def test_less_than_a_segment_of_sound_is_too_short(speech: Signal) -> None:
    moment = np.zeros_like(speech)
    moment[20_000:23_000] = speech[20_000:23_000]
    for extended in (False, True):
        for frames in (1, 100, 4_000):
            with pytest.raises(Undefined, match="too_short"):
                stoi(speech[:frames], speech[:frames], RATE, extended=extended)
        with pytest.raises(Undefined, match="too_short"):
            stoi(speech, moment, RATE, extended=extended)
