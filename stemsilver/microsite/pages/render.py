"""The page of one render: the player, the measurements, the words that changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from stemsilver.config.languages import UNSPACED
from stemsilver.evaluation.artefacts.places import HEARD_DB
from stemsilver.evaluation.words.recovered import lost_and_recovered
from stemsilver.evaluation.words.scores import SCRIPT_TO_CLEAN, SCRIPT_TO_RAW
from stemsilver.evaluation.words.wer import wer
from stemsilver.media import snippets
from stemsilver.media.playback import LISTENING
from stemsilver.microsite.baseline import BaseItem
from stemsilver.microsite.parts.metric_cells import (
    Measurement,
    OfferedFile,
    Standing,
    measurements,
    size,
    standing,
)
from stemsilver.microsite.parts.music import MusicList, music_lists
from stemsilver.microsite.parts.player import Player, change_files, player, player_files, sources
from stemsilver.records import Alignment, Artefact, Evidence, Failure
from stemsilver.report import ScoredRender, format_value
from stemsilver.report.text.wording import counted
from stemsilver.translation import gettext as _

_TOLD = 20
"""How many words are told of those lost, or recovered."""


@dataclass(frozen=True)
class Difference:
    """An alignment, to be shown word by word with marks.

    `times` has an entry for each word, joined by commas: the hundredths of a second since the word
    before, or nothing if the time is not known.
    """

    heading: str
    equal: int
    wer: str | None
    alignment: Alignment
    times: str


@dataclass(frozen=True)
class Neighbour:
    """A link to the previous or next render."""

    href: str
    path: str


@dataclass(frozen=True)
class ShortPair:
    """A section of the render, in seconds, and its files."""

    start: float
    stop: float
    downloads: tuple[OfferedFile, ...]


@dataclass(frozen=True)
class RenderPage:
    """Everything on the page of one render. `failure` is None if it was cleaned.

    `script_words` says which words of the script were lost and recovered. `first` are the places to
    listen to first; None if they were not looked for.
    """

    path: str
    standing: Standing
    failure: Failure | None
    player: Player | None
    first: tuple[Artefact, ...] | None
    pairs: tuple[ShortPair, ...]
    music: tuple[MusicList, ...]
    measured: tuple[Measurement, ...]
    unmeasured: tuple[Measurement, ...]
    differences: tuple[Difference, ...]
    script_words: tuple[str, ...]
    item: ScoredRender
    previous: Neighbour | None
    next: Neighbour | None
    position: int
    count: int
    heard_db: float = HEARD_DB


def render_page(
    items: Sequence[ScoredRender],
    index: int,
    evidence: Evidence | None,
    media: Path | None,
    base: BaseItem | None,
    drawn: Path,
) -> RenderPage:
    """Return the page of `items[index]`.

    Args:
        items: The renders of the batch.
        index: The index of this one.
        evidence: What was measured on it.
        media: The folder of its files; None if it failed.
        base: The same render in another build, to listen to beside this one.
        drawn: The folder that has the pictures of what changed since `base`, if any.
    """
    item = items[index]
    found = measurements(item).values() if item.failure is None else ()
    alignments = evidence.alignments if evidence else ()
    music = evidence.music if evidence else {}
    departure = evidence.departure if evidence else None
    return RenderPage(
        path=item.path,
        standing=standing(item),
        failure=item.failure,
        player=player(item, sources(media, base), music, departure, (media, drawn))
        if media
        else None,
        first=None if departure is None else item.artefacts,
        pairs=_pairs(item, media) if media else (),
        music=music_lists(item, evidence),
        measured=tuple(one for one in found if one.measured),
        unmeasured=tuple(one for one in found if not one.measured),
        differences=tuple(difference(alignment) for alignment in alignments),
        script_words=tuple(_script_words(alignments, letters=item.language in UNSPACED)),
        item=item,
        previous=neighbour(items[index - 1]) if index else None,
        next=neighbour(items[index + 1]) if index + 1 < len(items) else None,
        position=index + 1,
        count=len(items),
    )


def render_files(media: Path, base: BaseItem | None) -> dict[str, Path]:
    """Return the files that a render's page needs in the site, by name."""
    names = [name for one in snippets.read(media) for name in one.files.values()]
    beside = {name: media / name for name in (LISTENING, *names, snippets.LISTING)}
    return player_files(sources(media, base)) | change_files(media) | beside


def _pairs(item: ScoredRender, media: Path) -> tuple[ShortPair, ...]:
    return tuple(
        ShortPair(
            *one.seconds,
            tuple(
                OfferedFile(
                    heading=_(signal.capitalize()),
                    href=f"{item.id}/{name}",
                    name=f"{item.id}-{name}",
                    size=size((media / name).stat().st_size),
                )
                for signal, name in one.files.items()
            ),
        )
        for one in snippets.read(media)
    )


def difference(alignment: Alignment) -> Difference:
    """Return an alignment as a page shows it."""
    equal = sum(word.operation == "equal" for word in alignment.words)
    name = compared_texts(alignment.name)
    rate = wer(alignment) if alignment.reference_words else None
    return Difference(
        heading=name[:1].upper() + name[1:],
        equal=equal,
        wer=None if rate is None else format_value("wer_raw_to_clean", rate),
        alignment=alignment,
        times=_times(alignment),
    )


def compared_texts(name: str) -> str:
    """Return the name of an alignment in the language of the site.

    >>> compared_texts("script → clean")
    'script → clean'
    """
    return " → ".join(_(part) for part in name.split(" → "))


def _script_words(alignments: Sequence[Alignment], *, letters: bool) -> Iterator[str]:
    """Yield which words (or letters) of the script are heard in one of raw and clean only."""
    named = {alignment.name: alignment for alignment in alignments}
    if SCRIPT_TO_RAW not in named or SCRIPT_TO_CLEAN not in named:
        return
    lost, recovered = lost_and_recovered(named[SCRIPT_TO_RAW], named[SCRIPT_TO_CLEAN])
    for what, found in (
        (_("{words} of the script lost"), lost),
        (_("{words} of the script recovered"), recovered),
    ):
        told = [word.before for word in found[:_TOLD]]
        if len(found) > _TOLD:
            told.append(_("and {count} more").format(count=len(found) - _TOLD))
        said = counted(len(found), "letter") if letters else counted(len(found), "word")
        count = what.format(words=said)
        yield f"{count}: {', '.join(told)}" if told else count


def _times(alignment: Alignment) -> str:
    found: list[str] = []
    before = 0
    for word in alignment.words:
        now = before if word.time is None else round(100 * word.time)
        found.append("" if word.time is None else str(now - before))
        before = now
    return ",".join(found)


def neighbour(item: ScoredRender) -> Neighbour:
    """Return a link to the page of `item` from another render's page."""
    return Neighbour(f"{item.id}.html", item.path)
