from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from stemsilver.evaluation import vad
from stemsilver.evaluation.undefined import Undefined

Heard = Callable[[str], NDArray[np.float32]]
RATE = vad.RATE


@pytest.fixture(scope="module")
def speech(heard: Heard) -> NDArray[np.float32]:
    return heard("museum_guide.reference.flac")[: 6 * RATE]


@pytest.fixture(scope="module")
def music(heard: Heard) -> NDArray[np.float32]:
    mixture, speech = (heard(f"museum_guide.{kind}") for kind in ("wav", "reference.flac"))
    return (mixture - speech)[: 6 * RATE]


def test_speech_is_found_where_it_is(speech: NDArray[np.float32]) -> None:
    pause = np.zeros(2 * RATE, np.float32)
    flags = vad.speech_frames(np.concatenate([pause, speech, pause]))
    assert flags.shape == (1000,)
    assert not flags[:150].any()
    assert not flags[-150:].any()
    assert flags[200:800].mean() > 0.6


def test_neither_silence_nor_music_is_speech(music: NDArray[np.float32]) -> None:
    assert not vad.speech_frames(np.zeros(RATE, np.float32)).any()
    assert not vad.speech_frames(music).any()


def test_the_detector_keeps_nothing_of_an_earlier_signal(
    speech: NDArray[np.float32], music: NDArray[np.float32]
) -> None:
    alone = vad.speech_frames(speech)
    vad.speech_frames(music)
    np.testing.assert_array_equal(vad.speech_frames(speech), alone)


@pytest.mark.parametrize("frames", [0, 1, 1_599])
def test_less_than_0_1_seconds_is_too_short(frames: int) -> None:
    signal = np.full(frames, 0.1, np.float32)
    with pytest.raises(Undefined, match="too_short"):
        vad.speech_frames(signal)


def test_the_shortest_signal_allowed_is_heard() -> None:
    signal = np.random.default_rng(22).normal(0, 0.1, 1_600).astype(np.float32)
    assert vad.speech_frames(signal).shape == (10,)
