"""Normalisation of texts, so that the same speech, written in two ways, gives the same words.

Whisper's normalisers do the most: the English one writes numbers in digits, "colour" as "color" and
"Dr." as "doctor". The rules here write out what it drops or misreads. They apply to both texts, so
they need not find the reading that was spoken.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import TypeAlias

Normaliser: TypeAlias = Callable[[str], list[str]]
"""Returns the normalised words of a text."""

# Whisper's normalisers take an apostrophe for a quotation mark unless it is the one of ASCII, and
# drop what is between parentheses, though speakers say it.
_CHARACTERS = str.maketrans(
    dict.fromkeys("‘’ʼ＇", "'")
    | dict.fromkeys("()<>", " ")
    | dict.fromkeys("\xad\u200b\u2060\ufeff")
)

_ENGLISH = tuple(
    (re.compile(pattern), written)
    for pattern, written in (
        (r"\b(?:[a-z]\.){2,}", lambda found: found[0].replace(".", "")),  # p.m.
        (r"\bok\b", "okay"),
        (r"&", " and "),
        (r"(?<=\w)@(?=\w)", " at "),
        (r"(?<=\w)\.(?=(?:com|org|net|edu|gov|io)\b)", " dot "),
        (r"(?:\bno\.\s?|#|№\s?)(?=\d)", "number "),
        (r"\bvs\b\.?", "versus"),
        (r"\betc\b\.?", "et cetera"),
        # Times and telephone numbers.
        (r"(?<=\w)\s+o'\s?clock\b|(?<=\d):00\b", ""),
        (r"(?<![\d.,])0+(?=\d)", lambda found: "0 " * len(found[0])),
        # Quantities.
        (r"(?<=\d)–(?=\d)", " to "),
        (r"\ba(?=\s+(?:hundred|thousand|million|billion)\b)", "one"),
        (r"(?<=\d)(?:\s?½|\s1/2\b)", ".5"),
        (r"½|(?<![\d/])1/2(?![\d/])", "one half"),
        (r"(?<=\d)\s?¼", ".25"),
        (r"(?<=\d)\s?¾", ".75"),
        (r"(?<=\d)\s+%", "%"),
        (r"¥\s?([\d.,]*\d)", r"\1 yen"),
        (r"°\s?c\b", " degrees celsius"),
        (r"°\s?f\b", " degrees fahrenheit"),
        (r"°", " degrees "),
        (r"(?<![a-z])km\b", " kilometers"),
        (r"(?<![a-z])cm\b", " centimeters"),
        (r"(?<![a-z])mm\b", " millimeters"),
        (r"(?<![a-z])kg\b", " kilograms"),
        (r"(?<![a-z])mph\b", " miles per hour"),
    )
)

_SAME = tuple(
    (re.compile(pattern), written)
    for pattern, written in (
        (r"^\+", ""),
        (r"^one(?=s?$)", "1"),  # Whisper's normaliser writes every other number in digits.
        (r"^\.(?=\d)", "0."),
        (r"(?<=\d)(?:st|nd|rd|th)$", ""),
    )
)


def letters(word: str) -> str:
    """Return what makes a normalised word the same as another: "3rd" is "3".

    >>> letters("3rd"), letters("one"), letters("one-off")
    ('3', '1', 'one-off')
    """
    for pattern, written in _SAME:
        word = pattern.sub(written, word)
    return word


@cache
def normaliser(english: bool, by_letters: bool) -> Normaliser:
    """Return the normaliser of a language; `by_letters` makes every letter a word."""
    from whisper_normalizer.basic import BasicTextNormalizer
    from whisper_normalizer.english import EnglishTextNormalizer

    of_whisper: Callable[[str], str] = (
        EnglishTextNormalizer()
        if english
        else BasicTextNormalizer(split_letters=by_letters, preserve_marks=True)
    )

    def words(text: str) -> list[str]:
        text = text.lower().translate(_CHARACTERS)
        for pattern, written in _ENGLISH if english else ():
            text = pattern.sub(written, text)
        # "..." leaves a full stop.
        return [word for word in of_whisper(text).split() if any(map(str.isalnum, word))]

    return words
