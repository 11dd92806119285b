from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import butter, sosfreqz

from stemsilver.dsp.eq import equalise
from stemsilver.records import Samples

RATES = [8_000, 22_050, 44_100, 48_000, 96_000]


def shaped(
    samples: Samples,
    rate: int,
    highpass_hz: float = 0.0,
    high_shelf_hz: float = 12_000.0,
    high_shelf_db: float = 0.0,
    high_shelf_q: float = 0.707,
) -> Samples:
    return equalise(
        samples,
        rate,
        highpass_hz=highpass_hz,
        high_shelf_hz=high_shelf_hz,
        high_shelf_db=high_shelf_db,
        high_shelf_q=high_shelf_q,
    )


def tone(hz: float, rate: int, seconds: float = 2.0) -> Samples:
    time = np.arange(round(rate * seconds)) / rate
    return (0.5 * np.sin(2 * np.pi * hz * time)).astype(np.float32)[np.newaxis]


def change_db(hz: float, rate: int, **filters: float) -> float:
    """What the filters do to the level of a tone, away from its ends."""
    before = tone(hz, rate)
    after = shaped(before, rate, **filters)
    middle = slice(rate // 2, -rate // 2)
    ratio = np.square(after[:, middle]).mean() / np.square(before[:, middle]).mean()
    return float(10 * np.log10(ratio))


@pytest.mark.parametrize("rate", RATES)
def test_the_highpass_is_a_butterworth(rate: int) -> None:
    for hz in (20.0, 70.0, 1000.0):
        _, response = sosfreqz(butter(2, 70, "high", fs=rate, output="sos"), [hz], fs=rate)
        expected = 20 * np.log10(abs(response[0]))
        assert change_db(hz, rate, highpass_hz=70) == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("rate", RATES)
def test_a_rumble_dies_and_a_voice_stays(rate: int) -> None:
    assert change_db(20, rate, highpass_hz=70) < -20
    assert change_db(300, rate, highpass_hz=70) == pytest.approx(0, abs=0.05)


def test_an_offset_dies() -> None:
    constant = np.full((1, 48_000), 0.5, np.float32)
    middle = shaped(constant, 48_000, highpass_hz=70)[0, 20_000:28_000]
    assert np.abs(middle).max() < 1e-3


@pytest.mark.parametrize("gain_db", [-6.0, 1.0, 6.0])
def test_the_shelf_lifts_what_lies_above_it(gain_db: float) -> None:
    shelf = {"high_shelf_hz": 6000.0, "high_shelf_db": gain_db}
    assert change_db(500, 48_000, **shelf) == pytest.approx(0, abs=0.05)
    assert change_db(6000, 48_000, **shelf) == pytest.approx(gain_db / 2, abs=0.05)
    assert change_db(21_000, 48_000, **shelf) == pytest.approx(gain_db, abs=0.1)


@pytest.mark.parametrize("rate", [8_000, 22_050, 24_000])
def test_filters_that_do_not_apply_do_nothing(rate: int) -> None:
    noise = np.random.default_rng(2).uniform(-1, 1, (2, rate)).astype(np.float32)
    untouched = shaped(noise, rate, highpass_hz=0, high_shelf_hz=12_000, high_shelf_db=12)
    np.testing.assert_allclose(untouched, noise, atol=2e-6)


@pytest.mark.parametrize("rate", RATES)
def test_no_phase_is_turned(rate: int) -> None:
    click = np.zeros((1, 2 * rate + 1), np.float32)
    click[0, rate] = 1
    response = shaped(click, rate, highpass_hz=70, high_shelf_hz=3000, high_shelf_db=3)[0]
    assert response.argmax() == rate
    np.testing.assert_allclose(response, response[::-1], atol=1e-6)


def test_the_end_does_not_wrap_round_to_the_start() -> None:
    signal = np.zeros((1, 48_000), np.float32)
    signal[0, -4800:] = 0.9
    assert np.abs(shaped(signal, 48_000, highpass_hz=70)[0, :20_000]).max() < 1e-4


@settings(max_examples=40)
@given(
    rate=st.integers(8_000, 96_000),
    channels=st.integers(1, 6),
    frames=st.integers(1, 4_000),
    highpass=st.just(0.0) | st.floats(1, 300),
    shelf=st.floats(1_000, 20_000),
    gain_db=st.floats(-12, 12),
    q=st.floats(0.1, 4),
)
def test_any_signal_keeps_its_shape_and_stays_finite(
    rate: int, channels: int, frames: int, highpass: float, shelf: float, gain_db: float, q: float
) -> None:
    noise = np.random.default_rng(frames).uniform(-1, 1, (channels, frames)).astype(np.float32)
    result = shaped(noise, rate, highpass, shelf, gain_db, q)
    assert (result.shape, result.dtype) == (noise.shape, np.float32)
    assert np.isfinite(result).all()


def test_channels_do_not_hear_each_other() -> None:
    pair = np.concatenate([tone(440, 48_000), np.zeros((1, 96_000), np.float32)])
    result = shaped(pair, 48_000, highpass_hz=70, high_shelf_db=1)
    assert not result[1].any()
    alone = shaped(pair[:1], 48_000, highpass_hz=70, high_shelf_db=1)
    np.testing.assert_array_equal(result[:1], alone)
