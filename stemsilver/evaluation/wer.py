"""Word error rate, computed from an alignment of the words.

Both texts first pass through one of Whisper's normalisers. English texts use the English one, so
that "twenty" and "20", or "colour" and "color", are the same word. Other texts use the basic one,
which drops punctuation and capitals. Languages without spaces between words are compared letter
by letter. jiwer computes the alignment.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import TypeAlias, cast

import jiwer

from stemsilver.config.languages import UNSPACED
from stemsilver.evaluation.undefined import NO_SPEECH, Undefined
from stemsilver.records import AlignedWord, Alignment, Operation, Transcript

Normaliser: TypeAlias = Callable[[str], str]


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
    normalise = _normaliser(languages == {"en"}, bool(languages & UNSPACED))
    reference, reference_times = _timed_words(before, normalise)
    hypothesis, hypothesis_times = _timed_words(after, normalise)
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
        words = _words(text, normalise)
        return words, [None] * len(words)
    words = _words(text.text, normalise)
    # The normaliser works across words ("twenty one" → "21"), so match its words with recognised
    # words that are normalised one by one. A word without a match gets the time of the one before.
    alone = [
        (normalised, word.start)
        for word in text.words
        for normalised in _words(word.text, normalise)
    ]
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


def _words(text: str, normalise: Normaliser) -> list[str]:
    """Return the normalised words, without the full stop that the normaliser leaves of "..."."""
    return [word for word in normalise(text).split() if any(map(str.isalnum, word))]


@cache
def _normaliser(english: bool, by_letters: bool) -> Normaliser:
    """Return a function that makes words comparable; `by_letters` puts spaces between letters."""
    from whisper_normalizer.basic import BasicTextNormalizer
    from whisper_normalizer.english import EnglishTextNormalizer

    chosen: Normaliser = (
        EnglishTextNormalizer()
        if english
        else BasicTextNormalizer(split_letters=by_letters, preserve_marks=True)
    )
    return chosen
