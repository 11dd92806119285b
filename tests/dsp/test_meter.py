"""The meters, against the test signals of the EBU and against pyloudnorm."""

from __future__ import annotations

import warnings

import numpy as np
import pyloudnorm
import pytest

from stemsilver.dsp import meter

from .test_loudness import tone


@pytest.mark.parametrize("rate", [16_000, 22_050, 44_100, 48_000, 96_000])
def test_ebu_3341_case_1_a_stereo_tone_at_minus_23(rate: int) -> None:
    assert meter.integrated_lufs(tone(-23, 5, rate, 2), rate) == pytest.approx(-23, abs=0.1)


def test_ebu_3341_cases_3_and_6_quiet_parts_and_the_lfe_do_not_count_and_surround_more() -> None:
    parts = [tone(level, seconds, channels=2) for level, seconds in ((-36, 5), (-23, 30), (-36, 5))]
    quiet_parts = np.concatenate(parts, axis=1)
    # Left, right, centre, LFE, and both surround channels.
    surround = np.concatenate([tone(level, 5) for level in (-28, -28, -24, 0, -30, -30)])
    for signal in (quiet_parts, surround):
        assert meter.integrated_lufs(signal, 48_000) == pytest.approx(-23, abs=0.1)
    five = surround[[0, 1, 2, 4, 5]].T.astype(np.float64)
    expected = pyloudnorm.Meter(48_000).integrated_loudness(five)
    assert meter.integrated_lufs(surround, 48_000) == pytest.approx(expected, abs=1e-9)


def test_silence_or_less_than_a_gating_block_has_no_loudness() -> None:
    for level in (0.0, 1e-5):
        signal = np.full((1, 4 * 48_000), level, np.float32)
        assert meter.integrated_lufs(signal, 48_000) is None
        assert meter.loudness_range_lu(signal, 48_000) is None
    short = tone(-20, 0.4)
    assert meter.integrated_lufs(short, 48_000) is not None
    with pytest.raises(ValueError, match=r"0\.4 s"):
        meter.integrated_lufs(short[:, 1:], 48_000)
    with pytest.raises(ValueError, match=r"3\.0 s"):
        meter.loudness_range_lu(short, 48_000)


def test_short_and_faint_signals_have_a_loudness_of_their_own() -> None:
    assert meter.any_lufs(tone(-23, 5, channels=2), 48_000) == pytest.approx(-23, abs=0.1)
    assert meter.any_lufs(tone(-75, 5, channels=2), 48_000) == pytest.approx(-75, abs=0.1)
    assert meter.any_lufs(tone(-20, 0.2, channels=2), 48_000) == pytest.approx(-23, abs=0.1)
    with pytest.raises(ValueError, match=r"0\.1 s"):
        meter.any_lufs(tone(-20, 0.09), 48_000)
    dither = np.random.default_rng(0).triangular(-1, 0, 1, (2, 96_000))
    silence = np.round(dither).astype(np.float32) / np.float32(2**15)
    assert meter.any_lufs(silence, 48_000) is None


def test_a_peak_between_the_samples_is_seen() -> None:
    # A quarter of the rate at 45°: every sample is at 0.707, the sine between them reaches 1.
    sine = np.sin(np.pi / 2 * np.arange(9_600) + np.pi / 4)
    sine *= np.hanning(9_600)  # an abrupt start would ring
    assert 20 * np.log10(np.abs(sine).max()) < -3
    peak = meter.true_peak_dbtp(sine.astype(np.float32)[np.newaxis])
    assert peak == pytest.approx(0, abs=0.1)
    assert meter.true_peak_dbtp(np.zeros((2, 0), np.float32)) is None


@pytest.mark.parametrize(
    ("rate", "channels", "seconds"),
    [(8_000, 1, 3.0), (11_025, 2, 13.7), (24_000, 1, 9.99), (44_100, 5, 4.4), (192_000, 2, 3.1)],
)
def test_it_measures_in_blocks_what_pyloudnorm_measures_at_once(
    rate: int, channels: int, seconds: float
) -> None:
    rng = np.random.default_rng(rate)
    frames = round(seconds * rate)
    swell = np.interp(np.arange(frames), [0, frames / 2, frames], [0.001, 0.5, 0.01])
    signal = (swell * rng.normal(0, 0.3, (channels, frames))).astype(np.float32)
    reference, data = pyloudnorm.Meter(rate), signal.T.astype(np.float64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = reference.integrated_loudness(data), reference.loudness_range(data)
    found = meter.integrated_lufs(signal, rate), meter.loudness_range_lu(signal, rate)
    assert found == pytest.approx(expected, abs=1e-9)


def test_a_peak_at_the_edge_of_a_block_is_seen() -> None:
    signal = np.zeros((1, 3 * 2**18), np.float32)
    alone = np.zeros((1, 200), np.float32)
    pair = np.array([1, 1], np.float32)
    alone[0, 100:102] = pair
    for edge in (2**18, 2 * 2**18):
        signal[:] = 0
        signal[0, edge - 1 : edge + 1] = pair
        assert meter.true_peak_dbtp(signal) == pytest.approx(meter.true_peak_dbtp(alone), abs=1e-6)
