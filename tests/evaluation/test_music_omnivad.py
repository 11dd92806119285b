from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from stemsilver.config import Profile
from stemsilver.evaluation import music
from stemsilver.evaluation.downmix import Downmix
from stemsilver.evaluation.undefined import Undefined
from stemsilver.evaluation.vad import RATE
from stemsilver.records import Audio, Timeline

Heard = Callable[[str], NDArray[np.float32]]


@pytest.fixture(scope="module")
def speech(heard: Heard) -> NDArray[np.float32]:
    return heard("museum_guide.reference.flac")[: 6 * RATE]


@pytest.fixture(scope="module")
def backing(heard: Heard) -> NDArray[np.float32]:
    """The music of a render, without its speech."""
    mixture, speech = (heard(f"museum_guide.{kind}") for kind in ("wav", "reference.flac"))
    return (mixture - speech)[: 6 * RATE]


@pytest.fixture(scope="module")
def timeline(profile: Profile) -> Callable[[NDArray[np.float32]], Timeline]:
    """`timeline(signal)`, of a signal in one channel at 16 kHz."""
    return lambda signal: music.timeline(
        Downmix(Audio(signal[None], RATE)), profile.evaluation.music
    )


def test_music_is_told_from_speech_and_when_it_plays(
    speech: NDArray[np.float32],
    backing: NDArray[np.float32],
    timeline: Callable[[NDArray[np.float32]], Timeline],
) -> None:
    found = timeline(np.concatenate([speech, backing]))
    assert found.hop == 0.01
    values = np.array(found.values)
    assert values.size * found.hop == pytest.approx(12, abs=0.05)
    assert ((values >= 0) & (values <= 1)).all()
    half = values.size // 2
    assert values[: half - 50].mean() < 0.2
    assert values[half + 50 :].mean() > 0.8


def test_the_detector_keeps_nothing_of_an_earlier_signal(
    speech: NDArray[np.float32],
    backing: NDArray[np.float32],
    timeline: Callable[[NDArray[np.float32]], Timeline],
) -> None:
    alone = timeline(speech)
    timeline(backing)
    assert timeline(speech) == alone


def test_a_stereo_render_at_any_rate_is_heard_as_its_mean(
    backing: NDArray[np.float32],
    timeline: Callable[[NDArray[np.float32]], Timeline],
    profile: Profile,
) -> None:
    stereo = Audio(np.stack([2 * backing, np.zeros_like(backing)]), RATE)
    assert music.timeline(Downmix(stereo), profile.evaluation.music) == timeline(backing)
    twice = Audio(backing[None].repeat(2, axis=1), 2 * RATE)
    assert len(music.timeline(Downmix(twice), profile.evaluation.music).values) == pytest.approx(
        598, abs=1
    )


@pytest.mark.parametrize("frames", [0, 1, 1_599])
def test_less_than_0_1_seconds_is_too_short(
    frames: int, timeline: Callable[[NDArray[np.float32]], Timeline]
) -> None:
    with pytest.raises(Undefined, match="too_short"):
        timeline(np.full(frames, 0.1, np.float32))


def test_the_shortest_signal_allowed_is_heard(
    timeline: Callable[[NDArray[np.float32]], Timeline],
) -> None:
    signal = np.random.default_rng(22).normal(0, 0.1, 1_600).astype(np.float32)
    assert timeline(signal).values
