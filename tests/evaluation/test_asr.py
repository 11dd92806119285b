from __future__ import annotations

import numpy as np
import pytest

from stemsilver.config import Profile
from stemsilver.evaluation.asr import RATE, transcribe
from stemsilver.evaluation.wer import align, wer
from stemsilver.records import Transcript

from .conftest import Heard, Signal


@pytest.fixture(scope="module")
def transcript(heard: Heard, profile: Profile) -> Transcript:
    return transcribe(heard("sequential/sound_collector.reference.flac"), profile.evaluation.asr)


def test_speech_alone_is_heard_as_written(transcript: Transcript, script: str) -> None:
    assert wer(align("script", script, transcript)) <= 0.1


def test_words_follow_each_other_within_the_signal(transcript: Transcript, heard: Heard) -> None:
    assert transcript.text == " ".join(word.text for word in transcript.words)
    assert len(transcript.words) > 20
    starts = [word.start for word in transcript.words]
    ends = [word.end for word in transcript.words]
    assert starts == sorted(starts)
    assert ends == sorted(ends)
    assert all(word.start <= word.end for word in transcript.words)
    seconds = heard("sequential/sound_collector.reference.flac").size / RATE
    assert starts[0] >= 0
    assert ends[-1] <= seconds + 0.05
    assert ends[-1] > 0.7 * seconds


def test_a_second_hearing_is_the_same(heard: Heard, profile: Profile) -> None:
    bit = heard("sequential/sound_collector.wav")[: 4 * RATE]
    assert transcribe(bit, profile.evaluation.asr) == transcribe(bit, profile.evaluation.asr)


def test_nothing_is_heard_in_silence_and_in_music_alone(
    music_alone: Signal, profile: Profile
) -> None:
    for signal in (*(np.zeros(frames, np.float32) for frames in (0, 1, RATE)), music_alone):
        assert transcribe(signal, profile.evaluation.asr) == Transcript("", ())
