from __future__ import annotations

from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stemsilver.audio import decode, resample
from stemsilver.dsp import loudness
from stemsilver.records import Samples

RAW = Path(__file__).parents[2] / "raw"
RNG = np.random.default_rng(3)


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


# --- integrated loudness


@pytest.mark.parametrize("rate", [16_000, 22_050, 44_100, 48_000, 96_000])
def test_ebu_3341_case_1_a_stereo_tone_at_minus_23(rate: int) -> None:
    assert loudness.integrated_lufs(tone(-23, 5, rate, 2), rate) == pytest.approx(-23, abs=0.1)


def test_ebu_3341_case_3_quiet_parts_do_not_count() -> None:
    parts = [tone(level, seconds, 48_000, 2) for level, seconds in ((-36, 5), (-23, 30), (-36, 5))]
    together = np.concatenate(parts, axis=1)
    assert loudness.integrated_lufs(together, 48_000) == pytest.approx(-23, abs=0.1)


def test_ebu_3341_case_6_surround_channels_weigh_more_and_the_lfe_nothing() -> None:
    left, right, centre, surround = -28.0, -28.0, -24.0, -30.0
    lfe = 0.0
    levels = (left, right, centre, lfe, surround, surround)
    signal = np.concatenate([tone(level, 5) for level in levels])
    assert loudness.integrated_lufs(signal, 48_000) == pytest.approx(-23, abs=0.1)


def test_5_1_agrees_with_pyloudnorm_on_its_five_channels() -> None:
    signal = RNG.uniform(-0.2, 0.2, (6, 48_000)).astype(np.float32)
    five = signal[[0, 1, 2, 4, 5]].T.astype(np.float64)
    expected = pyloudnorm.Meter(48_000).integrated_loudness(five)
    assert loudness.integrated_lufs(signal, 48_000) == pytest.approx(expected, abs=1e-9)


def test_an_lfe_alone_is_silence() -> None:
    signal = np.zeros((6, 48_000), np.float32)
    signal[3] = tone(-6, 1)
    assert loudness.integrated_lufs(signal, 48_000) is None


@pytest.mark.parametrize("level", [0.0, 1e-5])
def test_silence_has_no_loudness(level: float) -> None:
    signal = np.full((1, 4 * 48_000), level, np.float32)
    assert loudness.integrated_lufs(signal, 48_000) is None
    assert loudness.loudness_range_lu(signal, 48_000) is None


def test_less_than_a_gating_block_has_no_loudness() -> None:
    signal = tone(-20, 0.4)
    assert loudness.integrated_lufs(signal, 48_000) is not None
    with pytest.raises(ValueError, match=r"0\.4 s"):
        loudness.integrated_lufs(signal[:, 1:], 48_000)
    with pytest.raises(ValueError, match=r"3\.0 s"):
        loudness.loudness_range_lu(signal, 48_000)


@pytest.mark.parametrize(("first", "second", "expected"), [(-20, -30, 10), (-20, -15, 5)])
def test_ebu_3342_the_range_between_two_levels(first: float, second: float, expected: int) -> None:
    signal = np.concatenate([tone(first, 20, 8_000, 2), tone(second, 20, 8_000, 2)], axis=1)
    assert loudness.loudness_range_lu(signal, 8_000) == pytest.approx(expected, abs=1)


@pytest.mark.parametrize("decibels", [-20.0, -3.0, 12.0])
def test_gain_moves_the_loudness_by_as_much(speech: Samples, decibels: float) -> None:
    before = loudness.integrated_lufs(speech, 24_000)
    after = loudness.integrated_lufs(loudness.gain(speech, decibels), 24_000)
    assert before is not None
    assert after == pytest.approx(before + decibels, abs=0.01)


# --- true peak


def test_a_peak_between_the_samples_is_seen() -> None:
    # A quarter of the rate at 45°: every sample is at 0.707, the sine between them reaches 1.
    sine = np.sin(np.pi / 2 * np.arange(9_600) + np.pi / 4)
    sine *= np.hanning(9_600)  # an abrupt start would ring
    assert 20 * np.log10(np.abs(sine).max()) < -3
    peak = loudness.true_peak_dbtp(sine.astype(np.float32)[np.newaxis])
    assert peak == pytest.approx(0, abs=0.1)


