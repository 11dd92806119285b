from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import butter, sosfreqz

from stemsilver.dsp.eq import equalise
from stemsilver.records import Samples

RATES = [8_000, 22_050, 96_000]
FLAT = {"highpass_hz": 0.0, "high_shelf_hz": 12e3, "high_shelf_db": 0.0, "high_shelf_q": 0.707}


def shaped(samples: Samples, rate: int, **filters: float) -> Samples:
    return equalise(samples, rate, **{**FLAT, **filters})


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
    for hz in (20.0, 70.0, 300.0, 1000.0):
        _, response = sosfreqz(butter(2, 70, "high", fs=rate, output="sos"), [hz], fs=rate)
        expected = 20 * np.log10(abs(response[0]))
        assert change_db(hz, rate, highpass_hz=70) == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("gain_db", [-6.0, 1.0, 6.0])
def test_the_shelf_lifts_what_lies_above_it(gain_db: float) -> None:
    shelf = {"high_shelf_hz": 6000.0, "high_shelf_db": gain_db}
    assert change_db(500, 48_000, **shelf) == pytest.approx(0, abs=0.05)
    assert change_db(6000, 48_000, **shelf) == pytest.approx(gain_db / 2, abs=0.05)
    assert change_db(21_000, 48_000, **shelf) == pytest.approx(gain_db, abs=0.1)


@pytest.mark.parametrize("highpass_hz", [0, 12_000])
def test_filters_that_do_not_apply_do_nothing(highpass_hz: float) -> None:
    noise = np.random.default_rng(2).uniform(-1, 1, (2, 24_000)).astype(np.float32)
    untouched = shaped(noise, 24_000, highpass_hz=highpass_hz, high_shelf_db=12)
    np.testing.assert_allclose(untouched, noise, atol=2e-6)


@pytest.mark.parametrize("rate", RATES)
def test_no_phase_is_turned_and_the_end_does_not_wrap_round_to_the_start(rate: int) -> None:
    click = np.zeros((1, 2 * rate + 1), np.float32)
    click[0, rate] = 1
    response = shaped(click, rate, highpass_hz=70, high_shelf_hz=3000, high_shelf_db=3)[0]
    assert response.argmax() == rate
    np.testing.assert_allclose(response, response[::-1], atol=1e-6)
    late = np.zeros((1, rate), np.float32)
    late[0, -rate // 10 :] = 0.9
    assert np.abs(shaped(late, rate, highpass_hz=70)[0, : rate // 3]).max() < 1e-4


@settings(max_examples=40)
@given(
    rate=st.integers(8_000, 96_000),
    channels=st.integers(1, 6),
    frames=st.integers(1, 4_000),
    filters=st.fixed_dictionaries(
        {
            "highpass_hz": st.just(0.0) | st.floats(1, 300),
            "high_shelf_hz": st.floats(1_000, 20_000),
            "high_shelf_db": st.floats(-12, 12),
            "high_shelf_q": st.floats(0.1, 4),
        }
    ),
)
def test_any_signal_keeps_its_shape_and_stays_finite(
    rate: int, channels: int, frames: int, filters: dict[str, float]
) -> None:
    noise = np.random.default_rng(frames).uniform(-1, 1, (channels, frames)).astype(np.float32)
    result = shaped(noise, rate, **filters)
    assert (result.shape, result.dtype) == (noise.shape, np.float32)
    assert np.isfinite(result).all()


def test_channels_do_not_hear_each_other() -> None:
    pair = np.concatenate([tone(440, 48_000), np.zeros((1, 96_000), np.float32)])
    result = shaped(pair, 48_000, highpass_hz=70, high_shelf_db=1)
    assert not result[1].any()
    alone = shaped(pair[:1], 48_000, highpass_hz=70, high_shelf_db=1)
    np.testing.assert_array_equal(result[:1], alone)
