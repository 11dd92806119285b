"""Short pairs of raw and clean of every render, in the report; with another build's clean."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from stemsilver import fsio
from stemsilver.config import Profile
from stemsilver.media import playback, snippets
from stemsilver.media.playback import BASE, LISTENING
from stemsilver.media.snippets import Snippet
from stemsilver.microsite.baseline import Base, BaseItem, decoded_clean, match
from stemsilver.report import Scorecard, ScoredRender

README = "README.txt"

_ABOUT = """\
Short pairs of raw and clean, a folder for each render

ab-1-raw.flac     as it came in
ab-1-clean.flac   speech only
{base}
Files of one number are cut at the same samples. The speech in them is equally loud, so that the
music makes the difference. ab.json says where they were cut, and at which gains.
"""
_ABOUT_BASE = """\
ab-1-base.flac    speech only, as the build that this one was compared with made it
"""


def write_snippets(
    scorecard: Scorecard,
    profile: Profile,
    media: Mapping[str, Path],
    base: Base | None,
    folder: Path,
) -> dict[str, Path]:
    """Write `folder`/ID/ for every render that has snippets, and remove those of others.

    Return these folders, by id.

    Args:
        scorecard: the scorecard of this build.
        profile: the profile of this build.
        media: the folder of each cleaned render's files, by id.
        base: another build of the same renders, whose clean is added.
        folder: the snippets' folder in the report.

    Raises:
        UsageError: the clean of a render in `base` cannot be decoded, or differs from the render
            in rate, channels or length.
    """
    matched = {} if base is None else match(scorecard, media, base)
    kept = {}
    for item in scorecard.renders:
        if item.failure is not None:
            continue
        found = snippets.read(media[item.id])
        if found:
            files = _files(item, profile, media[item.id], found, matched.get(item.id))
            for name, content in files.items():
                fsio.write_if_changed(folder / item.id / name, content)
            kept[item.id] = files.keys()
    if kept:
        about = _ABOUT.format(base=_ABOUT_BASE if matched else "")
        fsio.write_if_changed(folder / README, about.encode())
    _remove_others(folder, kept)
    return {id_: folder / id_ for id_ in kept}


def _files(
    item: ScoredRender,
    profile: Profile,
    media: Path,
    found: tuple[Snippet, ...],
    base: BaseItem | None,
) -> dict[str, bytes]:
    """Return the files of one render by name. The listing is last: it names the others."""
    files = {name: (media / name).read_bytes() for one in found for name in one.files.values()}
    if base is not None:
        tracks = playback.from_json((media / LISTENING).read_bytes())
        heard = playback.with_base(tracks, base.tracks)
        louder = playback.louder_db(heard["clean"], heard[BASE]) or 0.0
        with TemporaryDirectory(prefix="stemsilver-", ignore_cleanup_errors=True) as scratch:
            audio = decoded_clean(item, base, profile.preprocess.max_minutes, Path(scratch))
            found = tuple(
                snippets.with_base(one, audio, one.gains_db["clean"] + louder) for one in found
            )
            for one in found:
                content = snippets.cut(audio, one, "base", profile.ab_tests.fade_ms)
                files[one.files["base"]] = content
    return {**files, snippets.LISTING: snippets.to_json(found)}


def _remove_others(folder: Path, kept: Mapping[str, Collection[str]]) -> None:
    """Remove only the snippets of an earlier build that this one did not write."""
    for stale in (*folder.glob("*/ab-*.flac"), *folder.glob(f"*/{snippets.LISTING}")):
        if stale.name not in kept.get(stale.parent.name, ()):
            stale.unlink()
            # A folder with other files is kept.
            with suppress(OSError):
                stale.parent.rmdir()
    if not kept:
        (folder / README).unlink(missing_ok=True)
        with suppress(OSError):
            folder.rmdir()
