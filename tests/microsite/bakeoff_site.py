"""The planted batch in a bake-off of three profiles, published."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from stemsilver.audio import encode_flac16
from stemsilver.config import Profile
from stemsilver.fsio import write_json, write_text
from stemsilver.microsite import build_bakeoff
from stemsilver.records import Evidence, Failure, ItemResult, Score
from stemsilver.report import Bakeoff, bakeoff, bakeoff_json, bakeoff_markdown, cost

from .blind_site import voice
from .planted_site import DUET, HOSTILE_WORD, SILENT, Planted, Published, set_levels

NAMES = ("embedded", f"studio {HOSTILE_WORD}", "gentle")
LOUDER_DB = 2.0
"""How much louder the second profile's speech is, as it is measured."""


class Baked(NamedTuple):
    """A bake-off, and run by run what was measured and the folders with the tracks, by id."""

    found: Bakeoff
    evidence: list[dict[str, Evidence]]
    media: list[Mapping[str, Path]]


def planted_bakeoff(planted: Planted, folder: Path) -> Baked:
    """The second has less music, and cannot clean `duet`; the third costs intelligibility."""
    runs, evidence, media = [], [], []
    changes: tuple[Mapping[str, float], ...] = (
        {},
        {"music_to_speech_db": -36.0, "clean_pause_floor_db": -60.0, "clean_dnsmos_ovrl": 2.5},
        {"music_to_speech_db": -36.0, "stoi_vs_stage_a": 0.91},
    )
    for at, (name, values) in enumerate(zip(NAMES, changes, strict=True)):
        items = tuple(_item(item, values, lost=at == 1) for item in planted.results)
        profile: Profile = planted.profile.model_copy(update={"name": name})
        made = replace(planted, results=items, profile=profile)
        runs.append((made.scorecard, profile, cost(items)))
        evidence.append(made.evidence)
        cleaned = [item.id for item in items if item.failure is None]
        media.append({id_: _media(planted, id_, folder / str(at), at) for id_ in cleaned})
    return Baked(bakeoff(runs, runs[0][1]), evidence, media)


def bake_site(planted: Planted, folder: Path) -> Published:
    """The bake-off as a site."""
    found, evidence, media = planted_bakeoff(planted, folder)
    reports = folder / "bakeoff.json", folder / "bakeoff.md"
    write_json(reports[0], bakeoff_json(found))
    write_text(reports[1], bakeoff_markdown(found))
    build_bakeoff(found, evidence, media, reports, folder / "site", 50)
    # Only a secure page has a clipboard.
    return Published(folder / "site", planted, url="https://stemsilver.test")


def _item(item: ItemResult, values: Mapping[str, float], *, lost: bool) -> ItemResult:
    costs = {
        "seconds": {"separate: model": 3.0, "polish": 0.15},
        "peak_bytes": {"separate: model": 1_440_000_000},
    }
    if item.evidence is None:
        return item
    if lost and item.id == DUET:
        why = Failure("stage", f"duet.wav: {HOSTILE_WORD}", "Look at it.")
        return replace(item, failure=why, evidence=None)
    known = {
        name: Score(values[name]) if name in values and score.value is not None else score
        for name, score in item.evidence.scores.items()
    }
    return replace(item, evidence=replace(item.evidence, scores=known), **costs)  # type: ignore[arg-type]


def _media(planted: Planted, id_: str, folder: Path, at: int) -> Path:
    """The planted files of a render, with a clean of its own and a level to match by."""
    made = Path(shutil.copytree(planted.media[id_], folder / id_))
    if id_ in (DUET, SILENT):
        return made
    (made / "clean.flac").write_bytes(encode_flac16(voice(at, 0.001)))
    # The louder a clean is, the less of it is in raw.
    raw_db = -LOUDER_DB if at == 1 else 0.0
    set_levels(made, raw={"speech_db": raw_db}, clean={"speech_db": 0.0})
    return made
