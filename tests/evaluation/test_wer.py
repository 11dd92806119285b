from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stemsilver.evaluation.undefined import Undefined
from stemsilver.evaluation.words.wer import align, wer
from stemsilver.records import AlignedWord, Alignment, Transcript, Word


def said(text: str, start: float = 0.0) -> Transcript:
    """A transcript whose words take half a second each."""
    words = tuple(
        Word(word, start + 0.5 * place, start + 0.5 * place + 0.4)
        for place, word in enumerate(text.split())
    )
    return Transcript(text, words)


def in_language(text: str, language: str | None) -> Transcript:
    return replace(said(text), language=language)


def counts(alignment: Alignment) -> tuple[int, int, int, int]:
    return (
        alignment.substitutions,
        alignment.insertions,
        alignment.deletions,
        alignment.reference_words,
    )


def distance(before: list[str], after: list[str]) -> int:
    """Levenshtein's, over words."""
    row = list(range(len(after) + 1))
    for i, word in enumerate(before, 1):
        previous, row[0] = row[0], i
        for j, other in enumerate(after, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (word != other))
    return row[-1]


@pytest.mark.parametrize(
    ("before", "after", "expected", "rate"),
    [
        ("the cat sat down", "the cat sat", (0, 0, 1, 4), 0.25),
        ("the ship", "the ship thanks for watching", (0, 3, 0, 2), 1.5),
        ("the cat", "a dog sat down there", (2, 3, 0, 2), 2.5),
        ("the cat sat down", "", (0, 0, 4, 4), 1.0),
    ],
)
def test_counts_by_hand(
    before: str, after: str, expected: tuple[int, int, int, int], rate: float
) -> None:
    alignment = align("x", before, said(after))
    assert counts(alignment) == expected
    assert wer(alignment) == rate


@pytest.mark.parametrize(
    ("language", "written", "heard"),
    [
        ("en", "Hello, World!", "hello world"),
        ("en", "twenty-one colours", "21 colors"),
        ("en", "It's Dr. Smith.", "it is doctor smith"),
        ("en", "The ship (it is old) sails", "the ship it is old sails"),
        ("en", "Don’t go. It’s “here”.", "do not go it is here"),
        ("en", "nar\xadration on\u200b air", "narration on air"),
        ("en", "a\n\n  line\tbreak", "a line break"),
        ("en", "Well … yes ... and", "well yes and"),
        ("de", "Über den Fluss — schön!", "über den fluss schön"),
        ("de", "Die Farbe (leise) heißt Blau.", "die farbe leise heißt blau"),
        ("hi", "नमस्ते, दुनिया।", "नमस्ते दुनिया"),
        (None, "Hello, World!", "hello world"),
        ("zh", "你好，世界。", "你好 世界"),
    ],
)
def test_spelling_is_not_an_error(language: str | None, written: str, heard: str) -> None:
    assert wer(align("x", written, in_language(heard, language))) == 0


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        # Times.
        ("at 10:30 a.m.", "at ten thirty AM"),
        ("from 5:00 to 7 pm", "from five o'clock to seven p.m."),
        ("10:05", "ten oh five"),
        # Telephone numbers, and other digits one by one.
        ("Call 555-0123", "call five five five zero one two three"),
        ("+1 (555) 010-9999", "plus one five five five oh one oh nine nine nine nine"),
        ("open 24/7, agent 007", "open twenty four seven, agent double oh seven"),
        # Amounts.
        ("$25.50 or ¥500", "twenty five dollars and fifty cents or five hundred yen"),
        ("$3.5 million, 20 %", "three point five million dollars, twenty percent"),
        ("1,000 km at 20°C, 3½ cups", "a thousand kilometers at twenty degrees Celsius, "
         "three and a half cups"),
        # Dates.
        ("May 3, 2024", "May third, twenty twenty four"),
        ("in 1905, the 1960s", "in nineteen oh five, the nineteen sixties"),
        ("the 21st", "the twenty-first"),
        # Short forms.
        ("OK, Dr. Smith", "okay, doctor Smith"),
        ("A & B vs. C, etc.", "A and B versus C, et cetera"),
        ("No. 5 in the U.S.", "number five in the US"),
        # One word or two.
        ("Wi-Fi e-mail", "wifi email"),
        ("a life-jacket", "a lifejacket"),
        ("write to me@example.com", "write to me at example dot com"),
    ],
)  # fmt: skip
def test_the_same_words_written_in_digits_signs_and_short_forms(written: str, spoken: str) -> None:
    for script, heard in ((written, spoken), (spoken, written)):
        alignment = align("x", f"Now {script} then", said(f"Now {heard} then"))
        assert {word.operation for word in alignment.words} == {"equal"}
        times = [word.time for word in alignment.words]
        assert None not in times
        assert times == sorted(times, key=lambda time: time or 0)


