"""Whether a text or a transcript is English, for recognisers that know no other language."""

from __future__ import annotations

import re
from collections.abc import Sequence

from stemsilver.records import Transcript

ENGLISH_ONLY = "the recogniser knows English only"

SURE = 0.65
"""Confidence from which a transcript of an English-only model is taken for English.

Measured with Whisper tiny.en: English with music as loud as the speech 0.77 or more, English voices
of espeak-ng 0.70 or more; 52 transcripts of 15 other languages, also with music, 0.63 or less.
"""

SURE_AGAINST_TEXT = 0.8
"""The same, if the script or the transcript itself reads like another language."""

_FEWEST_WORDS = 6
"""A transcript of fewer words says too little about the language."""

# Frequent in English; not words, or rare, in other languages written in the same letters.
_FREQUENT = (
    "the and you your that it with this are not from but they there which what she their our would "
    "been who when how can could about into then than other some only its these"
)
_ENGLISH = frozenset(_FREQUENT.split())
_WORD = re.compile(r"[^\W\d_]+")


def is_foreign(text: str) -> bool:
    """Return whether a text is clearly not English: by its letters, or its frequent words."""
    words = _WORD.findall(text.casefold())
    found = "".join(words)
    if 2 * sum(letter.isascii() for letter in found) < len(found):
        return True
    frequent = sum(word in _ENGLISH for word in words)
    return len(words) >= 8 and frequent < 0.05 * len(words)


def doubt(transcripts: Sequence[Transcript], script: str | None) -> str | None:
    """Return why transcripts of the same speech are probably not of English; None if they may be.

    The highest confidence decides: loud music lowers that of English too. Without a transcript of
    some length there is no doubt.
    """
    sure, heard = max(
        (
            (one.confidence, one.text)
            for one in transcripts
            if one.confidence is not None and len(one.words) + one.left_out >= _FEWEST_WORDS
        ),
        default=(1.0, ""),
    )
    if script is not None and is_foreign(script):
        if sure < SURE_AGAINST_TEXT:
            return f"{ENGLISH_ONLY}, and the script is in another language"
    elif sure < SURE or (sure < SURE_AGAINST_TEXT and is_foreign(heard)):
        return f"{ENGLISH_ONLY}, and is unsure of its words (mean probability {100 * sure:.0f} %)"
    return None
