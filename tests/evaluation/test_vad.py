from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from stemsilver.evaluation import vad
from stemsilver.evaluation.undefined import Undefined
from stemsilver.signals import blocks

from .conftest import Signal

RATE = vad.RATE


def spoken(signal: Signal) -> NDArray[np.bool_]:
    return vad.hear([signal[np.newaxis]]).speech


def test_speech_is_found_where_it_is_and_neither_silence_nor_music_is_speech(
    speech: Signal, backing: Signal
) -> None:
    pause = np.zeros(2 * RATE, np.float32)
    flags = spoken(np.concatenate([pause, speech, pause]))
    assert flags.shape == (1000,)
    assert not flags[:150].any()
    assert not flags[-150:].any()
    assert flags[200:800].mean() > 0.6
    assert not spoken(pause).any()
    assert not spoken(backing).any()


def test_the_detector_keeps_nothing_of_an_earlier_signal(speech: Signal, backing: Signal) -> None:
    alone = spoken(speech)
    spoken(backing)
    np.testing.assert_array_equal(spoken(speech), alone)


def test_a_long_signal_is_heard_in_pieces_as_at_once(
    speech: Signal, backing: Signal, monkeypatch: pytest.MonkeyPatch
) -> None:
    signal = np.concatenate([speech, backing, speech, backing, speech])
    at_once = vad.hear([signal[np.newaxis]])
    monkeypatch.setattr(vad, "PIECE_SECONDS", 3)
    in_pieces = vad.hear(blocks(signal[np.newaxis], 5_000))
    np.testing.assert_array_equal(in_pieces.speech, at_once.speech)
    np.testing.assert_array_equal(in_pieces.powers, at_once.powers)
    np.testing.assert_allclose(in_pieces.events, at_once.events, atol=2e-4)


def test_the_powers_are_those_of_whole_frames(speech: Signal) -> None:
    powers = vad.hear(blocks(speech[np.newaxis, :16_159])).powers
    assert powers.shape == (100,)
    assert powers[7] == pytest.approx(np.square(speech[1_120:1_280].astype(np.float64)).mean())


def test_less_than_0_1_seconds_is_too_short() -> None:
    signal = np.random.default_rng(22).normal(0, 0.1, 1_600).astype(np.float32)
    assert spoken(signal).shape == (10,)
    for frames in (0, 1_599):
        with pytest.raises(Undefined, match="too_short"):
            spoken(signal[:frames])
