from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from stemsilver.evaluation.dnsmos import CALIBRATION, WINDOW, dnsmos
from stemsilver.evaluation.undefined import Undefined

Heard = Callable[[str], NDArray[np.float32]]
RATE = 16_000


@pytest.fixture(scope="module")
def mixture(heard: Heard) -> NDArray[np.float32]:
    return heard("museum_guide.wav")


@pytest.fixture(scope="module")
def speech(heard: Heard) -> NDArray[np.float32]:
    return heard("museum_guide.reference.flac")


def test_it_is_speechmos_own_opinion(mixture: NDArray[np.float32]) -> None:
    from speechmos import dnsmos as reference

    signal = mixture[:WINDOW]
    expected = reference.run(signal, RATE)
    found = dnsmos(signal, 1.0)
    for ours, theirs in (("sig", "sig_mos"), ("bak", "bak_mos"), ("ovrl", "ovrl_mos")):
        assert found[f"dnsmos_{ours}"] == pytest.approx(expected[theirs], abs=1e-3)


def test_speech_alone_is_liked_better_than_with_music(
    mixture: NDArray[np.float32], speech: NDArray[np.float32]
) -> None:
    with_music, without = (dnsmos(signal[:WINDOW], 9) for signal in (mixture, speech))
    assert set(without) == set(CALIBRATION)
    for name, score in without.items():
        assert 1 <= with_music[name] + 0.5 < score <= 5


def test_a_short_signal_is_repeated_until_it_fills_the_window(
    speech: NDArray[np.float32],
) -> None:
    bit = speech[RATE : 3 * RATE]
    assert dnsmos(bit, 9) == dnsmos(np.tile(bit, 5)[:WINDOW], 9)


def test_the_score_is_the_mean_over_the_windows(mixture: NDArray[np.float32]) -> None:
    two = dnsmos(mixture[: WINDOW + 2 * RATE], 2)["dnsmos_bak"]
    first = dnsmos(mixture[:WINDOW], 2)["dnsmos_bak"]
    second = dnsmos(mixture[2 * RATE : WINDOW + 2 * RATE], 2)["dnsmos_bak"]
    assert two == pytest.approx((first + second) / 2)


def test_every_second_is_heard_and_no_window_is_further_than_asked(
    mixture: NDArray[np.float32],
) -> None:
    signal = mixture[: WINDOW + 3 * RATE]
    parts = [dnsmos(part, 9)["dnsmos_bak"] for part in (signal[:WINDOW], signal[-WINDOW:])]
    assert dnsmos(signal, 9)["dnsmos_bak"] == pytest.approx(np.mean(parts))
    between = round(1.5 * RATE)
    parts.append(dnsmos(signal[between : between + WINDOW], 9)["dnsmos_bak"])
    assert dnsmos(signal, 1.5)["dnsmos_bak"] == pytest.approx(np.mean(parts))


def test_what_is_over_full_scale_is_heard_clipped(speech: NDArray[np.float32]) -> None:
    hot = np.float32(20) * speech[:WINDOW]
    assert np.abs(hot).max() > 1
    assert dnsmos(hot, 9) == dnsmos(np.clip(hot, -1, 1), 9)


@pytest.mark.parametrize("frames", [0, 1, 6_399])
def test_less_than_0_4_seconds_is_too_short(frames: int) -> None:
    with pytest.raises(Undefined, match="too_short"):
        dnsmos(np.ones(frames, np.float32), 3)


def test_silence_has_no_listeners() -> None:
    with pytest.raises(Undefined, match="silent"):
        dnsmos(np.zeros(RATE, np.float32), 3)
