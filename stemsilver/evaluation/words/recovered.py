"""The words of the script that are heard in raw or in clean only: lost, or recovered."""

from __future__ import annotations

from collections.abc import Iterator

from stemsilver.records import AlignedWord, Alignment


def lost_and_recovered(
    raw: Alignment, clean: Alignment
) -> tuple[tuple[AlignedWord, ...], tuple[AlignedWord, ...]]:
    """Return the words of the script heard in raw only, and those heard in clean only.

    The time of each is that in the signal in which it is heard.

    Args:
        raw: the alignment of the script with what was heard in raw.
        clean: that of the same script with what was heard in clean.
    """
    both = list(zip(_of_the_script(raw), _of_the_script(clean), strict=True))
    lost = (was for was, now in both if _heard(was) and not _heard(now))
    recovered = (now for was, now in both if _heard(now) and not _heard(was))
    return tuple(lost), tuple(recovered)


def _of_the_script(alignment: Alignment) -> Iterator[AlignedWord]:
    return (word for word in alignment.words if word.operation != "insert")


def _heard(word: AlignedWord) -> bool:
    return word.operation == "equal"
