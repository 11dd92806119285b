"""Another build of the same renders, to compare this one with: the site it published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from stemsilver.errors import UsageError
from stemsilver.fsio import contained
from stemsilver.media.playback import LISTENING, Heard, from_json
from stemsilver.records import Batch, Score
from stemsilver.report import Card, CardItem, read_card

_NEEDED = ("raw.flac", "clean.flac", "clean.webp", LISTENING)
SCORECARD = Path("downloads", "scorecard.json")

# A FLAC file begins with `fLaC` and its stream's description: the rate, the channels, the length,
# and the MD5 of the decoded samples (RFC 9639, section 8.2).
_FLAC_MAGIC = b"fLaC"
_FLAC_SHAPE = slice(18, 26)
_FLAC_MD5 = slice(26, 42)
_WEBP_MAGIC = b"RIFF"


@dataclass(frozen=True)
class Build:
    """What made a site. `created` is ISO 8601."""

    profile: str
    config_digest: str
    created: str
    commit: str | None

    def __post_init__(self) -> None:
        _moment(self.created)

    def label(self, other: Build) -> str:
        """A build in a few words, which tell it from `other`.

        >>> one = Build("embedded", "5ca1ab1e", "2026-11-22T10:00:00Z", "0123456789abcdef")
        >>> one.label(Build("studio", "0ddba115", "2026-11-22T10:00:00Z", None))
        'embedded, 22 November 2026, 0123456'
        >>> one.label(Build("embedded", "0ddba115", "2026-11-22T10:00:00Z", "0123456789abcdef"))
        'embedded, 22 November 2026, 0123456, settings 5ca1ab1'
        >>> one.label(Build("embedded", "5ca1ab1e", "2026-11-22T10:05:00Z", "0123456789abcdef"))
        'embedded, 22 November 2026, 0123456, 10:00 UTC'
        """
        mine, theirs = self._words(), other._words()
        if mine != theirs:
            return mine
        if self.config_digest != other.config_digest:
            return f"{mine}, settings {self.config_digest[:7]}"
        return f"{mine}, {_moment(self.created):%H:%M} UTC"

    def _words(self) -> str:
        moment = _moment(self.created)
        commit = [self.commit[:7]] if self.commit else []
        return ", ".join([self.profile, f"{moment.day} {moment:%B %Y}", *commit])


@dataclass(frozen=True)
class BaseItem:
    """A render as the other build has it; `folder` holds its audio and pictures.

    `raw_md5` is that of the samples it was given; None where it was not cleaned.
    """

    folder: Path
    path: str
    raw_md5: bytes | None
    status: str
    scores: Mapping[str, Score]
    tracks: Mapping[str, Heard]


@dataclass(frozen=True)
class Base:
    """The other build: what made it, its renders by id, and its scorecard."""

    build: Build
    items: Mapping[str, BaseItem]
    card: Card


def read_base(site: Path) -> Base:
    """The build that was published at `site`.

    Raises:
        UsageError: there is no site of Stemsilver's, or one of another version.
    """
    try:
        card = read_card(site / SCORECARD)
        return Base(
            Build(card.profile, card.config_digest, card.created, card.commit),
            {item.id: _item(site, item) for item in card.items.values()},
            card,
        )
    except (OSError, ValueError, UsageError) as error:
        raise UsageError(
            f"{site}: not a site that this build can be compared with "
            f"({type(error).__name__}: {error})",
            next_step="Name the folder of a site that this version of `build-site` made.",
        ) from error


def match(batch: Batch, media: Mapping[str, Path], base: Base) -> dict[str, BaseItem]:
    """The renders that both builds cleaned, by id, with the base's part of each.

    Both must have been given the same samples, whatever wrote the files.
    """
    found = {}
    for id_, folder in media.items():
        other = base.items.get(id_)
        if other is not None and _stream(folder / "raw.flac")[_FLAC_MD5] == other.raw_md5:
            found[id_] = other
    return {item.id: found[item.id] for item in batch.items if item.id in found}


def _moment(created: str) -> datetime:
    return datetime.fromisoformat(created).astimezone(UTC)


def _item(site: Path, item: CardItem) -> BaseItem:
    folder = contained(site / "renders", item.id)
    if item.failure is None:
        # Through `contained`: a link to elsewhere would be published with the site.
        files = {name: contained(folder, name) for name in _NEEDED}
        raw, clean = (_stream(files[name]) for name in ("raw.flac", "clean.flac"))
        if raw[_FLAC_SHAPE] != clean[_FLAC_SHAPE]:
            raise ValueError(f"{folder.name}: raw and clean differ in rate, channels or length")
        _head(files["clean.webp"], "WebP", _WEBP_MAGIC, len(_WEBP_MAGIC))
        tracks, md5 = from_json(files[LISTENING].read_bytes()), raw[_FLAC_MD5]
        if not {"raw", "clean"} <= tracks.keys():
            raise ValueError(f"{folder.name}: its tracks are not described")
    else:
        tracks, md5 = {}, None
    return BaseItem(folder, item.path, md5, item.status, item.scores, tracks)


def _stream(flac: Path) -> bytes:
    """The head of a FLAC file, which describes its stream."""
    return _head(flac, "FLAC", _FLAC_MAGIC, _FLAC_MD5.stop)


def _head(path: Path, kind: str, magic: bytes, length: int) -> bytes:
    """The first bytes of a file that must be of a kind."""
    with path.open("rb") as file:
        head = file.read(length)
    if not head.startswith(magic) or len(head) < length:
        raise ValueError(f"{path}: not a {kind} file")
    return head
