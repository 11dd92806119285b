"""A render without music is left alone but for its level; music of two seconds is found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from stemsilver import Audio, Cleaned, clean
from stemsilver.evaluation import suite
from stemsilver.evaluation.music.ranges import music_ranges
from stemsilver.records import Samples, Timeline
from stemsilver.step_cache import UNCACHED

from .batches import DEMO, embedded

SHARED = DEMO.parents[1] / "shared" / "data"


def read(path: Path) -> Audio:
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return Audio(np.ascontiguousarray(samples.T), rate)


def demo(name: str) -> tuple[Audio, Samples]:
    """The speech of a demo render, and its music."""
    mixture, speech = (read(DEMO / f"{name}.{kind}") for kind in ("wav", "reference.flac"))
    return speech, mixture.array - speech.array


def db_from_one_gain(result: Cleaned, raw: Audio) -> float:
    before, after = (one.astype(np.float64) for one in (raw.array, result.speech.array))
    wanted = before * (before * after).sum() / np.square(before).sum()
    rest = np.square(after - wanted).sum()
    return float(10 * np.log10(np.square(wanted).sum() / max(float(rest), 1e-20)))


def hiss(shape: tuple[int, ...], level: float) -> NDArray[np.float32]:
    return np.random.default_rng(7).normal(0, level, shape).astype(np.float32)


@pytest.mark.parametrize("name", ["safety_briefing", "sequential/sound_collector", "hissing"])
def test_speech_alone_gets_one_gain(name: str) -> None:
    speech, _ = demo("safety_briefing" if name == "hissing" else name)
    noise = hiss(speech.array.shape, 0.001 if name == "hissing" else 0)
    raw = Audio(speech.array + noise, speech.rate)
    result = clean(raw)
    assert result.lacks == "music"
    assert db_from_one_gain(result, raw) > 60
    assert not result.removed.array.any()
    assert "only the level was changed" in result.notes[0]
    forced = clean(raw, embedded().cleaning_everything())
    assert forced.lacks is None
    assert db_from_one_gain(forced, raw) < 60


@pytest.mark.parametrize(
    ("name", "snr"), [("batched/lighthouse_chapter", 20), ("museum_guide", 10), ("night", 0)]
)
def test_two_seconds_of_music_are_found_and_cleaned(name: str, snr: float) -> None:
    speech, music = demo("sequential/night_train" if name == "night" else name)
    # The music of the night train begins half-way.
    start, stop = (round(at * speech.rate) for at in (9, 11))
    short = np.zeros_like(music)
    short[:, start:stop] = music[:, start:stop]
    loud = np.sqrt(np.square(speech.array).mean() / np.square(music[:, start:stop]).mean())
    raw = Audio(speech.array + np.float32(loud * 10 ** (-snr / 20)) * short, speech.rate)
    assert clean(raw).lacks is None


@pytest.mark.parametrize(
    ("name", "start"), [("night_train", 8.07), ("bread_recipe", 0.0), ("podcast_intro", 0.0)]
)
def test_the_second_at_which_music_enters(name: str, start: float) -> None:
    raw = read(DEMO / "sequential" / f"{name}.wav")
    found = suite.find_music(raw, "", embedded().evaluation, UNCACHED)
    [music] = found.ranges
    assert music.start == pytest.approx(start, abs=0.3)
    assert music.end == pytest.approx(raw.duration, abs=0.05)
    snr = {"night_train": 0.0, "bread_recipe": 6.0, "podcast_intro": 12.0}[name]
    assert music.level_db == pytest.approx(-snr, abs=2)


@pytest.mark.parametrize(
    ("values", "ranges"),
    [
        ((0, 0.2, 0.4, 0.2, 0, 0.4), [(1, 4), (5, 5.5)]),  # hysteresis; the last hop is short
        ((0.2, 0.2, 0.2, 0, 0, 0), []),  # never reaches `enter`
        ((0.4, 0.4, 0, 0.4, 0, 0), [(0, 4)]),  # a gap is closed
    ],
)
def test_stretches_of_a_timeline(
    values: tuple[float, ...], ranges: list[tuple[float, float]]
) -> None:
    gap = 1.5 if ranges == [(0, 4)] else 0.5
    settings = embedded().evaluation.music_ranges.model_copy(update={"gap_seconds": gap})
    found = music_ranges(Timeline(1.0, values), settings, 5.5)
    assert [(one.start, one.end) for one in found] == ranges


@pytest.mark.parametrize(
    ("what", "expected"), [("whisper", True), ("word_0.3s", True), ("music", False)]
)
def test_speech_is_told_from_music_alone(what: str, expected: bool) -> None:
    if what == "music":
        speech, music = demo("sequential/sound_collector")
        raw = Audio(music, speech.rate)
    else:
        case = SHARED / "cases" / f"{what}.wav"
        if not case.is_file():
            pytest.skip("the shared cases are not here")
        raw = read(case)
    found = suite.find_music(raw, "", embedded().evaluation, UNCACHED)
    assert found.has_speech is expected