@pytest.mark.parametrize(
    ("script", "heard"),
    [("room 15", "room 50"), ("pay $5", "pay 5 euros"), ("the 3rd", "the 4th"), ("a boy", "a toy")],
)
def test_other_words_stay_errors(script: str, heard: str) -> None:
    assert wer(align("x", script, said(heard))) == 0.5


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", (0, 0, 0, 1)),  # colour is color
        ("de", (1, 0, 0, 1)),
        (None, (1, 0, 0, 1)),
        ("zh", (0, 0, 1, 6)),  # letter by letter
    ],
)
def test_english_is_spelt_as_such_where_it_is_spoken_alone(
    language: str | None, expected: tuple[int, int, int, int]
) -> None:
    assert counts(align("x", "colour", in_language("color", language))) == expected


def test_two_transcripts_share_one_normaliser() -> None:
    english, german = in_language("colour", "en"), in_language("color", "de")
    assert counts(align("x", english, german)) == counts(align("x", german, english))
    assert wer(align("x", english, german)) == 1
    assert wer(align("x", english, in_language("color", None))) == 0


def test_a_vowel_sign_is_part_of_its_word() -> None:
    assert wer(align("x", "की", in_language("का", "hi"))) == 1


def test_words_invented_over_an_empty_reference_are_insertions() -> None:
    alignment = align("x", "", said("thanks for watching"))
    assert counts(alignment) == (0, 3, 0, 0)
    assert [word.after for word in alignment.words] == ["thanks", "for", "watching"]
    with pytest.raises(Undefined, match="no_speech"):
        wer(alignment)


@pytest.mark.parametrize("reference", ["", "[music]", "..."])
def test_no_words_on_either_side_is_no_speech(reference: str) -> None:
    alignment = align("x", reference, said(""))
    assert (counts(alignment), alignment.words) == ((0, 0, 0, 0), ())
    with pytest.raises(Undefined, match="no_speech"):
        wer(alignment)


def test_a_word_is_placed_where_it_is_heard_and_a_lost_one_where_it_was() -> None:
    alignment = align("x", said("the red ship sails"), said("the ship sails now", start=10))
    assert alignment.words == (
        AlignedWord("equal", "the", "the", 10.0),
        AlignedWord("delete", "red", "", 0.5),
        AlignedWord("equal", "ship", "ship", 10.5),
        AlignedWord("equal", "sails", "sails", 11.0),
        AlignedWord("insert", "", "now", 11.5),
    )
    # A script says of no word where it was.
    deleted = align("x", "the red ship", said("the ship")).words[1]
    assert deleted == AlignedWord("delete", "red", "", None)


def test_words_that_the_normaliser_joins_or_splits_keep_a_time() -> None:
    heard = said("It's twenty one degrees, we've got")
    alignment = align("x", "it is 21 degrees we have got", heard)
    assert wer(alignment) == 0
    times = [word.time for word in alignment.words]
    assert None not in times
    assert times == sorted(times, key=lambda time: time or 0)
    assert dict(zip((word.after for word in alignment.words), times, strict=True))["got"] == 2.5


WORDS = st.lists(st.sampled_from(["ship", "sea", "whale", "bow", "star"]), max_size=9)


@given(before=WORDS, after=WORDS)
def test_an_alignment_holds_both_texts_in_order_and_its_counts_add_up(
    before: list[str], after: list[str]
) -> None:
    alignment = align("x", said(" ".join(before)), said(" ".join(after), start=5))
    assert [word.before for word in alignment.words if word.before] == before
    assert [word.after for word in alignment.words if word.after] == after
    operations = [word.operation for word in alignment.words]
    equal = operations.count("equal")
    substitutions, insertions, deletions, reference = counts(alignment)
    assert equal + substitutions + deletions == reference == len(before)
    assert equal + substitutions + insertions == len(after)
    assert substitutions + insertions + deletions == distance(before, after)
    for word in alignment.words:
        assert (word.operation == "equal") == (word.before == word.after)
        assert (word.operation == "insert") == (word.before == "")
        assert (word.operation == "delete") == (word.after == "")
        assert word.time is not None
    heard = [word.time for word in alignment.words if word.after]
    assert heard == [5 + 0.5 * place for place in range(len(after))]
