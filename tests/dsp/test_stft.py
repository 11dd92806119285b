from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.signal import ShortTimeFFT, get_window

from stemsilver.dsp.stft import REFERENCE_RATE, Stft

SIZES = [(4096, 1024), (4096, 512), (4096, 2048), (768, 256), (512, 256)]
RATES = [8_000, 11_025, 24_000, 44_100, 96_000]


@settings(max_examples=80)
@given(
    size=st.sampled_from(SIZES),
    rate=st.integers(8_000, 96_000),
    channels=st.integers(1, 6),
    frames=st.integers(1, 9_000),
    seed=st.integers(0, 2**16),
)
@example(size=(4096, 2048), rate=44_100, channels=1, frames=2047, seed=0)
@example(size=(4096, 2048), rate=44_100, channels=1, frames=5 * 2048 - 1, seed=0)
@example(size=(4096, 1024), rate=8_000, channels=2, frames=1, seed=0)
def test_what_goes_in_comes_out_at_any_length_and_rate(
    size: tuple[int, int], rate: int, channels: int, frames: int, seed: int
) -> None:
    signal = np.random.default_rng(seed).uniform(-1, 1, (channels, frames)).astype(np.float32)
    transform = Stft.at_rate(*size, rate)
    back = transform.inverse(transform.forward(signal), frames)
    assert (back.shape, back.dtype) == (signal.shape, signal.dtype)
    np.testing.assert_allclose(back, signal, atol=5e-6)


@pytest.mark.parametrize("rate", RATES)
def test_a_window_lasts_as_long_at_every_rate_and_a_tone_stands_in_its_bin(rate: int) -> None:
    for fft, hop in SIZES:
        transform = Stft.at_rate(fft, hop, rate)
        assert transform.fft / transform.hop == fft / hop
        assert transform.fft / rate == pytest.approx(fft / REFERENCE_RATE, rel=0.05)
    hz = 3300.0
    transform = Stft.at_rate(4096, 1024, rate)
    tone = np.hanning(rate) * np.sin(2 * np.pi * hz * np.arange(rate) / rate)
    spectrum = transform.forward(tone.astype(np.float32)[np.newaxis])[0]
    power = np.square(np.abs(spectrum), dtype=np.float64).sum(axis=1)
    frequencies = transform.frequencies(rate)
    assert frequencies.shape == power.shape
    assert frequencies[power.argmax()] == pytest.approx(hz, abs=rate / transform.fft)
    near = np.abs(frequencies - hz) < 4 * rate / transform.fft
    assert power[near].sum() > 0.999 * power.sum()


@pytest.mark.parametrize(("fft", "hop"), SIZES)
def test_the_spectrum_is_scipys(fft: int, hop: int) -> None:
    signal = np.random.default_rng(4).uniform(-1, 1, (1, 10 * fft)).astype(np.float32)
    windows = 10 * fft // hop
    spectrum = Stft(fft, hop).forward(signal)[0, :, :windows]
    reference = ShortTimeFFT(get_window("hann", fft), hop, fs=1, phase_shift=None)
    expected = reference.stft(signal[0].astype(np.float64), p0=0, p1=windows)
    np.testing.assert_allclose(spectrum, expected, atol=2e-5 * np.abs(expected).max())


@pytest.mark.parametrize(("fft", "hop"), [(512, 128), (512, 256)])
def test_the_inverse_of_a_changed_spectrum_adds_its_windows_up(fft: int, hop: int) -> None:
    # Its windows no longer fit each other: how they are weighed where they overlap then counts.
    frames, rng = 5000, np.random.default_rng(9)
    transform = Stft(fft, hop)
    spectrum = transform.forward(rng.uniform(-1, 1, (1, frames)).astype(np.float32))
    spectrum = spectrum * rng.uniform(0, 1, spectrum.shape).astype(np.float32)
    window = get_window("hann", fft)
    added, weight = np.zeros((2, hop * spectrum.shape[-1] + fft))
    for index, bins in enumerate(spectrum[0].T):
        place = slice(index * hop, index * hop + fft)
        added[place] += window * np.fft.irfft(bins)
        weight[place] += window**2
    seen = slice(fft // 2, fft // 2 + frames)
    expected = added[seen] / weight[seen]
    np.testing.assert_allclose(transform.inverse(spectrum, frames)[0], expected, atol=2e-6)
