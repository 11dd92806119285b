"""A render's page in a bake-off, and the blind tests of a bake-off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

from stemsilver.media.playback import with_base
from stemsilver.microsite.baseline import label
from stemsilver.microsite.pages.bakeoff import Version, bakeoff_family, versions
from stemsilver.microsite.pages.blind import PROFILES, BlindPage, Choice, blind_page
from stemsilver.microsite.pages.render import Neighbour, neighbour
from stemsilver.microsite.parts.file_names import FilePath, file_path
from stemsilver.microsite.parts.metric_cells import Family, Reading, read
from stemsilver.microsite.parts.player import (
    PlayedTrack,
    Player,
    blind_pair,
    heard_tracks,
    in_a_sentence,
    player,
)
from stemsilver.microsite.parts.transcript import Difference, compared_texts, difference
from stemsilver.microsite.parts.worse import WorseRender
from stemsilver.records import Evidence, Timeline
from stemsilver.report import OWN_STAGE_A, Bakeoff, BakeoffColumn, ScoredRender
from stemsilver.translation import gettext as _


@dataclass(frozen=True)
class MetricRow:
    """A metric of one render: raw, and under each profile."""

    family: Family
    own: bool
    raw: Reading | None
    readings: tuple[Reading, ...]


@dataclass(frozen=True)
class BakeoffRender:
    """Everything on the page of one render. `item` is None if no profile cleaned it.

    `worse` are the profiles that make it worse than the incumbent does.
    """

    path: str
    place: FilePath
    item: ScoredRender | None
    player: Player | None
    versions: tuple[Version, ...]
    worse: tuple[tuple[str, WorseRender], ...]
    rows: tuple[MetricRow, ...]
    differences: tuple[Difference, ...]
    previous: Neighbour | None
    next: Neighbour | None
    position: int
    count: int


def bakeoff_render(
    found: Bakeoff,
    index: int,
    shown: Sequence[BakeoffColumn],
    evidence: Sequence[Evidence | None],
    tracks: Mapping[int, PlayedTrack],
    raw: PlayedTrack | None,
    worse: Mapping[str, Sequence[WorseRender]],
) -> BakeoffRender:
    """Return the page of the render at `index`.

    Args:
        shown: The metrics of the bake-off.
        evidence: What was measured on the render, profile by profile.
        tracks: Its cleaned versions, by the index of their profile.
        raw: Its raw track; None if there is none.
        worse: The renders that each candidate makes worse, by its name.
    """
    batch = found.renders
    items = [run.scorecard.items[batch[index].id] for run in found.runs]
    first = next((item for item in items if item.failure is None), None)
    return BakeoffRender(
        path=items[0].path,
        place=file_path(items[0].path),
        item=first,
        player=None if first is None or raw is None else _player(first, evidence, tracks, raw),
        versions=versions(found, items[0].id, shown),
        worse=tuple(
            (name, one)
            for name, renders in worse.items()
            for one in renders
            if one.id == batch[index].id
        ),
        rows=() if first is None else tuple(_row(one, first, items) for one in shown),
        differences=tuple(
            replace(difference(alignment), heading=f"{run.name}: {compared_texts(alignment.name)}")
            for run, measured in zip(found.runs, evidence, strict=True)
            if measured is not None
            for alignment in measured.alignments
            if alignment.name.endswith("clean")
        ),
        previous=neighbour(batch[index - 1]) if index else None,
        next=neighbour(batch[index + 1]) if index + 1 < len(batch) else None,
        position=index + 1,
        count=len(batch),
    )


def render_sources(
    found: Bakeoff, media: Sequence[Mapping[str, Path]], id_: str
) -> tuple[PlayedTrack | None, dict[int, PlayedTrack]]:
    """Return the playable tracks of a render: raw, and its cleaned versions by the index of their
    profile.

    The first version is the track `clean`; the others are matched to its speech.
    """
    folders = {at: found_in[id_] for at, found_in in enumerate(media) if id_ in found_in}
    if not folders:
        return None, {}
    names = {at: f"profile-{at + 1}" for at in folders}
    first = next(iter(folders))
    names[first] = "clean"
    heard = heard_tracks(folders[first])
    for at, folder in folders.items():
        if at != first:
            heard = with_base(heard, heard_tracks(folder), names[at])
    about = _("The render as it came in.")
    raw = PlayedTrack(
        "raw", _("Raw"), in_a_sentence("Raw"), about, folders[first] / "raw.flac", heard["raw"]
    )
    return raw, {
        at: PlayedTrack(
            names[at],
            found.runs[at].name,
            found.runs[at].name,
            _("Speech only, under this profile."),
            folder / "clean.flac",
            heard[names[at]],
        )
        for at, folder in folders.items()
    }


def blind_pages(
    found: Bakeoff, tracks: Mapping[str, Mapping[int, PlayedTrack]]
) -> dict[str, BlindPage]:
    """Return the blind tests of every two profiles, by the names of their pages.

    `tracks` are those of each render, by its id. The page `blind` compares the incumbent with the
    first candidate.
    """
    pairs = list(combinations(range(len(found.runs)), 2))
    names = {pair: f"blind-{pair[0] + 1}-{pair[1] + 1}" for pair in pairs}
    names[pairs[0]] = "blind"
    pages = {}
    for pair in pairs:
        base, head = (found.runs[at] for at in pair)
        choices = [
            Choice(
                _("{first} and {last}").format(
                    first=found.runs[other[0]].name, last=found.runs[other[1]].name
                ),
                None if other == pair else f"{names[other]}.html",
            )
            for other in pairs
        ]
        fair = [
            blind_pair(item, tracks[item.id][pair[1]], tracks[item.id][pair[0]])
            for item in head.scorecard.renders
            if all(at in tracks[item.id] for at in pair)
        ]
        labels = label(head.scorecard, base.scorecard), label(base.scorecard, head.scorecard)
        pages[names[pair]] = blind_page(fair, *labels, PROFILES, choices)
    return pages


def _row(column: BakeoffColumn, first: ScoredRender, items: Sequence[ScoredRender]) -> MetricRow:
    family = bakeoff_family(column.metric)
    return MetricRow(
        family=family,
        own=column.metric in OWN_STAGE_A,
        raw=read(family.raw.name, first.scores[family.raw.name]) if family.raw else None,
        readings=tuple(read(column.metric, item.scores[column.metric]) for item in items),
    )


def _player(
    first: ScoredRender,
    evidence: Sequence[Evidence | None],
    tracks: Mapping[int, PlayedTrack],
    raw: PlayedTrack,
) -> Player:
    music: dict[str, Timeline] = {}
    for at, source in tracks.items():
        measured = evidence[at]
        heard = measured.music if measured else {}
        if "raw" in heard:
            music.setdefault("raw", heard["raw"])
        if "clean" in heard:
            music[source.name] = heard["clean"]
    return player(first, [raw, *tracks.values()], music)
