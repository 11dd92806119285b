"""Word error rates where a recogniser that knows English alone may not understand the speech."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from stemsilver.audio import decode
from stemsilver.config import Profile
from stemsilver.evaluation import asr
from stemsilver.evaluation.asr.loops import without_loops
from stemsilver.evaluation.downmix import Downmix
from stemsilver.evaluation.words.english import ENGLISH_ONLY, SURE, is_foreign
from stemsilver.evaluation.words.recovered import lost_and_recovered
from stemsilver.evaluation.words.scores import NOT_THE_SCRIPT, WordScores, word_scores
from stemsilver.records import Score, Transcript, Word

from .conftest import REPOSITORY, Heard
from .espeak import SAID, speak

CASES = REPOSITORY.parent / "shared" / "data" / "cases"
RAW = {"wer_raw_to_clean", "words_changed"}
SCRIPTED = {"raw_script_wer", "clean_script_wer", "words_lost", "words_recovered"}
NO_SCRIPT = Score.missing("no_script")
WELCOME = "Welcome to the museum. The tour begins at ten o'clock and takes about one hour."
GERMAN = "Willkommen im Museum. Die Führung beginnt um zehn Uhr und dauert etwa eine Stunde."


def transcript(text: str, confidence: float | None = 0.95, left_out: int = 0) -> Transcript:
    words = tuple(Word(word, place, place + 0.5) for place, word in enumerate(text.split()))
    return Transcript(text, words, "en", confidence, left_out)


def listen(file: Path, profile: Profile) -> Transcript:
    return asr.transcribe(Downmix(decode(file, 1)).at(asr.RATE), profile.evaluation.asr)


def judge(
    raw: Transcript, clean: Transcript | None = None, script: str | Score = NO_SCRIPT
) -> WordScores:
    return word_scores(raw, clean or raw, script, english_only=True)


def withdrawn(found: WordScores) -> set[str]:
    return {
        name
        for name, score in found.scores.items()
        if (score.reason or "").startswith(ENGLISH_ONLY)
    }


# --- loops


@pytest.mark.parametrize(
    ("heard", "kept"),
    [
        ("no, no, no, she said", "no, no, no, she said"),
        ("So no, no No. no no she said", "So no, she said"),
        (f"I heard {'thank you very much, and ' * 9}thank you", "I heard thank you very much, and"),
        (f"{'row your boat ' * 3}gently", f"{'row your boat ' * 3}gently"),
    ],
)
def test_of_a_loop_only_the_first_phrase_stays(heard: str, kept: str) -> None:
    words = heard.split()
    assert [words[index] for index in without_loops(words)] == kept.split()


# --- languages


@pytest.mark.skipif(not CASES.is_dir(), reason="the shared cases are not here")
def test_german_is_not_judged_and_a_whisper_is_with_a_script(profile: Profile) -> None:
    german = listen(CASES / "german.wav", profile)
    assert german.left_out > len(german.words)
    for script in (NO_SCRIPT, (CASES / "german.txt").read_text("utf-8"), "The night train leaves."):
        found = judge(german, script=script)
        assert withdrawn(found) == (RAW if script is NO_SCRIPT else RAW | SCRIPTED)
        assert found.alignments == ()
        assert ENGLISH_ONLY in found.notes[0]
    whisper = listen(CASES / "whisper.wav", profile)
    found = judge(whisper, script=(CASES / "whisper.txt").read_text("utf-8"))
    assert withdrawn(found) == set()
    assert 0 < (found.scores["clean_script_wer"].value or 0) < 0.8
    assert "unsure" in found.notes[0]


@pytest.mark.parametrize("voice", [*SAID, "en", "en-us", "en-029"])
def test_synthetic_voices_are_judged_in_english_only(voice: str, profile: Profile) -> None:
    script = SAID.get(voice, WELCOME)
    signal = Downmix(speak(voice, script)).at(asr.RATE)
    heard = asr.transcribe(signal, profile.evaluation.asr)
    english = voice.startswith("en")
    for beside, expected in ((NO_SCRIPT, RAW), (script, RAW | SCRIPTED)):
        found = judge(heard, script=beside)
        assert withdrawn(found) == (set() if english else expected)
        assert found.language == ("en" if english else None)


def test_a_transcript_that_reads_like_no_english_needs_a_surer_recogniser() -> None:
    spanish = "Para Aktivar, or desa kivar el modo modo. Para Salir, de la conferencea."
    english = "Press the star key to leave, and you will hear it again."
    for text, confidence, measured in (
        (spanish, 0.7, False),
        (spanish, 0.85, True),
        (english, 0.7, True),
    ):
        found = judge(transcript(text, confidence))
        assert (withdrawn(found) == set()) is measured


@pytest.mark.parametrize(
    "file",
    ["museum_guide.wav", "batched/weather_evening.wav", "sequential/bread_recipe.reference.flac"],
)
def test_english_stays_measured(file: str, heard: Heard, profile: Profile) -> None:
    said = asr.transcribe(heard(file), profile.evaluation.asr)
    assert said.confidence is not None
    assert said.confidence > SURE + 0.2
    assert judge(said).notes == ()


def test_loud_music_in_raw_alone_and_few_words_are_no_sign_of_another_language() -> None:
    raw, clean = transcript("we hear now a little more", 0.3), transcript("we hear it all well now")
    assert withdrawn(judge(raw, clean)) == set()
    assert withdrawn(judge(transcript("we hear it", 0.3))) == set()
    many = word_scores(raw, raw, NO_SCRIPT, english_only=False)
    assert {many.scores[name].value for name in RAW} == {0}
    assert "30 % in raw, 30 % in clean" in many.notes[0]


@pytest.mark.parametrize(
    ("script", "foreign"),
    [
        (GERMAN, True),
        ("Le vieux gardien montait les escaliers chaque nuit, une main sur le mur froid.", True),
        ("Добро пожаловать", True),
        (WELCOME, False),
        ("Warm milk, stir slowly.", False),
        ("", False),
    ],
)
def test_the_language_of_a_script(script: str, foreign: bool) -> None:
    assert is_foreign(script) is foreign


def test_a_script_in_another_language_needs_a_surer_recogniser() -> None:
    heard = transcript("we can come in and museum the hour bucket", 0.7)
    assert withdrawn(judge(heard, script=GERMAN)) == RAW | SCRIPTED
    assert withdrawn(judge(heard, script="The night train leaves.")) == set()


# --- another script


@pytest.mark.parametrize(
    ("raw", "clean", "measured"),
    [
        ("please stay calm and leave your bags", "please stay calm and leave your bags", False),
        ("the night train leaves the city", "please stay calm and leave your bags", True),
        ("please stay calm and leave your bags", "the night train leaves the city", True),
    ],
)
def test_a_script_that_neither_signal_says_is_not_compared(
    raw: str, clean: str, measured: bool
) -> None:
    found = judge(transcript(raw), transcript(clean), "The night train leaves the city.")
    for name in SCRIPTED:
        assert (found.scores[name].value is not None) is measured
        assert (found.scores[name].reason or "").startswith("" if measured else NOT_THE_SCRIPT)
    assert (found.scores["words_changed"].value == 0) is (raw == clean)
    assert [one.name for one in found.alignments][1:] == (
        ["script → raw", "script → clean"] if measured else []
    )
    assert ("script" in "".join(found.notes)) is not measured


# --- the words of the script


@pytest.mark.parametrize(
    ("raw", "clean", "lost", "recovered"),
    [
        ("the night train leaves the city", "the night train leaves the city", [], []),
        ("the light train leaves a city", "the night train leaves the city", [], ["night", "the"]),
        ("the night train leaves the city", "the night rain leaves city", ["train", "the"], []),
        ("well the night brain leaves", "the nine train leaves the city now", ["night"],
         ["train", "the", "city"]),
    ],
)  # fmt: skip
def test_words_of_the_script_are_lost_or_recovered(
    raw: str, clean: str, lost: list[str], recovered: list[str]
) -> None:
    found = judge(transcript(raw), transcript(clean), "The night train leaves the city.")
    _, *both = found.alignments
    words = lost_and_recovered(both[0], both[1])
    assert [[word.before for word in some] for some in words] == [lost, recovered]
    assert all(word.time is not None for some in words for word in some)
    values = {name: score.value or 0.0 for name, score in found.scores.items()}
    assert values["words_lost"] == len(lost) / 6
    assert values["words_recovered"] == len(recovered) / 6


def test_without_words_in_raw_those_of_the_script_are_recovered_in_the_language_of_clean() -> None:
    silent = Transcript("", (), None)
    clean = transcript("the colour is grey", 0.9)
    found = word_scores(silent, clean, "The color is gray.", english_only=False)
    assert (found.language, found.scores["words_recovered"].value) == ("en", 1.0)


def test_what_was_left_out_is_told() -> None:
    heard = transcript("the night train leaves", left_out=90)
    assert "90 words in raw and 90 words in clean" in judge(heard).notes[0]


def test_confidence_is_that_of_the_words_kept_among_all_heard(
    monkeypatch: pytest.MonkeyPatch, profile: Profile
) -> None:
    said = [(Word(" yes", 0, 1), 0.8), *((Word(" no", 1, 2), 0.9) for _ in range(7))]
    monkeypatch.setattr(asr.faster_whisper, "transcribe", lambda *_: (said, "en"))
    found = asr.transcribe(np.zeros(asr.RATE, np.float32), profile.evaluation.asr)
    assert (found.text, found.left_out) == ("yes no", 6)
    assert found.confidence == pytest.approx(1.7 / 8, abs=0.001)
