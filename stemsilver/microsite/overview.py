"""What the overview page shows: the verdict, the headline tiles, the scorecard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stemsilver.config import Profile
from stemsilver.microsite.readings import (
    Family,
    Measurement,
    Standing,
    clock,
    families,
    measurements,
    size,
    standing,
    words,
)
from stemsilver.records import Batch, ItemResult
from stemsilver.report import (
    Mean,
    RawToClean,
    batch_verdict,
    format_value,
    gates,
    headline,
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
# These need a script or a truth beside the render, and few batches have them.
_OPTIONAL = frozenset({"script_wer", "si_sdr_improvement_db"})


@dataclass(frozen=True)
class Tile:
    """One number of the headline; `before` is None where there is no raw value to compare."""

    label: str
    before: str | None
    after: str
    note: str


@dataclass(frozen=True)
class Column:
    """A column of the scorecard; `limit` is its gate's, where it has one."""

    family: Family
    limit: str | None


@dataclass(frozen=True)
class Row:
    """A render in the scorecard."""

    href: str
    path: str
    standing: Standing
    reason: str | None
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
    """Everything the overview page shows but the plots and the diagram."""

    sentence: str
    sound: bool
    tiles: tuple[Tile, ...]
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    downloads: tuple[Download, ...]


def overview(batch: Batch, profile: Profile, reports: Sequence[Path]) -> Overview:
    """The overview of `batch`; `reports` are the files offered for download."""
    found = [measurements(item, profile) for item in batch.items]
    shown = [
        family
        for anchor in _COLUMNS
        for family in families()
        if family.anchor == anchor
        and (anchor not in _OPTIONAL or any(on[anchor].measured for on in found))
    ]
    limits = {gate.metric: gate.limit for gate in gates(profile)}
    count = totals(batch, profile)
    sentence = batch_verdict(batch, profile)
    return Overview(
        sentence=sentence[:1].upper() + sentence[1:],
        sound=count.passed == count.items,
        tiles=_tiles(batch),
        columns=tuple(Column(family, limits.get(family.clean.name)) for family in shown),
        rows=tuple(
            _row(item, profile, tuple(on[family.anchor] for family in shown))
            for item, on in zip(batch.items, found, strict=True)
        ),
        downloads=tuple(
            Download(f"downloads/{path.name}", path.name, size(path.stat().st_size))
            for path in reports
        ),
    )


def _tiles(batch: Batch) -> tuple[Tile, ...]:
    head = headline(batch)
    return (
        Tile("Renders", None, str(head.items), f"{head.minutes:.1f} minutes of audio"),
        _change("Music presence", "music_presence", head.music_presence),
        _change("Pause floor", "pause_floor_db", head.pause_floor_db),
        _change("DNSMOS overall", "dnsmos_ovrl", head.dnsmos_ovrl),
        _single("Words changed", "wer_raw_to_clean", head.wer_raw_to_clean),
    )


def _change(label: str, anchor: str, means: RawToClean) -> Tile:
    family = next(family for family in families() if family.anchor == anchor)
    before, after = (format_value(family.clean.name, value) for value in (means.raw, means.clean))
    return Tile(label, before, after, _note(family, means.count))


def _single(label: str, anchor: str, found: Mean) -> Tile:
    family = next(family for family in families() if family.anchor == anchor)
    return Tile(label, None, format_value(anchor, found.value), _note(family, found.count))


def _note(family: Family, count: int) -> str:
    if not count:
        return "not measured on any render"
    return f"{family.reads}; mean of {count}"


def _row(item: ItemResult, profile: Profile, cells: tuple[Measurement, ...]) -> Row:
    return Row(
        href=f"renders/{item.id}.html",
        path=item.path,
        standing=standing(item, profile),
        reason=words(item.failure.code) if item.failure else None,
        length=clock(item.duration) if item.rate else "—",
        seconds=item.duration,
        cells=cells,
    )
