from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from stemsilver.config import Profile
from stemsilver.evaluation import music
from stemsilver.evaluation.downmix import Downmix
from stemsilver.evaluation.vad import RATE
from stemsilver.records import Audio, Timeline

from .conftest import Signal

Detect = Callable[..., Timeline]


@pytest.fixture(scope="module")
def timeline(profile: Profile) -> Detect:
    """`timeline(signal)`, of one channel or more."""

    def detect(signal: Signal, rate: int = RATE) -> Timeline:
        audio = Audio(np.atleast_2d(signal), rate)
        return music.timeline(Downmix(audio), profile.evaluation.music)

    return detect


def test_music_is_told_from_speech_and_when_it_plays(
    speech: Signal, backing: Signal, timeline: Detect
) -> None:
    found = timeline(np.concatenate([speech, backing]))
    assert found.hop == 0.01
    values = np.array(found.values)
    assert values.size * found.hop == pytest.approx(12, abs=0.05)
    assert ((values >= 0) & (values <= 1)).all()
    half = values.size // 2
    assert values[: half - 50].mean() < 0.2
    assert values[half + 50 :].mean() > 0.8


def test_it_keeps_nothing_of_an_earlier_signal_and_hears_the_mean_of_channels_at_any_rate(
    speech: Signal, backing: Signal, timeline: Detect
) -> None:
    alone = timeline(speech)
    plain = timeline(backing)
    assert timeline(speech) == alone
    assert timeline(np.stack([1.5 * backing, 0.5 * backing])) == plain
    assert len(timeline(backing.repeat(2), 2 * RATE).values) == pytest.approx(598, abs=1)
