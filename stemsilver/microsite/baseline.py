"""Read another build of the same renders from its published site, to compare with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stemsilver.audio import decode
from stemsilver.errors import ItemError, UsageError
from stemsilver.fsio import contained
from stemsilver.media.playback import LISTENING, TrackLevels, from_json
from stemsilver.records import Audio
from stemsilver.report import Scorecard, ScoredRender, read_scorecard
from stemsilver.translation import date
from stemsilver.translation import gettext as _

_NEEDED = ("raw.flac", "clean.flac", "clean.webp", LISTENING)
SCORECARD = Path("downloads", "scorecard.json")

# A FLAC file begins with `fLaC` and its stream's description: the rate, the channels, the length,
# and the MD5 of the decoded samples (RFC 9639, section 8.2).
_FLAC_MAGIC = b"fLaC"
_FLAC_SHAPE = slice(18, 26)
_FLAC_MD5 = slice(26, 42)
_WEBP_MAGIC = b"RIFF"


@dataclass(frozen=True)
class BaseItem:
    """A render in the other build; `folder` has its audio and pictures.

    `raw_md5` is the MD5 of its raw samples; None if it was not cleaned.
    """

    folder: Path
    raw_md5: bytes | None
    tracks: Mapping[str, TrackLevels]


@dataclass(frozen=True)
class Base:
    """The other build: its scorecard, and the files of its renders in its site, by id."""

    scorecard: Scorecard
    items: Mapping[str, BaseItem]


def read_base(site: Path) -> Base:
    """Read the build that was published at `site`.

    Raises:
        UsageError: it is not a site of Stemsilver, or one of another version.
    """
    try:
        scorecard = read_scorecard(site / SCORECARD)
        return Base(scorecard, {item.id: _item(site, item) for item in scorecard.renders})
    except (OSError, ValueError, UsageError) as error:
        raise UsageError(
            f"{site}: not a site that this build can be compared with "
            f"({type(error).__name__}: {error})",
            next_step="Name the folder of a site that this version of `build-site` made.",
        ) from error


def label(build: Scorecard, other: Scorecard) -> str:
    """Return a short name of `build` that differs from `other`'s, such as
    `embedded, 22 November 2026, 0123456`. Builds of the same day have the time as well.
    """
    mine, theirs = _words(build, other), _words(other, build)
    if mine == theirs and build.config_digest != other.config_digest:
        return _("{build}, settings {digest}").format(build=mine, digest=build.config_digest[:7])
    return mine


def match(build: Scorecard, media: Mapping[str, Path], base: Base) -> dict[str, BaseItem]:
    """Return the renders that both builds cleaned, by id, with the base's part of each.

    Both must have had the same raw samples; the files may be encoded differently.
    """
    found = {}
    for id_, folder in media.items():
        other = base.items.get(id_)
        if other is not None and _stream(folder / "raw.flac")[_FLAC_MD5] == other.raw_md5:
            found[id_] = other
    return {id_: found[id_] for id_ in build.items if id_ in found}


def decoded_clean(item: ScoredRender, base: BaseItem, max_minutes: float, scratch: Path) -> Audio:
    """Decode the other build's clean, of which only the header was checked so far.

    Args:
        item: the render in this build.
        base: the same render in the other build.
        max_minutes: a longer file is refused.
        scratch: the folder for a long signal.

    Raises:
        UsageError: it cannot be decoded, or differs from the render in rate, channels or length.
    """
    try:
        audio = decode(base.folder / "clean.flac", max_minutes, scratch)
        if (audio.rate, audio.samples.shape) != (item.rate, (item.channels, item.frames)):
            raise ItemError("clean.flac: it differs from the render in rate, channels or length")
    except ItemError as error:
        raise UsageError(
            f"{base.folder}: {error.message}",
            next_step="Build the site given with --base again.",
        ) from error
    return audio


def _words(build: Scorecard, other: Scorecard) -> str:
    day = date(build.moment)
    same_day = build.moment != other.moment and day == date(other.moment)
    time = [f"{build.moment:%H:%M} UTC"] if same_day else []
    commit = [build.commit[:7]] if build.commit else []
    return ", ".join([build.profile, day, *time, *commit])


def _item(site: Path, item: ScoredRender) -> BaseItem:
    folder = contained(site / "renders", item.id)
    if item.failure is None:
        # Through `contained`: otherwise the target of a link would be published with the site.
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
    return BaseItem(folder, md5, tracks)


def _stream(flac: Path) -> bytes:
    """Return the head of a FLAC file, which describes its stream."""
    return _head(flac, "FLAC", _FLAC_MAGIC, _FLAC_MD5.stop)


def _head(path: Path, kind: str, magic: bytes, length: int) -> bytes:
    """Return the first `length` bytes of a file, which must start with `magic`."""
    with path.open("rb") as file:
        head = file.read(length)
    if not head.startswith(magic) or len(head) < length:
        raise ValueError(f"{path}: not a {kind} file")
    return head
