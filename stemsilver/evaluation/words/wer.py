"""Word error rate, computed from an alignment of the words.

Both texts are first normalised: English texts so that "twenty" and "20", or "colour" and "color",
are the same word; other texts lose punctuation and capitals. Languages without spaces between
words are compared letter by letter. In the others, spaces do not count: "wi fi" is "wifi", and
"10 30" is "1030". jiwer computes the alignment.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import cast

import jiwer

from stemsilver.config.languages import UNSPACED
from stemsilver.evaluation.undefined import NO_SPEECH, Undefined
from stemsilver.evaluation.words.normaliser import Normaliser, letters, normaliser
from stemsilver.records import AlignedWord, Alignment, Operation, Transcript

_LARGEST_SEARCH = 10_000
"""Pairs of words among which the same letters are searched: the texts differ in more than spaces
if more words in a row are different."""


def wer(alignment: Alignment) -> float:
    """Return (S + D + I) / N, which may exceed 1.

    Raises:
        Undefined: the reference has no words. Invented words are insertions in the alignment.
    """
    if alignment.reference_words == 0:
        raise Undefined(NO_SPEECH)
    errors = alignment.substitutions + alignment.insertions + alignment.deletions
    return errors / alignment.reference_words


def align(name: str, before: str | Transcript, after: Transcript) -> Alignment:
    """Align two texts word by word; `before` is the reference.

    A text that is not a transcript is assumed to be in the language of the other. Each column's
    time is that of its word in `after`, or in `before` if the word was deleted.
    """
    transcripts = [text for text in (before, after) if isinstance(text, Transcript)]
    languages = {text.language for text in transcripts if text.language is not None}
    normalise = normaliser(languages == {"en"}, bool(languages & UNSPACED))
    reference, reference_times = _timed_words(before, normalise)
    heard, heard_times = _timed_words(after, normalise)
    spelt = list(_spelt_alike(reference, heard))
    hypothesis = [word for word, _ in spelt]
    hypothesis_times = [heard_times[index] for _, index in spelt]
    columns: list[AlignedWord] = []
    for operation, i, j in _columns(reference, hypothesis):
        columns.append(
            AlignedWord(
                operation,
                "" if i is None else reference[i],
                "" if j is None else hypothesis[j],
                reference_times[i or 0] if j is None else hypothesis_times[j],
            )
        )
    counts = [column.operation for column in columns]
    return Alignment(
        name,
        tuple(columns),
        substitutions=counts.count("substitute"),
        insertions=counts.count("insert"),
        deletions=counts.count("delete"),
        reference_words=len(reference),
    )


def _spelt_alike(reference: Sequence[str], heard: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Yield the words heard, each with its index in `heard`.

    If they have the same letters as words of the reference, they are spelt like these. The same
    letters can be more words in one of the texts than in the other.
    """
    matcher = difflib.SequenceMatcher(None, reference, heard, autojunk=False)
    for _, i, i_end, j, j_end in matcher.get_opcodes():
        free = range(i, i_end if (i_end - i) * (j_end - j) <= _LARGEST_SEARCH else i)
        while j < j_end:
            for start in free:
                stops = _same_letters(reference[start:i_end], heard[j:j_end])
                if stops is not None:
                    words, indices = reference[start : start + stops[0]], range(j, j + stops[1])
                    free = range(start + stops[0], i_end)
                    break
            else:
                words, indices = heard[j : j + 1], range(j, j + 1)
            for offset, word in enumerate(words):
                yield word, indices[min(offset, len(indices) - 1)]
            j = indices.stop


def _same_letters(one: Sequence[str], other: Sequence[str]) -> tuple[int, int] | None:
    """Return how many of the first words of each have the same letters; None if none have."""
    i, j = 1, 1
    a, b = letters(one[0]), letters(other[0])
    while a != b:
        if a.startswith(b) and j < len(other):
            b += letters(other[j])
            j += 1
        elif b.startswith(a) and i < len(one):
            a += letters(one[i])
            i += 1
        else:
            return None
    return i, j


def _columns(
    reference: Sequence[str], hypothesis: Sequence[str]
) -> Iterator[tuple[Operation, int | None, int | None]]:
    """Yield the operation and the word indices of each column."""
    output = jiwer.process_words(" ".join(reference), " ".join(hypothesis))
    for chunk in output.alignments[0]:
        operation = cast(Operation, chunk.type)
        before = range(chunk.ref_start_idx, chunk.ref_end_idx)
        after = range(chunk.hyp_start_idx, chunk.hyp_end_idx)
        for offset in range(max(len(before), len(after))):
            yield (
                operation,
                before[offset] if len(before) else None,
                after[offset] if len(after) else None,
            )


def _timed_words(
    text: str | Transcript, normalise: Normaliser
) -> tuple[list[str], list[float | None]]:
    """Return the normalised words, and the time of each in seconds, if known."""
    if isinstance(text, str):
        words = normalise(text)
        return words, [None] * len(words)
    words = normalise(text.text)
    # The normaliser works across words ("twenty one" → "21"), so match its words with recognised
    # words that are normalised one by one. A word without a match gets the time of the one before.
    alone = [(normalised, word.start) for word in text.words for normalised in normalise(word.text)]
    times: list[float | None] = [None] * len(words)
    matcher = difflib.SequenceMatcher(None, [word for word, _ in alone], words, autojunk=False)
    for block in matcher.get_matching_blocks():
        for offset in range(block.size):
            times[block.b + offset] = alone[block.a + offset][1]
    heard = text.words[0].start if text.words else None
    for index, time in enumerate(times):
        heard = heard if time is None else time
        times[index] = heard
    return words, times
