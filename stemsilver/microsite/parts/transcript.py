"""The words of a render on its page: which were heard otherwise, with the words around them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stemsilver.evaluation.words.recovered import lost_and_recovered
from stemsilver.evaluation.words.scores import SCRIPT_TO_CLEAN, SCRIPT_TO_RAW
from stemsilver.evaluation.words.wer import wer
from stemsilver.records import AlignedWord, Alignment
from stemsilver.report import format_value
from stemsilver.report.text.wording import counted
from stemsilver.translation import gettext as _

_CONTEXT = 4
"""Words shown before and after a changed one."""
_LEAST = 3
"""Fewer words in a row are not left out: the ellipsis would take as much space."""
_TOLD = 20
"""How many words are told of those lost, or recovered."""


@dataclass(frozen=True)
class Run:
    """Words in a row. At first a page leaves them out unless `shown`: then one of them changed, or
    a word near them did.
    """

    words: tuple[AlignedWord, ...]
    shown: bool


@dataclass(frozen=True)
class Difference:
    """An alignment, to be shown word by word with marks.

    `times` has an entry for each word, joined by commas: the hundredths of a second since the word
    before, or nothing if the time is not known. `runs` are its words, in order.
    """

    heading: str
    equal: int
    wer: str | None
    alignment: Alignment
    times: str
    runs: tuple[Run, ...]

    @property
    def changed(self) -> int:
        """The number of words that are not the same."""
        return len(self.alignment.words) - self.equal

    @property
    def abridged(self) -> bool:
        """Whether some words are left out at first."""
        return not all(run.shown for run in self.runs)


def difference(alignment: Alignment) -> Difference:
    """Return an alignment as a page shows it."""
    name = compared_texts(alignment.name)
    rate = wer(alignment) if alignment.reference_words else None
    return Difference(
        heading=name[:1].upper() + name[1:],
        equal=sum(word.operation == "equal" for word in alignment.words),
        wer=None if rate is None else format_value("wer_raw_to_clean", rate),
        alignment=alignment,
        times=_times(alignment),
        runs=_runs(alignment.words),
    )


def compared_texts(name: str) -> str:
    """Return the name of an alignment in the language of the site.

    >>> compared_texts("script → clean")
    'script → clean'
    """
    return " → ".join(_(part) for part in name.split(" → "))


def script_words(alignments: Sequence[Alignment], *, letters: bool) -> Iterator[str]:
    """Yield which words (or letters) of the script are heard in one of raw and clean only."""
    texts = {
        "lost": _("{words} of the script lost"),
        "recovered": _("{words} of the script recovered"),
    }
    for what, found in script_changes(alignments).items():
        told = [word.before for word in found[:_TOLD]]
        if len(found) > _TOLD:
            told.append(_("and {count} more").format(count=len(found) - _TOLD))
        count = texts[what].format(words=counted_words(len(found), letters=letters))
        yield f"{count}: {', '.join(told)}" if told else count


def counted_words(count: int, *, letters: bool) -> str:
    """Return a number of words, or of letters in a language without spaces."""
    return counted(count, "letter") if letters else counted(count, "word")


def script_changes(alignments: Sequence[Alignment]) -> dict[str, tuple[AlignedWord, ...]]:
    """Return the words of the script that were `lost` and `recovered`; empty without a script."""
    named = {alignment.name: alignment for alignment in alignments}
    if SCRIPT_TO_RAW not in named or SCRIPT_TO_CLEAN not in named:
        return {}
    lost, recovered = lost_and_recovered(named[SCRIPT_TO_RAW], named[SCRIPT_TO_CLEAN])
    return {"lost": lost, "recovered": recovered}


def _runs(words: Sequence[AlignedWord]) -> tuple[Run, ...]:
    changed = [at for at, word in enumerate(words) if word.operation != "equal"]
    stretches: list[list[int]] = []
    for at in changed:
        start, stop = max(0, at - _CONTEXT), min(len(words), at + _CONTEXT + 1)
        if stretches and start - stretches[-1][1] < _LEAST:
            stretches[-1][1] = stop
        else:
            stretches.append([start, stop])
    runs = []
    done = 0
    for start, stop in stretches:
        runs += [Run(tuple(words[done:start]), False), Run(tuple(words[start:stop]), True)]
        done = stop
    runs.append(Run(tuple(words[done:]), False))
    return tuple(run for run in runs if run.words)


def _times(alignment: Alignment) -> str:
    found: list[str] = []
    before = 0
    for word in alignment.words:
        now = before if word.time is None else round(100 * word.time)
        found.append("" if word.time is None else str(now - before))
        before = now
    return ",".join(found)
