from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import maximum_filter1d

from stemsilver.audio import decode, resample
from stemsilver.dsp import loudness, meter
from stemsilver.records import Samples

RAW = Path(__file__).parents[2] / "raw"


def tone(dbfs: float, seconds: float, rate: int = 48_000, channels: int = 1) -> Samples:
    """A 1 kHz sine whose peak is at `dbfs`, as the EBU's test signals are given."""
    time = np.arange(round(seconds * rate)) / rate
    sine = 10 ** (dbfs / 20) * np.sin(2 * np.pi * 1000 * time)
    return np.tile(sine.astype(np.float32), (channels, 1))


def peak_16x_dbtp(samples: Samples) -> float:
    """True peak at 16× by zero-padding the spectrum of the whole signal: no filter, no window."""
    frames = samples.shape[-1]
    spectrum = np.fft.rfft(samples.astype(np.float64))
    if frames % 2 == 0:
        spectrum[..., -1] /= 2
    dense = np.fft.irfft(spectrum, 16 * frames) * 16
    return 20 * float(np.log10(np.abs(dense).max()))


@pytest.fixture(scope="module")
def speech() -> Samples:
    """Four seconds of real speech at 24 kHz."""
    return decode(RAW / "museum_guide.reference.flac", 1).samples[:, 12_000 : 12_000 + 4 * 24_000]


# --- limiter


@settings(max_examples=80)
@given(
    frames=st.integers(1, 6_000),
    channels=st.integers(1, 3),
    rate=st.integers(8_000, 96_000),
    ceiling=st.floats(-12, 0),
    drive=st.floats(0.05, 20),
    seed=st.integers(0, 2**16),
)
def test_the_limiter_holds_the_ceiling_and_never_delays(
    frames: int, channels: int, rate: int, ceiling: float, drive: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    bursts = rng.normal(0, 1, (channels, frames)) * (rng.uniform(0, 1, frames) ** 8)
    signal = (drive * bursts).astype(np.float32)
    limited = loudness.limit(signal, rate, ceiling)
    assert (limited.shape, limited.dtype) == (signal.shape, np.float32)
    assert np.abs(limited).max() <= 10 ** (ceiling / 20) * (1 + 1e-6)
    # What is away from the peaks did not move, and is as loud as it was.
    peaks = meter.oversampled_envelope(signal)[0] > 10 ** (ceiling / 20)
    near = maximum_filter1d(peaks, 2 * (round(0.003 * rate) + 20) + 1)
    np.testing.assert_allclose(limited[:, ~near], signal[:, ~near], rtol=1e-6)
    # All channels get the same gain.
    both = loudness.limit(np.concatenate([signal[:1], signal[:1] / 2]), rate, ceiling)
    np.testing.assert_allclose(both[1], both[0] / 2, atol=1e-5)


@pytest.mark.parametrize("rate", [8_000, 24_000, 96_000])
def test_the_limiter_works_only_around_the_peak(rate: int) -> None:
    signal = np.full((1, rate), 0.1, np.float32)
    assert loudness.limit(signal, rate, -1) is signal, "nothing is over the ceiling"
    signal[0, rate // 2] = 2.0
    limited = loudness.limit(signal, rate, -1)
    reach = round(0.01 * rate)
    away = np.abs(np.arange(rate) - rate // 2) > reach
    np.testing.assert_allclose(limited[:, away], 0.1, atol=1e-7)
    assert limited[0, rate // 2] <= 10 ** (-1 / 20)
    # Down before the peak and up after it, without a step.
    steps = np.abs(np.diff(np.delete(limited[0], rate // 2)))
    assert steps.max() < 0.05


# --- loudness and true peak together


@pytest.mark.parametrize(
    ("rate", "level_db"), [(8_000, 0.0), (24_000, -35.0), (24_000, 25.0), (96_000, 0.0)]
)
def test_speech_with_a_high_crest_reaches_both_targets(
    speech: Samples, rate: int, level_db: float
) -> None:
    signal = loudness.gain(resample(speech, 24_000, rate), level_db)
    signal[:, rate // 2 :: rate] *= 3  # a click a second
    level, peak = meter.integrated_lufs(signal, rate), meter.true_peak_dbtp(signal)
    assert level is not None and peak is not None
    assert -16 - level + peak > 1, "plain gain would do; the limiter is not tested"
    finished, note = loudness.normalise(signal, rate, lufs=-16, true_peak_db=-1)
    assert note is None
    assert meter.integrated_lufs(finished, rate) == pytest.approx(-16, abs=0.05)
    reached = meter.true_peak_dbtp(finished)
    assert reached is not None and reached <= -1.0
    assert peak_16x_dbtp(finished) <= -0.9


@pytest.mark.parametrize("seconds", [0.1, 0.2, 0.3])
def test_a_word_shorter_than_a_gating_block_is_as_loud_as_with_silence_around_it(
    speech: Samples, seconds: float
) -> None:
    first = int(np.abs(speech).argmax()) - 1_000
    word = speech[:, first : first + round(seconds * 24_000)]
    alone, note = loudness.normalise(word, 24_000, lufs=-23, true_peak_db=-1)
    assert note is None
    longer = np.pad(word, ((0, 0), (2_400, 9_600 - word.shape[1])))
    beside, _ = loudness.normalise(longer, 24_000, lufs=-23, true_peak_db=-1)
    ratio = np.square(alone).sum() / np.square(beside).sum()
    assert 10 * np.log10(ratio) == pytest.approx(0, abs=0.2)


def test_a_loudness_out_of_reach_is_missed_with_a_note_and_the_ceiling_held() -> None:
    clicks = np.zeros((1, 48_000), np.float32)
    clicks[0, 6_000::12_000] = 0.5
    finished, note = loudness.normalise(clicks, 48_000, lufs=-8, true_peak_db=-12)
    reached = meter.integrated_lufs(finished, 48_000)
    assert reached is not None
    assert note == (f"The peak ceiling kept the loudness {-8 - reached:.1f} LU under its target.")
    assert peak_16x_dbtp(finished) <= -11.9


def test_what_has_no_loudness_is_only_held_under_the_ceiling() -> None:
    silence = np.zeros((2, 48_000), np.float32)
    for signal, said in ((silence, loudness.SILENT), (tone(-30, 0.09), loudness.TOO_SHORT)):
        kept, note = loudness.normalise(signal, 48_000, lufs=-16, true_peak_db=-1)
        assert note == said
        np.testing.assert_array_equal(kept, signal)
    held, note = loudness.normalise(tone(6, 0.09), 48_000, lufs=-16, true_peak_db=-1)
    assert note == loudness.TOO_SHORT
    assert peak_16x_dbtp(held) <= -0.9
