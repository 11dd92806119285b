"""Removal of loops: a Whisper model can get stuck, and write the same words over and over.

It does so on speech that it does not understand, such as whispers or another language. Its usual
remedy, decoding again at a higher temperature, is random.
"""

from __future__ import annotations

from collections.abc import Sequence

MOST_REPEATS = 3
"""How often a phrase may come in a row. A speaker may well say "no, no, no"."""

_LONGEST_PHRASE = 20


def without_loops(words: Sequence[str]) -> list[int]:
    """Return the indices of the words to keep: only the first phrase of each loop.

    >>> said = "well no no no no no yes yes".split()
    >>> [said[index] for index in without_loops(said)]
    ['well', 'no', 'yes', 'yes']
    """
    keys = ["".join(filter(str.isalnum, word.casefold())) for word in words]
    kept: list[int] = []
    index = 0
    while index < len(keys):
        length, end = _phrase(keys, index)
        kept += range(index, index + length)
        index = end
    return kept


def _phrase(keys: Sequence[str], start: int) -> tuple[int, int]:
    """Return the length of the phrase that loops from `start`, and the end of its loop.

    Where no loop starts, the phrase is one word.
    """
    for length in range(1, _LONGEST_PHRASE + 1):
        end = start + length
        # A loop may be cut off within the phrase.
        while end < len(keys) and keys[end] == keys[end - length]:
            end += 1
        if end - start > MOST_REPEATS * length:
            return length, end
    return 1, start + 1
