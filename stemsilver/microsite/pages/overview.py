"""The overview page: the verdict, the headline tiles, the scorecard."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stemsilver.media.playback import gains
from stemsilver.microsite.parts.metric_cells import (
    Family,
    Measurement,
    Standing,
    clock,
    family_at,
    measurements,
    size,
    standing,
    words,
)
from stemsilver.microsite.parts.player import heard_tracks
from stemsilver.records import Failure
from stemsilver.report import (
    Mean,
    RawToClean,
    Scorecard,
    ScoredRender,
    Totals,
    batch_verdict,
    format_value,
    headline,
    mean,
    raw_to_clean,
    skipped_words,
    totals,
)

# The columns that a listener can judge by; the rest are on each render's page and in the CSV.
_COLUMNS = (
    "music_presence",
    "pause_floor_db",
    "dnsmos_ovrl",
    "wer_raw_to_clean",
    "script_wer",
    "music_to_speech_db",
    "stoi_vs_stage_a",
    "si_sdr_improvement_db",
    "lufs",
    "true_peak_dbtp",
)
# These need a script or the true speech beside the render, which few batches have.
_OPTIONAL = frozenset({"script_wer", "si_sdr_improvement_db"})
# The render's own page has the whole message.
_MESSAGE_LENGTH = 120


@dataclass(frozen=True)
class Tile:
    """One number of the headline; `before` is None if there is no raw value to compare."""

    label: str
    before: str | None
    after: str
    note: str


@dataclass(frozen=True)
class ScorecardColumn:
    """A column of the scorecard; `limit` is that of its gate, if it has one."""

    family: Family
    limit: str | None


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
class RenderRow:
    """A render in the scorecard.

    `faults` are the gates it fails; `reason` and `message` say why there is no result; `sample` is
    None if there is nothing to hear.
    """

    id: str
    href: str
    path: str
    standing: Standing
    faults: tuple[str, ...]
    reason: str | None
    message: str | None
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

    `archive` is the name of the ZIP of the site; None if none is offered.
    """

    sentence: str
    sound: bool
    tiles: tuple[Tile, ...]
    columns: tuple[ScorecardColumn, ...]
    rows: tuple[RenderRow, ...]
    downloads: tuple[Download, ...]
    archive: str | None


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
    measured = [measurements(item) for item in found.renders]
    shown = [
        family_at(anchor)
        for anchor in _COLUMNS
        if anchor not in _OPTIONAL or any(on[anchor].measured for on in measured)
    ]
    limits = {gate.metric: gate.limit for gate in found.gates}
    count = totals(found)
    sentence = batch_verdict(count)
    return Overview(
        sentence=sentence[:1].upper() + sentence[1:],
        sound=count.passed + count.nothing_to_remove == count.items,
        tiles=_tiles(found, count),
        columns=tuple(ScorecardColumn(family, limits.get(family.clean.name)) for family in shown),
        rows=tuple(
            _row(item, on, shown, media) for item, on in zip(found.renders, measured, strict=True)
        ),
        downloads=download_links(reports),
        archive=archive,
    )


def download_links(reports: Sequence[Path]) -> tuple[Download, ...]:
    """Return links to the files in `reports`, as a front page offers them."""
    return tuple(
        Download(f"downloads/{path.name}", path.name, size(path.stat().st_size)) for path in reports
    )


def _tiles(found: Scorecard, count: Totals) -> tuple[Tile, ...]:
    head = headline(found)
    script = raw_to_clean(found, "script_wer")
    heard: tuple[Tile, ...]
    if script.count:
        heard = (
            _change("Words misheard", "script_wer", script),
            _single("Words lost", "words_lost", mean(found, "words_lost")),
            _single("Words recovered", "words_recovered", mean(found, "words_recovered")),
        )
    else:
        heard = (_single("Words changed", "wer_raw_to_clean", head.wer_raw_to_clean),)
    length = f"{head.minutes:.1f} minutes of audio"
    return (
        Tile("Renders", None, str(count.items), f"{_outcome(count)}; {length}"),
        _change("Music", "music_presence", head.music_presence),
        _change("Pauses", "pause_floor_db", head.pause_floor_db),
        _change("Overall quality", "dnsmos_ovrl", head.dnsmos_ovrl),
        _change("Speech quality", "dnsmos_sig", raw_to_clean(found, "dnsmos_sig")),
        *heard,
    )


def _outcome(count: Totals) -> str:
    """Return the number of renders by outcome, without outcomes that no render has.

    >>> _outcome(Totals(5, 4, 2, 1, 1, 2, 60.0, skipped=3))
    '2 passed, 1 failed a gate, 1 not measured, 1 not cleaned; 3 files skipped'
    """
    judged = count.passed + count.nothing_to_remove + count.gate_failed + count.no_speech
    parts = {
        "passed": count.passed,
        "with nothing to remove": count.nothing_to_remove,
        "failed a gate": count.gate_failed,
        "without speech": count.no_speech,
        "not measured": count.cleaned - judged,
        "not cleaned": count.failed,
    }
    outcome = ", ".join(f"{found} {what}" for what, found in parts.items() if found)
    return f"{outcome}; {skipped_words(count.skipped)}" if count.skipped else outcome


def _change(label: str, anchor: str, means: RawToClean) -> Tile:
    family = family_at(anchor)
    before, after = (format_value(family.clean.name, value) for value in (means.raw, means.clean))
    return Tile(label, before, after, _note(family, means.count))


def _single(label: str, anchor: str, found: Mean) -> Tile:
    after = format_value(anchor, found.value)
    return Tile(label, None, after, _note(family_at(anchor), found.count))


def _note(family: Family, count: int) -> str:
    """Return the metric behind a tile, how to read it, and over how many renders it is the mean."""
    over = {0: "not measured on any render", 1: "measured on 1 render"}
    return f"{family.label}, {family.reads}; {over.get(count, f'mean of {count} renders')}"


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
        standing=standing(item),
        faults=faults(found.values()),
        reason=words(failure.code) if failure else None,
        message=_message(item.path, failure) if failure else None,
        sample=None if failure else _sample(item, media[item.id]),
        length=clock(item.duration) if item.rate else "—",
        seconds=item.duration,
        cells=tuple(found[family.anchor] for family in shown),
    )


def faults(found: Iterable[Measurement]) -> tuple[str, ...]:
    """Return the gates that a render fails, each with its value and limit."""
    return tuple(
        f"{one.verdict.label} {one.judged}, limit {one.verdict.limit}"
        for one in found
        if one.verdict is not None and one.verdict.passed is False
    )


def _message(path: str, failure: Failure) -> str:
    """Return why a render failed, shortened and without the path, which the row has already."""
    text = failure.message.removeprefix(f"{path}: ")
    return text if len(text) <= _MESSAGE_LENGTH else f"{text[:_MESSAGE_LENGTH].rstrip()}…"


def _sample(item: ScoredRender, folder: Path) -> Sample:
    heard = heard_tracks(folder)
    matched = gains(heard, "speech_db") or gains(heard, "lufs") or dict.fromkeys(heard, 0.0)
    raw, clean = ((folder / f"{name}.flac").stat().st_size for name in ("raw", "clean"))
    count = item.frames * item.channels
    return Sample(item.rate, count, raw, clean, matched["raw"], matched["clean"])
