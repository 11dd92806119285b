"""What the page of one render shows: the player, the measurements, the words that changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stemsilver.config import Profile
from stemsilver.evaluate.wer import wer
from stemsilver.microsite.base import BaseItem
from stemsilver.microsite.player import Player, player
from stemsilver.microsite.readings import Measurement, Standing, measurements, standing
from stemsilver.records import Alignment, Failure, ItemResult
from stemsilver.report import format_value


@dataclass(frozen=True)
class Difference:
    """An alignment, to be shown word by word with marks."""

    heading: str
    equal: int
    wer: str | None
    alignment: Alignment


@dataclass(frozen=True)
class Neighbour:
    """The render before or after, to go on to."""

    href: str
    path: str


@dataclass(frozen=True)
class RenderPage:
    """Everything on the page of one render. `failure` is None where it was cleaned."""

    path: str
    standing: Standing
    failure: Failure | None
    player: Player | None
    measured: tuple[Measurement, ...]
    unmeasured: tuple[Measurement, ...]
    differences: tuple[Difference, ...]
    item: ItemResult
    previous: Neighbour | None
    next: Neighbour | None
    position: int
    count: int


def render_page(
    items: Sequence[ItemResult],
    index: int,
    profile: Profile,
    media: Path | None,
    base: BaseItem | None,
) -> RenderPage:
    """The page of `items[index]`; `media` is the folder of its files, None where it failed.

    `base` is the same render in another build, to listen to beside this one.
    """
    item = items[index]
    found = measurements(item, profile).values() if item.failure is None else ()
    alignments = item.evidence.alignments if item.evidence else ()
    return RenderPage(
        path=item.path,
        standing=standing(item, profile),
        failure=item.failure,
        player=player(item, media, base) if media else None,
        measured=tuple(one for one in found if one.measured),
        unmeasured=tuple(one for one in found if not one.measured),
        differences=tuple(_difference(alignment) for alignment in alignments),
        item=item,
        previous=_neighbour(items[index - 1]) if index else None,
        next=_neighbour(items[index + 1]) if index + 1 < len(items) else None,
        position=index + 1,
        count=len(items),
    )


def _difference(alignment: Alignment) -> Difference:
    equal = sum(word.operation == "equal" for word in alignment.words)
    name = alignment.name
    rate = wer(alignment) if alignment.reference_words else None
    return Difference(
        heading=name[:1].upper() + name[1:],
        equal=equal,
        wer=None if rate is None else format_value("wer_raw_to_clean", rate),
        alignment=alignment,
    )


def _neighbour(item: ItemResult) -> Neighbour:
    return Neighbour(f"{item.id}.html", item.path)
