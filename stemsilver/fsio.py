"""Atomic writes of files and folders: a target is either complete or absent.

All output of Stemsilver is written by this module. A file is written to a temporary file next to
its target and renamed; a folder is built next to its target and swapped; a lock prevents two runs
from using the same outputs. Even after a `kill -9`, no target holds an incomplete file. Leftovers
are hidden files, and `sweep`, `staging_beside` and `recover_directory` remove them in the next run.
"""

from __future__ import annotations

import errno
import filecmp
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout

from stemsilver.errors import EnvironmentFault, Locked, UsageError

_TEMPORARY_PREFIX = ".stemsilver-"
_TEMPORARY_SUFFIX = ".tmp"
_TEMPORARY = f"{_TEMPORARY_PREFIX}*{_TEMPORARY_SUFFIX}"
_LOCK = ".stemsilver.lock"
_HOLDER = ".stemsilver.pid"


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path` atomically; missing folders are created.

    Raises `EnvironmentFault` if writing fails, for example because the disk is full. A previous
    file at `path` is then unchanged.
    """
    with open_atomic(path) as file:
        file.write(data)


@contextmanager
def open_atomic(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file for writing, and rename it to `path` when the block succeeds.

    Missing folders are created. Any `OSError` in the block counts as a write error and becomes
    `EnvironmentFault`. After any error, a previous file at `path` is unchanged.
    """
    # A short random name: the name of the target may already have the maximum length.
    temporary = path.with_name(_TEMPORARY_PREFIX + secrets.token_hex(8) + _TEMPORARY_SUFFIX)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            # After the rename it no longer exists. A failure must not hide the original error.
            with suppress(OSError):
                temporary.unlink()


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn any `OSError` in the block into `EnvironmentFault`: `path` could not be written."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise EnvironmentFault(
                f"the disk is full: cannot write {path}",
                next_step="Free some space there and run the same command again; "
                "all files written so far are complete.",
            ) from error
        raise EnvironmentFault(
            f"cannot write {path}: {error.strerror or error}",
            next_step="Check that the folder can be written to, then run the same command again.",
        ) from error


def write_text(path: Path, text: str) -> None:
    """Write `text` atomically in UTF-8; line ends are not converted."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: object) -> None:
    """Write `value` atomically as JSON: indent 2, keys not sorted, with a final newline.

    Raises `ValueError` for NaN and infinity, which are not JSON: write null and a reason instead.
    """
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_if_changed(path: Path, data: bytes) -> bool:
    """Write `data` unless the content of `path` is already equal. Return True if it was written.

    An unchanged file keeps its modification time, so tools that check it do not repeat work.
    """
    with suppress(OSError):
        if path.stat().st_size == len(data) and path.read_bytes() == data:
            return False
    write_bytes(path, data)
    return True


def copy_if_changed(source: Path, target: Path) -> None:
    """Copy a file atomically, unless `target` already has the same content."""
    if target.exists() and filecmp.cmp(source, target, shallow=False):
        return
    with source.open("rb") as content, open_atomic(target) as file:
        shutil.copyfileobj(content, file)


@contextmanager
def open_append(path: Path) -> Iterator[BinaryIO]:
    """Open a file for appending, to continue work that a killed run did not finish.

    Missing folders are created. Any `OSError` in the block counts as a write error and becomes
    `EnvironmentFault`. No other code may read `path` before `replace_file`.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())


def replace_file(written: Path, path: Path) -> None:
    """Rename the complete file `written` to `path`, in the same folder. Raises `EnvironmentFault`.

    A previous file at `path` is replaced atomically.
    """
    with writing(path):
        written.replace(path)


def sweep(folder: Path, *, below: bool = True) -> None:
    """Remove temporary files of killed runs from `folder`, and with `below` from its subfolders.

    Call it only while holding the `run_lock`: temporary files of a live run look the same.
    """
    with writing(folder):
        for leftover in folder.rglob(_TEMPORARY) if below else folder.glob(_TEMPORARY):
            leftover.unlink(missing_ok=True)


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of a file in lowercase hex. Raises `OSError` if it cannot be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def staging_beside(target: Path) -> Path:
    """Create an empty folder next to `target`, to be filled and passed to `swap_directory`.

    Leftovers of a killed run are removed from it. Raises `EnvironmentFault`.
    """
    staged = _sibling(target, "new")
    with writing(staged):
        if staged.exists():
            shutil.rmtree(staged)
        staged.mkdir(parents=True)
    return staged


def swap_directory(staged: Path, target: Path) -> None:
    """Replace the folder `target` by the folder `staged`.

    Both must be on the same filesystem. Raises `EnvironmentFault` if the swap fails; the old folder
    is then back at `target`. If a run is killed between the two renames, `recover_directory` or
    the next swap restores the old folder.
    """
    recover_directory(target)
    old = _sibling(target, "old")
    with writing(target):
        standing = target.exists()
        if standing and not target.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "a file stands where a folder should be")
        if standing:
            target.resolve().rename(old)
        try:
            staged.rename(target.resolve())
        except BaseException:
            if standing:
                old.rename(target.resolve())
            raise
    # The new folder is published. If this removal fails, the next swap repeats it.
    shutil.rmtree(old, ignore_errors=True)


def recover_directory(target: Path) -> None:
    """Finish or undo the swap of a run that was killed in `swap_directory(…, target)`.

    If it was killed between the renames, the old folder returns to `target`; if after them, the
    rest of the old folder is removed. Otherwise it does nothing. Raises `EnvironmentFault`.
    """
    old = _sibling(target, "old")
    with writing(target):
        if not old.exists():
            return
        if target.exists():
            shutil.rmtree(old)
        else:
            old.rename(target.resolve())


def has_leftovers(folder: Path) -> bool:
    """Return whether temporary files of a killed or live run are in or next to `folder`."""
    beside = any(_sibling(folder, role).exists() for role in ("new", "old"))
    return beside or any(folder.rglob(_TEMPORARY))


def contained(root: Path, relative: str) -> Path:
    """Return the real path of `relative` under `root`; neither needs to exist.

    Raises `UsageError` if it leads outside `root`: through `..`, a symbolic link, or because it is
    absolute.

    >>> contained(Path("/srv"), "a/../b.wav").as_posix()
    '/srv/b.wav'
    >>> contained(Path("/srv"), "../etc/passwd")
    Traceback (most recent call last):
    stemsilver.errors.UsageError: '../etc/passwd' leads out of /srv
    """
    try:
        real_root = root.resolve()
        path = (real_root / relative).resolve()
        inside = not Path(relative).is_absolute() and path.is_relative_to(real_root)
        # The first resolve() does not follow the part of the path after a loop of links.
        inside = inside and path.resolve() == path
    except (OSError, RuntimeError, ValueError):  # a loop of links, a NUL, an impossible name
        inside = False
    if not inside:
        raise UsageError(f"{relative!r} leads out of {root}", next_step="Name a path inside it.")
    return path


@contextmanager
def run_lock(folder: Path, wait: Callable[[str], None] | None = None) -> Iterator[None]:
    """Lock `folder` for this run.

    If another run holds the lock: without `wait`, raise `Locked` with the process id of the holder;
    with `wait`, call it with that id and wait for the lock. It is a lock of the operating system,
    so it is released when a run is killed; only the empty lock file remains.
    """
    lock = FileLock(folder / _LOCK)
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            if wait is None:
                raise Locked(f"another run (process {_holder(folder)}) is using {folder}") from None
            wait(_holder(folder))
            lock.acquire()
    try:
        write_text(folder / _HOLDER, f"{os.getpid()}\n")
        yield
    finally:
        # Remove the file before the release: afterwards it belongs to the next holder.
        with suppress(OSError):
            (folder / _HOLDER).unlink()
        lock.release()


def _holder(folder: Path) -> str:
    # The process id is in a separate file: where locks are mandatory, the locked file cannot be
    # read. The holder writes it just after locking, so it can be absent for a moment.
    try:
        return (folder / _HOLDER).read_text(encoding="utf-8").strip()
    except OSError:
        return "unknown"


def _sibling(target: Path, role: str) -> Path:
    # Next to the real folder: if `target` is a link, the folder that it points to is swapped.
    real = target.resolve()
    return real.with_name(f".{real.name}.{role}")


def files_below(path: Path, pattern: str = "*") -> list[tuple[str, Path]]:
    """Return (relative path, path) of the files at or below `path`, without hidden files."""
    if not path.is_dir():
        return [("", path)] if path.exists() else []
    found = {one.relative_to(path).as_posix(): one for one in path.rglob(pattern) if one.is_file()}
    return sorted((place, one) for place, one in found.items() if "/." not in f"/{place}")


def file_states(path: Path) -> list[tuple[str, int, int]]:
    """Return (relative path, size in bytes, mtime in ns) of the files at or below `path`."""
    found = [(place, one.lstat()) for place, one in files_below(path)]
    return [(place, state.st_size, state.st_mtime_ns) for place, state in found]
