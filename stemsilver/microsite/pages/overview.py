"""The overview page: the verdict, the headline tiles, the scorecard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from stemsilver.evaluation.catalogue import METRICS
from stemsilver.media.playback import gains
from stemsilver.microsite.parts.failures import cause
from stemsilver.microsite.parts.file_names import FilePath, file_path
from stemsilver.microsite.parts.metric_cells import (
    Family,
    Measurement,
    Standing,
    family_at,
    measurements,
    size,
    standing,
    words,
)
from stemsilver.microsite.parts.player import heard_tracks
from stemsilver.records import Failure
from stemsilver.report import (
    Scorecard,
    ScoredRender,
    batch_verdict,
    deciders,
    faults,
    format_value,
    headline,
    is_approved,
    mean,
    most_worth_hearing,
    raw_to_clean,
    totals,
    worst_first,
)
from stemsilver.report.text.wording import clock, counted, number
from stemsilver.translation import N_, shown
from stemsilver.translation import gettext as _

# Those with a gate come first, as they decide the verdict, and then what a listener can judge by;
# the rest are on each render's page and in the CSV.
_COLUMNS = (
    "music_to_speech_db",
    "wer_raw_to_clean",
    "stoi_vs_stage_a",
    "lufs",
    "true_peak_dbtp",
    "music_presence",
    "pause_floor_db",
    "dnsmos_ovrl",
    "script_wer",
    "si_sdr_improvement_db",
)
_DECISIVE = frozenset({"music_presence", "dnsmos_ovrl", "wer_raw_to_clean"})
# These need a script or the true speech beside the render, which few batches have.
_OPTIONAL = frozenset({"script_wer", "si_sdr_improvement_db"})
# Why the render to hear first is that one, by its status.
_REASONS = {
    "pass": N_("A typical render of this batch"),
    "nothing_to_remove": N_("No render has music to remove"),
    "gate_failed": N_("The render that misses its limits by most"),
    "no_speech": N_("No speech was found in this render"),
    "unmeasured": N_("This render could not be measured"),
}
# The render's own page has the whole of it.
_MESSAGE_LENGTH = 120


@dataclass(frozen=True)
class Tile:
    """One result of the batch: what it means, and `note`, the metric behind it.

    `before` is None if there is no raw value to compare. `unit` follows the values.
    """

    label: str
    before: str | None
    after: str
    unit: str
    note: str


@dataclass(frozen=True)
class ScorecardColumn:
    """A column of the scorecard; `limit` is that of its gate, if it has one.

    On a phone, a render has only those that are `decisive`.
    """

    family: Family
    limit: str | None
    decisive: bool


@dataclass(frozen=True)
class Sample:
    """The audio that a row's buttons play.

    `rate` is in Hz, `count` the number of samples over all channels, `raw` and `clean` the sizes of
    the files in bytes. At the gains in dB, the speech of both is equally loud.
    """

    rate: int
    count: int
    raw: int
    clean: int
    raw_db: float
    clean_db: float


@dataclass(frozen=True)
class RowReviews:
    """What people say about the present output of a render.

    `needs_work` and `approved` are names. `outdated`: there are only reviews of an earlier output.
    """

    needs_work: tuple[str, ...]
    approved: tuple[str, ...]
    remarks: int
    outdated: bool

    @property
    def kinds(self) -> tuple[str, ...]:
        """By what a reader may look for the render."""
        return (
            *(("needs_work",) if self.needs_work else ()),
            *(("approved",) if self.approved and not self.needs_work else ()),
            *(("remarks",) if self.remarks else ()),
            *(() if self.needs_work or self.approved else ("undecided",)),
        )

    @property
    def rank(self) -> int:
        """The place in the order of the column: what needs work first, what is approved last."""
        return 0 if self.needs_work else 2 if self.approved else 1


@dataclass(frozen=True)
class RenderRow:
    """A render in the scorecard.

    `faults` are the gates it fails; `reason` and `message` say why there is no result; `sample` is
    None if there is nothing to hear. `reviews` is what people say about it.
    """

    id: str
    href: str
    path: str
    place: FilePath
    standing: Standing
    faults: tuple[str, ...]
    reason: str | None
    message: str | None
    reviews: RowReviews
    sample: Sample | None
    length: str
    seconds: float
    cells: tuple[Measurement, ...]


@dataclass(frozen=True)
class Download:
    """A file offered beside the pages."""

    href: str
    name: str
    size: str


@dataclass(frozen=True)
class Overview:
    """Everything the overview page shows except the plots and the diagram.

    `extent` is the size of the batch. `first` is the render to hear first, and `reason` says why;
    None if there is nothing to hear. `archive` is the name of the ZIP of the site; None if none is
    offered. `reviewed`: there are reviews, so that the scorecard has a column for them; of the
    renders that can be `heard`, so many `failed` a gate, are `approved` or in need of work.
    """

    sentence: str
    extent: str
    sound: bool
    first: RenderRow | None
    reason: str
    tiles: tuple[Tile, ...]
    columns: tuple[ScorecardColumn, ...]
    rows: tuple[RenderRow, ...]
    downloads: tuple[Download, ...]
    archive: str | None
    reviewed: bool
    heard: int
    failed: int
    approved: int
    needs_work: int


def overview(
    found: Scorecard,
    reports: Sequence[Path],
    media: Mapping[str, Path],
    archive: str | None = None,
) -> Overview:
    """Return the overview of a build.

    Args:
        found: The build.
        reports: The files offered for download.
        media: The folder with raw.flac and clean.flac of each cleaned render, by id.
        archive: The name of the ZIP that will be among the downloads.
    """
    renders = worst_first(found)
    measured = [measurements(item) for item in renders]
    shown = [
        family_at(anchor)
        for anchor in _COLUMNS
        if anchor not in _OPTIONAL or any(on[anchor].measured for on in measured)
    ]
    limits = {gate.metric: gate.limit for gate in found.gates}
    count = totals(found)
    sentence = batch_verdict(count)
    rows = tuple(_row(item, on, shown, media) for item, on in zip(renders, measured, strict=True))
    worth = most_worth_hearing(found)
    return Overview(
        sentence=sentence[:1].upper() + sentence[1:],
        extent=_("{renders}, {minutes} minutes of audio").format(
            renders=counted(count.items, "render"), minutes=number(headline(found).minutes, 1)
        ),
        sound=count.passed + count.nothing_to_remove == count.items,
        first=next((row for row in rows if worth is not None and row.id == worth.id), None),
        reason="" if worth is None else _(_REASONS[worth.status]),
        tiles=_tiles(found),
        columns=tuple(
            ScorecardColumn(family, limits.get(family.clean.name), family.anchor in _DECISIVE)
            for family in shown
        ),
        rows=rows,
        downloads=download_links(reports),
        archive=archive,
        reviewed=any(item.reviews for item in renders),
        heard=sum(item.output is not None for item in renders),
        failed=count.gate_failed,
        approved=sum(is_approved(item, 1) for item in renders),
        needs_work=sum(bool(row.reviews.needs_work) for row in rows),
    )


def download_links(reports: Sequence[Path]) -> tuple[Download, ...]:
    """Return links to the files in `reports`, as a front page offers them."""
    return tuple(
        Download(f"downloads/{path.name}", path.name, size(path.stat().st_size)) for path in reports
    )


def _tiles(found: Scorecard) -> tuple[Tile, ...]:
    music = _change(found, _("Music heard"), "music_share", _("of the time"))
    quality = _change(found, _("Sound quality"), "dnsmos_ovrl", _("of 5"))
    return (music, _pauses(found), quality, _words(found))


def _pauses(found: Scorecard) -> Tile:
    floor = raw_to_clean(found, "pause_floor_db")
    if floor.raw is None or floor.clean is None:
        return _change(found, _("Pauses"), "pause_floor_db", "dB")
    raw, clean = (format_value("clean_pause_floor_db", one) for one in (floor.raw, floor.clean))
    # Of the values as they are shown, so that a reader who subtracts them gets the same.
    digits = METRICS["clean_pause_floor_db"].digits
    fall = round(floor.raw, digits) - round(floor.clean, digits)
    note = _("Pause floor {raw} → {clean} dB").format(raw=raw, clean=clean)
    return Tile(
        _("Pauses"),
        None,
        number(abs(fall), digits),
        _("dB quieter") if fall >= 0 else _("dB louder"),
        f"{note}; {_over(floor.count)}",
    )


def _words(found: Scorecard) -> Tile:
    if not raw_to_clean(found, "script_wer").count:
        changed = mean(found, "wer_raw_to_clean")
        after = format_value("wer_raw_to_clean", changed.value)
        note = _note("wer_raw_to_clean", changed.count)
        return Tile(_("Words heard otherwise"), None, after, "", note)
    # Some words that changed are corrections, so the script decides where there is one.
    said = _change(found, _("Words misheard"), "script_wer", "")
    lost, recovered = (
        format_value(name, mean(found, name).value) for name in ("words_lost", "words_recovered")
    )
    note = _("{lost} lost, {recovered} recovered").format(lost=lost, recovered=recovered)
    return replace(said, note=f"{said.note}; {note}")


def _change(found: Scorecard, label: str, anchor: str, unit: str) -> Tile:
    means = raw_to_clean(found, anchor)
    before, after = (format_value(f"clean_{anchor}", value) for value in (means.raw, means.clean))
    return Tile(label, before, after, unit, _note(anchor, means.count))


def _note(anchor: str, count: int) -> str:
    """Return the name of the metric behind a tile, and over how many renders it is the mean."""
    return f"{family_at(anchor).label}; {_over(count)}"


def _over(count: int) -> str:
    over = {0: _("not measured on any render"), 1: _("measured on 1 render")}
    return over.get(count) or _("mean of {renders}").format(renders=counted(count, "render"))


def _row(
    item: ScoredRender,
    found: Mapping[str, Measurement],
    shown: Sequence[Family],
    media: Mapping[str, Path],
) -> RenderRow:
    failure = item.failure
    return RenderRow(
        id=item.id,
        href=f"renders/{item.id}.html",
        path=item.path,
        place=file_path(item.path),
        standing=standing(item),
        faults=faults(item),
        reason=words(failure.code) if failure else None,
        message=_message(item.path, failure) if failure else None,
        reviews=_reviews(item),
        sample=None if failure else _sample(item, media[item.id]),
        length=clock(item.duration) if item.rate else "—",
        seconds=item.duration,
        cells=tuple(found[family.anchor] for family in shown),
    )


def _reviews(item: ScoredRender) -> RowReviews:
    current = [one for one in item.reviews if item.is_about_it(one)]
    return RowReviews(
        needs_work=deciders(item, "needs_work"),
        approved=deciders(item, "approved"),
        remarks=sum(len(one.remarks) for one in current),
        outdated=bool(item.reviews) and not current,
    )


def _message(path: str, failure: Failure) -> str:
    """Return why a render failed, shortened and without the path, which the row has already."""
    text = shown(cause(path, failure))
    return text if len(text) <= _MESSAGE_LENGTH else f"{text[:_MESSAGE_LENGTH].rstrip()}…"


def _sample(item: ScoredRender, folder: Path) -> Sample:
    heard = heard_tracks(folder)
    matched = gains(heard, "speech_db") or gains(heard, "lufs") or dict.fromkeys(heard, 0.0)
    raw, clean = ((folder / f"{name}.flac").stat().st_size for name in ("raw", "clean"))
    count = item.frames * item.channels
    return Sample(item.rate, count, raw, clean, matched["raw"], matched["clean"])
