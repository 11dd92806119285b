from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from stemsilver.evaluation.si_sdr import si_sdr_db as si_sdr_of
from stemsilver.evaluation.undefined import Undefined

RNG = np.random.default_rng(20)
SPEECH = RNG.normal(0, 0.1, 8_000).astype(np.float32)
NOISE = RNG.normal(0, 0.1, 8_000).astype(np.float32)


def si_sdr_db(estimate: NDArray[np.float32], reference: NDArray[np.float32]) -> float:
    return si_sdr_of(estimate[np.newaxis], reference[np.newaxis])


def orthogonal(noise: NDArray[np.float32], to: NDArray[np.float32]) -> NDArray[np.float64]:
    """What of the noise has nothing in common with the other signal, nor a mean."""
    centred, other = noise.astype(np.float64) - noise.mean(), to.astype(np.float64) - to.mean()
    return centred - (centred @ other) / (other @ other) * other


@pytest.mark.parametrize("decibels", [-20.0, 0.0, 40.0])
def test_noise_of_a_known_level_reads_as_that_level(decibels: float) -> None:
    noise = orthogonal(NOISE, SPEECH)
    speech = SPEECH - SPEECH.mean()
    noise *= np.linalg.norm(speech) / np.linalg.norm(noise) * 10 ** (-decibels / 20)
    estimate = (speech + noise).astype(np.float32)
    assert si_sdr_db(estimate, SPEECH) == pytest.approx(decibels, abs=1e-3)


def test_a_long_signal_is_read_in_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    estimate = SPEECH + np.float32(0.3) * NOISE
    whole = si_sdr_db(estimate, SPEECH)
    monkeypatch.setattr("stemsilver.evaluation.si_sdr.STRETCH", 999)
    assert si_sdr_db(estimate, SPEECH) == pytest.approx(whole, abs=1e-9)


@given(gain=st.floats(1e-3, 1e3), offset=st.floats(-0.5, 0.5), inverted=st.booleans())
def test_neither_level_nor_offset_nor_polarity_counts(
    gain: float, offset: float, inverted: bool
) -> None:
    estimate = SPEECH + np.float32(0.3) * NOISE
    moved = (-1 if inverted else 1) * gain * (estimate.astype(np.float64) + offset)
    assert si_sdr_db(moved.astype(np.float32), SPEECH) == pytest.approx(
        si_sdr_db(estimate, SPEECH), abs=0.01
    )


@pytest.mark.parametrize("gain", [1.0, -2.0])
def test_identical_signals_have_no_finite_ratio(gain: float) -> None:
    with pytest.raises(Undefined, match="identical"):
        si_sdr_db(np.float32(gain) * SPEECH, SPEECH)


@pytest.mark.parametrize("silence", [np.zeros(8_000, np.float32), np.full(8_000, 0.5, np.float32)])
def test_silence_has_no_ratio(silence: NDArray[np.float32]) -> None:
    with pytest.raises(Undefined, match="silent"):
        si_sdr_db(silence, SPEECH)
    with pytest.raises(Undefined, match="silent"):
        si_sdr_db(SPEECH, silence)


def test_signals_that_share_nothing_say_so() -> None:
    early, late = np.zeros(8, np.float32), np.zeros(8, np.float32)
    early[:4], late[4:] = (1, -1, 1, -1), (1, -1, 1, -1)
    with pytest.raises(Undefined, match="nothing in common"):
        si_sdr_db(early, late)
