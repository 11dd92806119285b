from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from stemsilver.audio import decode, resample
from stemsilver.dsp.lag import lag, without_lag
from stemsilver.records import Samples

RAW = Path(__file__).parents[2] / "raw"


@pytest.fixture(scope="module")
def mixture() -> Samples:
    return decode(RAW / "museum_guide.wav", 1).array


@pytest.fixture(scope="module")
def speech() -> Samples:
    return decode(RAW / "museum_guide.reference.flac", 1).array


def delayed(samples: Samples, frames: float) -> Samples:
    """The same length, later by any part of a frame; by the phase of its whole spectrum."""
    size = 2 * samples.shape[-1]
    turns: NDArray[np.float64] = np.fft.rfftfreq(size) * frames
    spectrum = np.fft.rfft(samples, size) * np.exp(-2j * np.pi * turns)
    return np.fft.irfft(spectrum, size)[:, : samples.shape[-1]].astype(np.float32)


@pytest.mark.parametrize("rate", [8_000, 24_000])
@pytest.mark.parametrize("frames", [0, 1, -3, 0.5, -7.25, 3999.75, -4000])
def test_the_speech_of_a_mixture_is_found_and_moved_to_its_place(
    rate: int, frames: float, mixture: Samples, speech: Samples
) -> None:
    raw, truth = (resample(one, 24_000, rate) for one in (mixture, speech))
    assert truth.shape[-1] > 2**16, "more than one block"
    late = delayed(truth, -frames)
    for polarity in (1, -1):
        assert lag(raw, np.float32(polarity) * late, rate // 2) == frames
    music, moved = without_lag(raw - truth, late, frames)
    found = music[:, :] + moved[:, :]
    first = max(0, round(frames))
    expected = raw[:, first : first + found.shape[-1]]
    assert found.shape[-1] == raw.shape[-1] - abs(round(frames))
    inner = slice(100, -100)
    error = np.square(found - expected)[:, inner].mean() / np.square(truth).mean()
    assert error < 1e-5


def test_lengths_may_differ(mixture: Samples, speech: Samples) -> None:
    cut = speech[:, 5_000:-300]
    assert lag(mixture, cut, 12_000) == 5_000
    found, moved = without_lag(mixture, cut, 5_000)
    np.testing.assert_array_equal(found[:, :], mixture[:, 5_000:-300])
    np.testing.assert_array_equal(moved[:, :], cut)


def test_what_has_nothing_in_common_has_no_lag(mixture: Samples, speech: Samples) -> None:
    for other in (mixture - speech, 0 * speech):
        assert lag(other, speech, 12_000) == 0
        assert lag(speech, other, 12_000) == 0
    first, last = without_lag(speech[:, :10], speech, 50)
    assert first.shape == last.shape == (1, 0)
