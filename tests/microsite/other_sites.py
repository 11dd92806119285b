"""The planted batch in two more sites: with short pairs of several kinds, and after a year."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from stemsilver.audio import decode
from stemsilver.evaluation.catalogue import METRICS
from stemsilver.media import snippets
from stemsilver.media.snippets import LISTING

from ..report.planted_history import builds
from .planted_site import DUET, INTRO, SILENT, Planted, Published

PRESENCE, PAUSES = METRICS["clean_music_presence"], METRICS["clean_pause_floor_db"]
SHARE = "enhancement.mixture_share"
WORSE_AT = 30
STEPS = {PRESENCE.name: {WORSE_AT: 8.0}, PAUSES.name: {10: -8.0}}


def pair_site(planted: Planted, folder: Path) -> Published:
    """A render with two short pairs, one with a pair in stereo, and one without any."""
    media = {
        id_: shutil.copytree(planted.media[id_], folder / id_) for id_ in (INTRO, DUET, SILENT)
    }
    [one] = snippets.read(media[INTRO])
    halves = [replace(one, stop=24_000), replace(one, number=2, start=24_000)]
    signals = {name: decode(media[INTRO] / f"{name}.flac", 1) for name in ("raw", "clean")}
    files = snippets.files(halves, {"raw": signals["raw"], "clean": signals["clean"]}, 10)
    for name, content in files.items():
        (media[INTRO] / name).write_bytes(content)
    (media[SILENT] / LISTING).write_bytes(snippets.to_json(()))
    items = tuple(item for item in planted.results if item.id in media)
    changed = replace(planted, results=items, media=media)
    changed.build(folder / "site")
    return Published(folder / "site", changed)


def year_site(planted: Planted, folder: Path) -> Published:
    """50 builds of 20 renders, the last of which is of the planted batch; one made the music
    presence worse, another the pauses better.
    """
    shares = [{SHARE: 0.6 if place < WORSE_AT else 0.3} for place in range(49)]
    first = datetime(2025, 12, 1, tzinfo=UTC)
    history = builds(49, 1, steps=STEPS, settings=shares, first=first)
    planted.build(folder / "site", history=history)
    return Published(folder / "site", planted)
