"""The renders that became worse from one build to another, and where to listen to each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from stemsilver.microsite.parts import waveforms
from stemsilver.microsite.parts.metric_cells import Reading, read
from stemsilver.records import Artefact, Evidence, Score
from stemsilver.report import Change, ChangeKind, ChangeRow, Diff, metric_label
from stemsilver.report.text.wording import clock
from stemsilver.translation import gettext as _

_MUSIC = frozenset(
    {"clean_music_presence", "clean_music_share", "clean_pause_floor_db", "music_to_speech_db"}
)
"""The metrics of the music that is left."""

_LEAD = 0.5
"""A link begins this many seconds before its place, so that the place is heard in its context."""

_SHOWN = 20
"""How many renders are listed."""

_METRICS = 4
"""How many metrics are named for a render."""


@dataclass(frozen=True)
class ChangeCell:
    """A metric in both builds."""

    base: Reading
    head: Reading
    sense: ChangeKind


@dataclass(frozen=True)
class WorseMetric:
    """A metric that became worse, by its label."""

    label: str
    cell: ChangeCell


@dataclass(frozen=True)
class Moment:
    """The worst second of a render.

    `fragment` opens the player there, `time` is the time in words, `why` is what is worst then.
    """

    fragment: str
    time: str
    why: str


@dataclass(frozen=True)
class WorseRender:
    """A render that became worse, with the metrics that say so, the worst first.

    `moment` is its worst second; None if none stands out. `more` is the number of metrics that are
    left out.
    """

    id: str
    path: str
    moment: Moment | None
    metrics: tuple[WorseMetric, ...]
    more: int

    @property
    def href(self) -> str:
        """Its page, from the front page, at that second."""
        return _href(self.id, self.moment)


@dataclass(frozen=True)
class BecameWorse:
    """The renders that became worse, the worst first; `more` of them are left out."""

    renders: tuple[WorseRender, ...]
    more: int


@dataclass(frozen=True)
class WorstChange:
    """The render in which a metric became worse by most."""

    href: str
    path: str
    cell: ChangeCell


def worse_renders(
    found: Diff, tracks: Mapping[str, str], evidence: Mapping[str, Evidence]
) -> tuple[WorseRender, ...]:
    """Return the renders that became worse, the worst first.

    Args:
        found: The differences between two builds.
        tracks: The renders that can be listened to, by id: the name of the track that plays head.
        evidence: What was measured on the renders of head, by id.
    """
    rows: dict[str, list[ChangeRow]] = {}
    for row in found.regressed:
        if row.item.id in tracks:
            rows.setdefault(row.item.id, []).append(row)
    return tuple(_worse_render(some, tracks[id_], evidence.get(id_)) for id_, some in rows.items())


def listed(renders: Sequence[WorseRender]) -> BecameWorse:
    """Return the first of `renders` for a list on a page."""
    return BecameWorse(tuple(renders[:_SHOWN]), max(0, len(renders) - _SHOWN))


def _worse_render(rows: Sequence[ChangeRow], track: str, evidence: Evidence | None) -> WorseRender:
    item = rows[0].item
    return WorseRender(
        item.id,
        item.path,
        _moment(rows[0], track, evidence),
        tuple(
            # It is what the whole list is about: clean.
            WorseMetric(metric_label(row.change.metric), cell(row.change))
            for row in rows[:_METRICS]
        ),
        max(0, len(rows) - _METRICS),
    )


def worst_changes(
    found: Diff, ids: Collection[str], evidence: Mapping[str, Evidence]
) -> Mapping[str, WorstChange]:
    """Return the worst change of every metric that became worse in a render of `ids`."""
    worst: dict[str, WorstChange] = {}
    for row in found.regressed:
        id_, metric = row.item.id, row.change.metric
        if id_ in ids and metric not in worst:
            moment = _moment(row, "clean", evidence.get(id_))
            worst[metric] = WorstChange(_href(id_, moment), row.item.path, cell(row.change))
    return worst


def cell(found: Change) -> ChangeCell:
    """Return a change as pages show it."""
    base, head = (
        read(found.metric, Score.missing("not_measured") if value is None else Score(value))
        for value in (found.base, found.head)
    )
    return ChangeCell(base, head, found.sense)


def _href(id_: str, moment: Moment | None) -> str:
    return f"renders/{id_}.html{moment.fragment if moment else ''}"


def _moment(row: ChangeRow, track: str, evidence: Evidence | None) -> Moment | None:
    """Return the worst second of head, by the metric that became worse."""
    found = _most_music(evidence) if row.change.metric in _MUSIC else None
    found = found or _largest_departure(row.item.head.artefacts, evidence)
    if found is None:
        return None
    seconds, why = found
    return Moment(f"#v={track}&t={max(0.0, seconds - _LEAD):.2f}", clock(seconds), why)


def _most_music(evidence: Evidence | None) -> tuple[float, str] | None:
    if evidence is None or "clean" not in evidence.music:
        return None
    most = waveforms.most_music(evidence.music["clean"])
    return (most[0], _("most music left")) if most and most[1] >= waveforms.LIKELY else None


def _largest_departure(
    places: Sequence[Artefact], evidence: Evidence | None
) -> tuple[float, str] | None:
    why = _("speech departs most from raw")
    if places:
        return max(places, key=lambda one: one.departure_db).start, why
    departure = evidence.departure if evidence is not None else None
    largest = max(departure.values, default=0.0) if departure is not None else 0.0
    if departure is None or largest <= 0:
        return None
    return departure.values.index(largest) * departure.hop, why
