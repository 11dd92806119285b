"""Whisper base, of the two packages that carry it, on speech of other languages than English."""

from __future__ import annotations

import numpy as np
import pytest

from stemsilver import config
from stemsilver.config import Profile
from stemsilver.config.languages import LANGUAGES
from stemsilver.evaluation import asr, suite
from stemsilver.evaluation.downmix import Downmix
from stemsilver.evaluation.words.scores import word_scores
from stemsilver.records import Audio
from stemsilver.report import language_name
from stemsilver.step_cache import UNCACHED

from .conftest import REPOSITORY, Signal
from .espeak import SAID, speak


@pytest.fixture(scope="module")
def multilingual() -> Profile:
    """The profile, with a faster search."""
    profile = config.load(REPOSITORY / "config" / "multilingual.yaml")
    recogniser = profile.evaluation.asr.model_copy(update={"beam_size": 1})
    evaluation = profile.evaluation.model_copy(update={"asr": recogniser})
    return profile.model_copy(update={"evaluation": evaluation})


def said(language: str) -> Signal:
    return Downmix(speak(language, SAID[language])).at(asr.RATE)


@pytest.mark.parametrize("language", SAID)
def test_a_language_is_detected_under_music_and_its_words_are_compared(
    language: str, music_alone: Signal, multilingual: Profile
) -> None:
    speech = said(language)
    music = np.resize(music_alone, speech.size)
    level = np.sqrt(np.mean(speech**2) / np.mean(music**2))
    heard = asr.transcribe(speech + np.float32(0.5 * level) * music, multilingual.evaluation.asr)
    assert heard.language == language
    found = word_scores(heard, heard, SAID[language], english_only=False)
    assert (found.language, found.scores["wer_raw_to_clean"].value) == (language, 0)
    # Not null: it is the script, and Japanese is compared by letters.
    assert found.scores["clean_script_wer"].value is not None


def test_clean_is_heard_in_the_language_of_raw(multilingual: Profile) -> None:
    heard = []
    for language in ("de", "es"):
        audio = Audio(said(language)[np.newaxis], asr.RATE)
        before = heard[0].language if heard else None
        heard.append(suite.measure(audio, language, multilingual.evaluation, UNCACHED, before))
    assert [one.language for one in heard] == ["de", "de"]


def test_the_profile_is_the_default_one_but_for_its_recogniser(profile: Profile) -> None:
    other = config.load(REPOSITORY / "config" / "multilingual.yaml")
    own = {"name": other.name, "description": other.description, "evaluation": other.evaluation}
    assert profile.model_copy(update=own) == other
    recogniser = {"asr": other.evaluation.asr}
    assert profile.evaluation.model_copy(update=recogniser) == other.evaluation


def test_every_language_has_a_name() -> None:
    assert [code for code in LANGUAGES if language_name(code) == code] == []