@settings(max_examples=50)
@given(frames=st.integers(1, 500), channels=st.integers(1, 6), seed=st.integers(0, 2**16))
def test_the_true_peak_is_at_least_the_highest_sample(
    frames: int, channels: int, seed: int
) -> None:
    signal = np.random.default_rng(seed).normal(0, 1, (channels, frames)).astype(np.float32)
    peak = loudness.true_peak_dbtp(signal)
    assert peak is not None
    assert peak >= 20 * np.log10(np.abs(signal).max()) - 0.05


def test_silence_has_no_peak() -> None:
    assert loudness.true_peak_dbtp(np.zeros((2, 100), np.float32)) is None
    assert loudness.true_peak_dbtp(np.zeros((2, 0), np.float32)) is None


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
    # Each sample is itself times a gain no greater than 1 that all channels share, so nothing
    # moved.
    heard = np.abs(signal) > 1e-6
    gains = np.divide(limited, signal, out=np.zeros_like(signal), where=heard)
    assert (gains[heard] > 0).all()
    assert (gains <= 1 + 1e-6).all()
    shared = gains.max(axis=0)
    np.testing.assert_allclose(gains[heard], np.broadcast_to(shared, signal.shape)[heard], 1e-5)


def test_under_the_ceiling_nothing_is_touched(speech: Samples) -> None:
    peak = loudness.true_peak_dbtp(speech)
    assert peak is not None
    assert loudness.limit(speech, 24_000, peak + 0.1) is speech


@pytest.mark.parametrize("rate", [8_000, 24_000, 48_000, 96_000])
def test_the_limiter_works_only_around_the_peak(rate: int) -> None:
    signal = np.full((1, rate), 0.1, np.float32)
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


@pytest.mark.parametrize("rate", [8_000, 24_000, 44_100, 96_000])
def test_speech_with_a_high_crest_reaches_both_targets(speech: Samples, rate: int) -> None:
    signal = resample(speech, 24_000, rate)
    signal[:, rate // 2 :: rate] *= 3  # a click a second
    level = loudness.integrated_lufs(signal, rate)
    peak = loudness.true_peak_dbtp(signal)
    assert level is not None
    assert peak is not None
    assert -16 - level + peak > 1, "plain gain would do; the limiter is not tested"

    finished, note = loudness.normalise(signal, rate, lufs=-16, true_peak_db=-1)

    assert note is None
    assert loudness.integrated_lufs(finished, rate) == pytest.approx(-16, abs=0.05)
    reached = loudness.true_peak_dbtp(finished)
    assert reached is not None
    assert reached <= -1.0
    assert peak_16x_dbtp(finished) <= -0.9


@pytest.mark.parametrize("level_db", [-35.0, 0.0, 25.0])
def test_loud_and_quiet_speech_come_out_alike(speech: Samples, level_db: float) -> None:
    finished, note = loudness.normalise(
        loudness.gain(speech, level_db), 24_000, lufs=-16, true_peak_db=-1
    )
    assert note is None
    assert loudness.integrated_lufs(finished, 24_000) == pytest.approx(-16, abs=0.05)
    assert peak_16x_dbtp(finished) <= -0.9


def test_a_loudness_out_of_reach_is_missed_with_a_note_and_the_ceiling_held() -> None:
    clicks = np.zeros((1, 48_000), np.float32)
    clicks[0, ::12_000] = 0.5
    finished, note = loudness.normalise(clicks, 48_000, lufs=-8, true_peak_db=-12)
    reached = loudness.integrated_lufs(finished, 48_000)
    assert reached is not None
    assert note == (f"The peak ceiling kept the loudness {-8 - reached:.1f} LU under its target.")
    assert peak_16x_dbtp(finished) <= -11.9


def test_silence_gets_no_gain() -> None:
    silence = np.zeros((2, 48_000), np.float32)
    finished, note = loudness.normalise(silence, 48_000, lufs=-16, true_peak_db=-1)
    assert note == loudness.SILENT
    np.testing.assert_array_equal(finished, silence)


def test_a_sound_too_short_for_a_loudness_is_only_held_under_the_ceiling() -> None:
    quiet, loud = tone(-30, 0.3), tone(6, 0.3)
    kept, note = loudness.normalise(quiet, 48_000, lufs=-16, true_peak_db=-1)
    assert note == loudness.TOO_SHORT
    np.testing.assert_array_equal(kept, quiet)
    held, note = loudness.normalise(loud, 48_000, lufs=-16, true_peak_db=-1)
    assert note == loudness.TOO_SHORT
    assert peak_16x_dbtp(held) <= -0.9
