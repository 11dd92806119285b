"""Whose voice it is, and its pitch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from voices import track_raised

from stemsilver.cleaning import chain
from stemsilver.config import Profile
from stemsilver.evaluation.downmix import Downmix
from stemsilver.evaluation.voice.identity import MAX_STRETCHES, STRETCH, voice_stretches
from stemsilver.evaluation.voice.pitch import FRAME, pitch_correlation, voiced_kept
from stemsilver.evaluation.voice.scores import (
    HeardVoice,
    against_batch,
    hear,
    heard_voice,
    voice_scores,
)
from stemsilver.records import Audio, Evidence, Failure, ItemResult, MusicRange, Score
from stemsilver.step_cache import UNCACHED

from .conftest import Heard, Render, Signal

RATE = 16_000
NIGHT = "sequential/night_train"
"""Its music begins in the middle."""

PUBLISHED = Path(__file__).with_name("resemblyzer.json")
"""What Resemblyzer 0.1.4 makes of 1.6 s of a render at a power of 0.001, by the first frame."""


def voice_in(signal: Signal) -> HeardVoice:
    found = heard_voice(json.loads(json.dumps(hear(Downmix(Audio(signal[np.newaxis], RATE))))))
    assert isinstance(found, HeardVoice)
    return found


def values(scores: Mapping[str, Score]) -> dict[str, float | str | None]:
    return {name: one.reason if one.value is None else one.value for name, one in scores.items()}


@pytest.fixture(scope="module")
def raw(heard: Heard) -> Signal:
    return heard(f"{NIGHT}.wav")


@pytest.fixture(scope="module")
def clean(render: Render, profile: Profile) -> Signal:
    """What the default profile makes of the render."""
    cleaned = chain.clean(render(f"{NIGHT}.wav"), "a digest", profile.chain, UNCACHED)
    return Downmix(cleaned.speech).at(RATE)


@pytest.fixture(scope="module")
def music(raw: Signal) -> tuple[MusicRange, ...]:
    seconds = raw.size / RATE
    return (MusicRange(seconds / 2, seconds),)


# --- identity


def test_the_network_hears_what_the_published_one_does(heard: Heard) -> None:
    signal = heard("museum_guide.reference.flac")
    found = {one.start: one.voice for one in voice_stretches(signal, np.ones(10_000, np.bool_))}
    for start, published in json.loads(PUBLISHED.read_text()).items():
        np.testing.assert_allclose(found[int(start)], published, atol=2e-3)


def test_a_cleaned_voice_is_its_own_and_not_another(
    raw: Signal, clean: Signal, music: tuple[MusicRange, ...], heard: Heard, render: Render
) -> None:
    before, after = voice_in(raw), voice_in(clean)
    other = voice_in(np.resize(heard("batched/product_tour.reference.flac"), raw.size))
    truth = render(f"{NIGHT}.reference.flac")
    late = Audio(np.pad(truth.array, ((0, 0), (truth.rate // 3, 0))), truth.rate)
    for reference in (truth, late):
        own, swapped = (
            voice_scores(before, one, music, reference).scores for one in (after, other)
        )
        for name in ("voice_similarity", "voice_similarity_to_truth"):
            assert (own[name].value or 0) > 0.9
            assert (swapped[name].value or 1) < 0.8
    everywhere = (MusicRange(0, raw.size / RATE),)
    scores = values(voice_scores(before, after, everywhere, None).scores)
    assert scores["voice_similarity"] == "too_little_speech_without_music"
    assert scores["voiced_kept"] == "too_little_voiced_speech_without_music"
    assert scores["voice_similarity_to_truth"] == "no_reference"


def test_the_level_does_not_matter_and_an_hour_has_as_many_stretches_as_a_minute(
    clean: Signal,
) -> None:
    long = np.resize(clean, 200 * RATE)
    speech = np.ones(20_000, np.bool_)
    found = voice_stretches(long, speech)
    assert MAX_STRETCHES / 2 <= len(found) <= MAX_STRETCHES
    # A file that is a little shorter is compared at the same times.
    shorter = voice_stretches(np.float32(0.01) * long[: -RATE // 2], speech)
    starts = {one.start: one.voice for one in found}
    for one in shorter:
        np.testing.assert_allclose(one.voice, starts[one.start], atol=1e-3)
    assert voice_stretches(clean[: STRETCH - 1], speech) == ()


def item(name: str, voice: tuple[float, ...] | None) -> ItemResult:
    if voice is None:
        return ItemResult(name, name, name, failure=Failure("unreadable", "no", "none"))
    scores = {"voice_similarity_to_batch": Score.missing("no_other_voice_in_the_batch")}
    return ItemResult(name, name, name, evidence=Evidence(scores, voice=voice))


def test_a_voice_is_compared_with_the_mean_of_the_others() -> None:
    def found(*voices: tuple[float, ...] | None) -> list[float | None]:
        items = against_batch([item(str(number), one) for number, one in enumerate(voices)])
        return [
            None if one.evidence is None else one.evidence.scores["voice_similarity_to_batch"].value
            for one in items
        ]

    one, other = (1.0, 0.0), (0.0, 1.0)
    half = pytest.approx(np.sqrt(0.5))
    assert found(one, one, None, other, ()) == [half, half, None, 0.0, None]
    assert found(one, None, ()) == [None, None, None]


# --- pitch


def test_a_planted_shift_of_the_pitch_is_told_from_cleaning(raw: Signal, clean: Signal) -> None:
    before = voice_in(raw).pitch
    kept, semitone, two = (
        pitch_correlation(before, track_raised(clean, number)) for number in (0, 1, 2)
    )
    assert kept > 0.99 > semitone > two


def test_an_octave_is_the_detectors_error_and_does_not_count(clean: Signal) -> None:
    track = voice_in(clean).pitch
    jumping = tuple(hz * (2 if frame % 3 else 1) for frame, hz in enumerate(track.hz))
    assert pitch_correlation(track, replace(track, hz=jumping)) == pytest.approx(1)


def test_lost_speech_is_counted_where_raw_has_no_music(
    raw: Signal, clean: Signal, music: tuple[MusicRange, ...]
) -> None:
    before = voice_in(raw).pitch
    assert voiced_kept(before, voice_in(clean).pitch, music) > 0.9
    muted = clean.copy()
    start, stop = round(0.1 * raw.size), round(0.3 * raw.size)
    muted[start:stop] = 0
    frames = slice(round(start / RATE / FRAME), round(stop / RATE / FRAME))
    sure = np.array(before.confidence[: round(raw.size / 2 / RATE / FRAME)]) >= 0.9
    lost = sure[frames].sum() / sure.sum()
    assert lost > 0.2
    assert voiced_kept(before, voice_in(muted).pitch, music) == pytest.approx(1 - lost, abs=0.05)
