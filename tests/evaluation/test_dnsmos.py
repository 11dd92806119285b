from __future__ import annotations

import numpy as np
import pytest

from stemsilver.evaluation.dnsmos import CALIBRATION, WINDOW, dnsmos
from stemsilver.evaluation.undefined import Undefined

from .conftest import Heard, Signal

RATE = 16_000


@pytest.fixture(scope="module")
def mixture(heard: Heard) -> Signal:
    return heard("museum_guide.wav")


@pytest.fixture(scope="module")
def speech(heard: Heard) -> Signal:
    return heard("museum_guide.reference.flac")


def test_it_is_speechmos_own_opinion(mixture: Signal) -> None:
    from speechmos import dnsmos as reference

    signal = mixture[:WINDOW]
    expected = reference.run(signal, RATE)
    found = dnsmos(signal, 1.0)
    assert set(found) == set(CALIBRATION)
    for name in ("sig", "bak", "ovrl"):
        assert found[f"dnsmos_{name}"] == pytest.approx(expected[f"{name}_mos"], abs=1e-3)


def test_a_short_signal_is_repeated_until_it_fills_the_window(
    speech: Signal,
) -> None:
    bit = speech[RATE : 3 * RATE]
    assert dnsmos(bit, 9) == dnsmos(np.tile(bit, 5)[:WINDOW], 9)


def test_the_score_is_the_mean_of_windows_no_further_apart_than_asked(mixture: Signal) -> None:
    signal = mixture[: WINDOW + 3 * RATE]

    def bak(signal: Signal, hop_seconds: float = 9) -> float:
        return dnsmos(signal, hop_seconds)["dnsmos_bak"]

    parts = [bak(part) for part in (signal[:WINDOW], signal[-WINDOW:])]
    assert bak(signal) == pytest.approx(np.mean(parts))
    between = round(1.5 * RATE)
    parts.append(bak(signal[between : between + WINDOW]))
    assert bak(signal, 1.5) == pytest.approx(np.mean(parts))


def test_what_is_over_full_scale_is_heard_clipped(speech: Signal) -> None:
    hot = np.float32(20) * speech[:WINDOW]
    assert np.abs(hot).max() > 1
    assert dnsmos(hot, 9) == dnsmos(np.clip(hot, -1, 1), 9)


def test_less_than_0_4_seconds_is_too_short() -> None:
    with pytest.raises(Undefined, match="too_short"):
        dnsmos(np.ones(6_399, np.float32), 3)
