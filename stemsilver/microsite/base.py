"""Another build of the same renders, to compare this one with: the site it published."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from stemsilver.errors import UsageError
from stemsilver.evaluate.catalogue import METRICS
from stemsilver.fsio import contained
from stemsilver.playback import LISTENING, Heard, from_json
from stemsilver.records import Batch, Score

_NEEDED = ("raw.flac", "clean.flac", "clean.webp")
SCORECARD = Path("downloads", "scorecard.json")

# A FLAC file begins with `fLaC` and its stream's description, which ends with the MD5 of the
# decoded samples (RFC 9639, section 8.2).
_FLAC_MAGIC = b"fLaC"
_FLAC_MD5 = slice(26, 42)


@dataclass(frozen=True)
class BaseItem:
    """A render as the other build has it; `folder` holds its audio and pictures."""

    folder: Path
    path: str
    status: str
    scores: Mapping[str, Score]
    tracks: Mapping[str, Heard]


@dataclass(frozen=True)
class Base:
    """The other build. `label` tells it from this one in a few words."""

    label: str
    items: Mapping[str, BaseItem]


def read_base(site: Path) -> Base:
    """The build that was published at `site`.

    Raises:
        UsageError: there is no site of Stemsilver's, or one of another version.
    """
    try:
        card = json.loads((site / SCORECARD).read_bytes())
        return Base(
            build_label(card["profile"]["name"], card["created"], card["tool"]["commit"]),
            {entry["id"]: _item(site, entry) for entry in card["items"]},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{site}: not a site that this build can be compared with "
            f"({type(error).__name__}: {error})",
            next_step="Name the folder of a site that this version of `build-site` made.",
        ) from error


def build_label(profile: str, created: str, commit: str | None) -> str:
    """A build in a few words.

    >>> build_label("embedded", "2026-11-22T10:00:00Z", "0123456789abcdef")
    'embedded, 22 November 2026, 0123456'
    """
    moment = datetime.fromisoformat(created)
    parts = [profile, f"{moment.day} {moment:%B %Y}", *([commit[:7]] if commit else [])]
    return ", ".join(parts)


def match(batch: Batch, media: Mapping[str, Path], base: Base) -> dict[str, BaseItem]:
    """The renders that both builds cleaned, by id, with the base's part of each.

    Both must have been given the same samples, whatever wrote the files.
    """
    found = {}
    for id_, folder in media.items():
        other = base.items.get(id_)
        if other is not None and other.tracks:
            mine, theirs = (_samples_md5(one / "raw.flac") for one in (folder, other.folder))
            if mine == theirs:
                found[id_] = other
    return {item.id: found[item.id] for item in batch.items if item.id in found}


def _item(site: Path, entry: Mapping[str, Any]) -> BaseItem:
    folder = contained(site / "renders", entry["id"])
    cleaned = entry["failure"] is None
    if cleaned:
        for name in _NEEDED:
            (folder / name).stat()
    return BaseItem(
        folder=folder,
        path=str(entry["path"]),
        status=str(entry["status"]),
        scores={name: _score(entry["metrics"].get(name)) for name in METRICS},
        tracks=from_json((folder / LISTENING).read_bytes()) if cleaned else {},
    )


def _score(found: Mapping[str, Any] | None) -> Score:
    """A score of an older scorecard may have no value here, or not be there at all."""
    if found is None or found["value"] is None:
        return Score.missing((found or {}).get("reason") or "not_measured")
    return Score(float(found["value"]))


def _samples_md5(flac: Path) -> bytes:
    with flac.open("rb") as file:
        head = file.read(_FLAC_MD5.stop)
    if not head.startswith(_FLAC_MAGIC) or len(head) < _FLAC_MD5.stop:
        raise UsageError(
            f"{flac}: not a FLAC file", next_step="Build the site it belongs to again."
        )
    return head[_FLAC_MD5]
