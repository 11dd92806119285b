"""The places to listen to first: what was planted into a cleaned mixture is found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt

from stemsilver.audio import decode
from stemsilver.cleaning import chain
from stemsilver.config import Profile
from stemsilver.dsp.stft import Stft
from stemsilver.evaluation import vad
from stemsilver.evaluation.artefacts import Departure, departure
from stemsilver.evaluation.artefacts.places import HEARD_DB, worst_places
from stemsilver.evaluation.downmix import Downmix
from stemsilver.evaluation.music.ranges import runs
from stemsilver.evaluation.undefined import NO_SPEECH, SILENT
from stemsilver.records import Audio, Cleaned, Samples
from stemsilver.step_cache import Steps

from .conftest import REPOSITORY

MIXTURE = REPOSITORY.parent / "shared" / "data" / "mixtures" / "lj-etr2-10db.mix.flac"
AT = 4.0
Spans = list[tuple[float, float]]
pytestmark = pytest.mark.skipif(not MIXTURE.is_file(), reason="the shared mixtures are not here")


def dropped(speech: Samples, rate: int) -> Samples:
    return np.zeros_like(speech)


def muffled(speech: Samples, rate: int) -> Samples:
    low = butter(6, 1500, fs=rate, output="sos")
    return sosfiltfilt(low, speech).astype(np.float32)


def musical_noise(speech: Samples, rate: int) -> Samples:
    transform = Stft.at_rate(2048, 512, rate)
    spectrum = transform.forward(speech)
    kept = np.random.default_rng(1).random(spectrum.shape) < 0.4
    return transform.inverse((spectrum * kept).astype(np.complex64), speech.shape[1])


@pytest.fixture(scope="module")
def cleaned(profile: Profile) -> tuple[Audio, Cleaned, Spans]:
    raw = decode(MIXTURE, 1)
    result = chain.clean(raw, "a digest", profile.chain, Steps(None))
    spoken = Downmix(result.speech).heard.speech
    return raw, result, [(start * vad.HOP, end * vad.HOP) for start, end in runs(spoken)]


def measured(cleaned: tuple[Audio, Cleaned, Spans], clean: Samples) -> Departure:
    raw, result, spans = cleaned
    return departure(raw, Audio(clean, raw.rate), result.stage_a, spans)


def value(found: Departure) -> float:
    assert found.score.value is not None
    return found.score.value


@pytest.mark.parametrize(
    ("spoil", "seconds"), [(dropped, 0.2), (muffled, 1.0), (musical_noise, 1.0)]
)
def test_a_planted_artefact_is_a_place_and_makes_the_score_worse(
    cleaned: tuple[Audio, Cleaned, Spans],
    spoil: Callable[[Samples, int], Samples],
    seconds: float,
) -> None:
    raw, result, _ = cleaned
    clean = result.speech.array
    ends = round(AT * raw.rate), round((AT + seconds) * raw.rate)
    inside = np.zeros(clean.shape[1])
    inside[slice(*ends)] = 1
    fade = np.hanning(raw.rate // 50)
    share = np.convolve(inside, fade / fade.sum(), "same").astype(np.float32)
    found = measured(cleaned, (1 - share) * clean + share * spoil(clean, raw.rate))
    assert any(one.start < AT + seconds and one.end > AT for one in found.places)
    assert len(found.places) <= 3
    before = measured(cleaned, clean)
    assert value(found) > value(before)
    assert not any(one.start < AT + seconds and one.end > AT for one in before.places)
    assert found.timeline is not None
    worst = np.argmax(found.timeline.values) * found.timeline.hop
    assert AT - 0.3 < worst < AT + seconds + 0.3


def test_the_level_does_not_count_and_what_was_left_alone_has_no_place(
    cleaned: tuple[Audio, Cleaned, Spans],
) -> None:
    raw, result, _ = cleaned
    clean = result.speech.array
    assert value(measured(cleaned, clean / 4)) == pytest.approx(value(measured(cleaned, clean)))
    alone = measured(cleaned, raw.array * 3)
    assert (value(alone), alone.places) == (pytest.approx(0, abs=0.01), ())


def test_without_speech_there_is_nothing_to_depart_from(
    cleaned: tuple[Audio, Cleaned, Spans],
) -> None:
    raw, result, spans = cleaned
    silent = replace(result.speech, samples=np.zeros_like(raw.array))
    assert departure(raw, silent, result.stage_a, spans).score.reason == SILENT
    speechless = departure(raw, result.speech, result.stage_a, [])
    assert speechless.score.reason == NO_SPEECH
    assert (speechless.timeline, speechless.places) == (None, ())


def test_places_are_few_apart_and_loud_enough_to_be_heard() -> None:
    values = np.zeros(1000)
    for at, height in ((100, 20.0), (130, 19.0), (400, 12.0), (600, 9.0), (800, 10.0)):
        values[at : at + 10] = height
    values[300:340] = HEARD_DB - 0.1
    found = worst_places(values, 0.02)
    assert [(one.start, one.end, one.departure_db) for one in found] == [
        (2.0, 2.2, 20.0),
        (8.0, 8.2, 12.0),
        (16.0, 16.2, 10.0),
    ]
    assert worst_places(np.zeros(0), 0.02) == ()
