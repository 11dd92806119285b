"""The sentences that answer whether the music is gone, the speech intact and the level right."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stemsilver.microsite.parts.answers import Question, questions
from stemsilver.microsite.parts.metric_cells import measurements
from stemsilver.records import AlignedWord, Alignment, Lack

from ..report.cards import item


def asked(lacks: Lack | None = None, *words: AlignedWord, **values: float | None) -> list[Question]:
    found = replace(item("a", **values), lacks=lacks)
    heard = Alignment("raw → clean", words, len(words), 0, 0, 10)
    return list(questions(found, measurements(found), [heard] if words else ()))


WORD = AlignedWord("substitute", "plan", "land", 1.0)


@pytest.mark.parametrize(
    ("raw", "clean", "left", "marked", "said"),
    [
        (0.8, 0.0, -24, True, "Yes: music is heard 80 % of the time in raw, and nowhere in clean"),
        (0.8, 0.03, -24, True, "Almost: "),
        # The gates pass, and music is heard: that is not shown as a pass.
        (0.23, 0.17, -24, False, "Not everywhere: "),
        (0.9, 0.6, -24, False, "Hardly: "),
        (0.8, 0.0, -15, True, "Not within its limits: Music to speech −15.0 dB, limit ≤ −20 dB; "),
    ],
)
def test_whether_the_music_is_gone(
    raw: float, clean: float, left: float, marked: bool, said: str
) -> None:
    values = {"raw_music_share": raw, "clean_music_share": clean, "music_to_speech_db": left}
    (music, _, _) = asked(**values)
    assert music.answer.startswith(said)
    assert music.judged is marked
    assert ("it is within its limits all the same" in music.answer) is not marked
    faint = "what is left is an estimate, and may be too faint to hear"
    assert (faint in music.answer) is (left > -20)


def test_whether_the_speech_is_intact_and_the_level_right() -> None:
    (_, speech, level) = asked(None, WORD)
    assert speech.answer == "Mostly: 1 of 10 words is heard otherwise than in raw."
    assert speech.judged
    (_, speech, _) = asked(None, *[WORD] * 6)
    assert speech.answer.startswith("In part: ")
    assert not speech.judged
    assert level.answer == "Yes: loudness −16.2 LUFS, highest peak −1.50 dBTP."


def test_a_render_without_music_was_only_made_louder() -> None:
    (music, speech, level) = asked("music")
    assert music.answer == "There was none to remove, so only the level was changed."
    assert speech.answer == "Yes: only the level was changed."
    assert level.answer.endswith(
        "; without music there is no limiter, so the peaks may keep it quieter."
    )
