"""Reproducible ZIP archives with a checksum of every file."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import IO, TypeAlias
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from stemsilver.errors import EnvironmentFault
from stemsilver.fsio import open_atomic

Source: TypeAlias = Path | bytes
"""The path of a file, or the content itself."""

ProgressCallback: TypeAlias = Callable[[int, int], None]
"""Progress callback: bytes packed so far, and bytes in total."""

SUMS = "SHA256SUMS"

_PIECE = 1 << 20
# Formats that are compressed already: deflating them again takes time and saves nothing.
_COMPRESSED = frozenset({".flac", ".gz", ".png", ".webp", ".woff2", ".zip"})
# Every entry is marked as a regular Unix file with mode 644, whatever system wrote the ZIP.
_UNIX = 3
_MODE = (stat.S_IFREG | 0o644) << 16
# The first and last year that a ZIP's two-byte date can hold.
_YEARS = (1980, 2107)


def ignore_progress(done: int, total: int) -> None:
    """Ignore the progress."""


def write_zip(
    target: Path,
    files: Mapping[str, Source],
    moment: datetime,
    advance: ProgressCallback = ignore_progress,
) -> None:
    """Write `files` to the ZIP `target`, inside one folder with the name of `target`.

    The entries are sorted. The last one is `SHA256SUMS`, in the format of `sha256sum -c`. Every
    entry has the date `moment` and no other metadata of its file, so equal files give equal bytes
    on every machine with the same zlib. Files are streamed, never held in memory as a whole.

    Args:
        target: the ZIP to write.
        files: the content by its name in the ZIP. No name may need the escapes of `sha256sum`.
        moment: the date of every entry.
        advance: called with the progress.

    Raises:
        EnvironmentFault: a file cannot be read, or the disk is full. A former `target` is kept.
    """
    total = sum(_length(source) for source in files.values())
    done = 0
    sums = []
    with open_atomic(target) as file, ZipFile(file, "w") as archive:
        for name in sorted(files):
            digest = hashlib.sha256()
            with _entry(archive, f"{target.stem}/{name}", _length(files[name]), moment) as entry:
                for piece in _pieces(files[name]):
                    digest.update(piece)
                    entry.write(piece)
                    done += len(piece)
                    advance(done, total)
            sums.append(f"{digest.hexdigest()}  {name}\n")
        content = "".join(sums).encode()
        with _entry(archive, f"{target.stem}/{SUMS}", len(content), moment) as entry:
            entry.write(content)


def _entry(archive: ZipFile, name: str, length: int, moment: datetime) -> IO[bytes]:
    """Open a new entry of the ZIP for writing. `length` decides whether it needs ZIP64."""
    info = ZipInfo(name, _date(moment))
    info.compress_type = ZIP_STORED if Path(name).suffix in _COMPRESSED else ZIP_DEFLATED
    info.create_system, info.external_attr = _UNIX, _MODE
    info.file_size = length
    return archive.open(info, "w")


def _date(moment: datetime) -> tuple[int, int, int, int, int, int]:
    """Convert `moment` to a ZIP date: from 1980, with a resolution of two seconds."""
    first, last = _YEARS
    if moment.year < first:
        return (first, 1, 1, 0, 0, 0)
    if moment.year > last:
        return (last, 12, 31, 23, 59, 58)
    year, month, day, hour, minute, second, *_ = moment.timetuple()
    return (year, month, day, hour, minute, second - second % 2)


def _length(source: Source) -> int:
    if isinstance(source, bytes):
        return len(source)
    try:
        return source.stat().st_size
    except OSError as error:
        raise _unreadable(source, error) from error


def _pieces(source: Source) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield source
        return
    try:
        with source.open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece
    except OSError as error:
        raise _unreadable(source, error) from error


def _unreadable(source: Path, error: OSError) -> EnvironmentFault:
    return EnvironmentFault(
        f"cannot read {source}: {error.strerror or error}",
        next_step="Check that nothing else changes the files, then run the same command again.",
    )
