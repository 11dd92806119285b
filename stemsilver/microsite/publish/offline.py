"""The files of a site as packed into a ZIP: the same pages, but without the link to the ZIP."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from stemsilver.errors import SiteError, UsageError
from stemsilver.fsio import write_bytes
from stemsilver.microsite.parts.metric_cells import size
from stemsilver.microsite.publish.marker import MARK, MARKER

DOWNLOADS = "downloads"
"""The folder of a site with its downloads."""

SPEECH = "speech_only.wav"
"""The speech-only WAV of a render, in its folder of the site. Only the download has its own name,
which a server might refuse.
"""

RELEASE = "stemsilver-release-"
"""The start of the name of every ZIP that Stemsilver makes."""

# The start of the line that offers the ZIP, and the placeholder for the ZIP's size: see
# `macros.html`. No name or message can contain these, because they are escaped.
_OFFER = b'<li data-archive="'
_SIZE = b"<!-- size -->"
_FRONT = "index.html"
# The error page of a web server: its links only work where the site is served.
_SERVED = frozenset({"404.html"})


@dataclass(frozen=True)
class Archive:
    """A ZIP that a site offers: its file name, and the function that packs a built site (first
    path) into a file (second path).
    """

    name: str
    pack: Callable[[Path, Path], None]


def add_archive(built: Path, archive: Archive) -> None:
    """Pack the site in `built` into its own downloads, and write the ZIP's size on its front page.

    Raises:
        SiteError: the front page does not offer the ZIP exactly once.
        EnvironmentFault: the disk is full.
    """
    target = built / DOWNLOADS / archive.name
    archive.pack(built, target)
    front = built / _FRONT
    page = front.read_bytes()
    offers = _offers(page)
    if [line.count(_SIZE) for line in offers] != [1]:
        raise SiteError(f"{_FRONT}: it must offer {archive.name} once, with a place for its size")
    write_bytes(front, page.replace(_SIZE, size(target.stat().st_size).encode()))


def offline_files(site: Path) -> dict[str, Path | bytes]:
    """Return the files of a site for a reader without a web server, by path with `/` between parts.

    A value is the path of the file, or its changed content. The ZIP that the site offers is left
    out, and so is the offer: a ZIP cannot contain itself.

    Raises:
        UsageError: it is not a Stemsilver site, something in it is a link or a special file, or its
            front page and its ZIP do not match.
    """
    root = site.resolve()
    if not (root / MARKER).is_file() or not (root / _FRONT).is_file():
        raise UsageError(
            f"{site}: not a site of Stemsilver",
            next_step="Run `stemsilver build-site` first, or name its site with --site.",
        )
    files: dict[str, Path | bytes] = {
        path.relative_to(root).as_posix(): path for path in _regular(root)
    }
    for name in _SERVED & files.keys():
        del files[name]
    # Without the digest, which depends on the machine: the same site must give the same bytes.
    files[MARKER] = MARK.encode()
    return _without_archive(site, files, (root / _FRONT).read_bytes())


def _without_archive(
    site: Path, files: Mapping[str, Path | bytes], front: bytes
) -> dict[str, Path | bytes]:
    offers = _offers(front)
    names = [line.removeprefix(_OFFER).partition(b'"')[0].decode() for line in offers]
    offered = {f"{DOWNLOADS}/{name}" for name in names}
    archives = {name for name in files if fnmatchcase(name, f"{DOWNLOADS}/{RELEASE}*.zip")}
    # During a build, the ZIP is offered before it exists.
    if len(offers) > 1 or archives - offered:
        raise UsageError(
            f"{site}: it holds {', '.join(sorted(archives)) or 'no ZIP'}, and its front page "
            f"offers {', '.join(sorted(offered)) or 'none'}",
            next_step="Build the site again.",
        )
    kept = {name: source for name, source in files.items() if name not in archives}
    if offers:
        kept[_FRONT] = front.replace(offers[0], b"")
    return kept


def _offers(page: bytes) -> list[bytes]:
    """Return the lines of a page that offer a ZIP, with their line endings."""
    return [line for line in page.splitlines(keepends=True) if line.startswith(_OFFER)]


def _regular(root: Path) -> list[Path]:
    """Return every file below `root`, sorted by path."""

    def refuse(error: OSError) -> None:
        raise UsageError(
            f"{error.filename}: cannot be read ({error.strerror})",
            next_step="Build the site again.",
        ) from error

    found = []
    for folder, folders, names in os.walk(root, onerror=refuse):
        for name in (*folders, *names):
            path = Path(folder, name)
            mode = path.lstat().st_mode
            if stat.S_ISREG(mode):
                found.append(path)
            elif not stat.S_ISDIR(mode):
                raise UsageError(
                    f"{path}: a link or a special file, which could lead out of the site",
                    next_step="Remove it, or build the site again: Stemsilver makes no such files.",
                )
    return sorted(found)
