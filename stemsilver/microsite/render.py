"""What the page of one render shows: three tracks, the measurements, the words that changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from stemsilver.config import Profile
from stemsilver.microsite.readings import Measurement, Standing, measurements, size, standing
from stemsilver.records import AlignedWord, Alignment, Failure, ItemResult, Operation
from stemsilver.report import Verdict, verdicts

TRACKS = (
    ("raw", "Raw", "The render as it came in."),
    ("clean", "Clean", "Speech only: the finished output."),
    ("removed", "Removed", "Raw minus clean, before any loudness change."),
)
"""The signals a page plays: name of its files, heading, explanation."""

TIMELINE = "timeline.svg"
MEDIA = (*(f"{name}.{kind}" for name, _, _ in TRACKS for kind in ("flac", "png")), TIMELINE)
"""The files that a cleaned render's media folder holds."""


@dataclass(frozen=True)
class Track:
    """A signal to play, with the picture of its spectrum."""

    name: str
    heading: str
    about: str
    audio: str
    spectrogram: str
    size: str


@dataclass(frozen=True)
class Run:
    """Neighbouring words of an alignment with the same operation."""

    operation: Operation
    before: str
    after: str


@dataclass(frozen=True)
class Difference:
    """An alignment as a text with marks, and its counts."""

    heading: str
    runs: tuple[Run, ...]
    equal: int
    alignment: Alignment

    @property
    def errors(self) -> int:
        """How many words differ."""
        counts = self.alignment
        return counts.substitutions + counts.insertions + counts.deletions


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
    verdicts: tuple[Verdict, ...]
    tracks: tuple[Track, ...]
    timeline: str
    measured: tuple[Measurement, ...]
    unmeasured: tuple[Measurement, ...]
    differences: tuple[Difference, ...]
    item: ItemResult
    previous: Neighbour | None
    next: Neighbour | None
    position: int
    count: int


def render_page(
    items: Sequence[ItemResult], index: int, profile: Profile, media: Path | None
) -> RenderPage:
    """The page of `items[index]`; `media` is the folder of its files, None where it failed."""
    item = items[index]
    found = measurements(item, profile).values() if item.failure is None else ()
    alignments = item.evidence.alignments if item.evidence else ()
    return RenderPage(
        path=item.path,
        standing=standing(item, profile),
        failure=item.failure,
        verdicts=verdicts(item, profile),
        tracks=_tracks(item.id, media) if media else (),
        timeline=f"{item.id}/{TIMELINE}",
        measured=tuple(one for one in found if one.measured),
        unmeasured=tuple(one for one in found if not one.measured),
        differences=tuple(_difference(alignment) for alignment in alignments),
        item=item,
        previous=_neighbour(items[index - 1]) if index else None,
        next=_neighbour(items[index + 1]) if index + 1 < len(items) else None,
        position=index + 1,
        count=len(items),
    )


def _tracks(id_: str, media: Path) -> tuple[Track, ...]:
    return tuple(
        Track(
            name,
            heading,
            about,
            f"{id_}/{name}.flac",
            f"{id_}/{name}.png",
            size((media / f"{name}.flac").stat().st_size),
        )
        for name, heading, about in TRACKS
    )


def _difference(alignment: Alignment) -> Difference:
    runs = tuple(
        _run(operation, tuple(group))
        for operation, group in groupby(alignment.words, key=lambda word: word.operation)
    )
    equal = sum(word.operation == "equal" for word in alignment.words)
    name = alignment.name
    return Difference(name[:1].upper() + name[1:], runs, equal, alignment)


def _run(operation: Operation, group: tuple[AlignedWord, ...]) -> Run:
    return Run(
        operation,
        " ".join(word.before for word in group if word.before),
        " ".join(word.after for word in group if word.after),
    )


def _neighbour(item: ItemResult) -> Neighbour:
    return Neighbour(f"{item.id}.html", item.path)
