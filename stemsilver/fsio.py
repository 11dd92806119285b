"""Files that are either whole or absent.

Every byte Stemsilver publishes goes through here. A file is written beside its target and renamed
over it, a folder is built beside its target and swapped in, and a lock keeps two runs out of the
same outputs. Whatever the moment of a `kill -9`, a final name never holds half a file; the
leftovers it can leave are all hidden, and `sweep`, `staging_beside` and `recover_directory` clear
them in the next run.
"""

from __future__ import annotations

import errno
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
    """Put `data` at `path`, all of it or nothing; missing folders are made.

    Raises `EnvironmentFault` when the disk is full or refuses; the file that stood at `path`
    before is then untouched.
    """
    with open_whole(path) as file:
        file.write(data)


@contextmanager
def open_whole(path: Path) -> Iterator[BinaryIO]:
    """A file to write piece by piece, which stands at `path` once the block has ended well.

    Missing folders are made. An `OSError` in the block is taken for one of writing: raises
    `EnvironmentFault`, as when the disk is full or refuses. After any error the file that stood
    at `path` before is untouched.
    """
    # A random short name: the target's own may already be as long as the filesystem permits.
    temporary = path.with_name(_TEMPORARY_PREFIX + secrets.token_hex(8) + _TEMPORARY_SUFFIX)
    with _writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            # Gone already after the rename; must not hide the error that brought us here.
            with suppress(OSError):
                temporary.unlink()


def write_text(path: Path, text: str) -> None:
    """`write_bytes` in UTF-8; line ends are written as they are."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: object) -> None:
    """Write `value` as JSON, indented by 2, keys in their own order, with a final newline.

    Raises `ValueError` for NaN and infinities, which are not JSON: write null and a reason.
    """
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_if_changed(path: Path, data: bytes) -> bool:
    """`write_bytes` unless `path` already holds exactly `data`; True when it was written.

    An unchanged file keeps its modification time, so tools that look at it do no work twice.
    """
    with suppress(OSError):
        if path.stat().st_size == len(data) and path.read_bytes() == data:
            return False
    write_bytes(path, data)
    return True


@contextmanager
def lengthen(path: Path) -> Iterator[BinaryIO]:
    """A file to write on from its end, for work that goes on where a killed run left it.

    Missing folders are made. An `OSError` in the block is taken for one of writing: raises
    `EnvironmentFault`. Nothing but the work itself may look at `path` before `put_in_place`.
    """
    with _writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())


def put_in_place(written: Path, path: Path) -> None:
    """Let the whole file `written` stand at `path`, in the same folder. Raises `EnvironmentFault`.

    The file that stood there before is replaced, at once or not at all.
    """
    with _writing(path):
        written.replace(path)


def sweep(folder: Path, *, below: bool = True) -> None:
    """Remove the temporary files a killed run left in `folder`, and anywhere `below` it.

    Call it only while holding the `run_lock`: a temporary file of a live run looks the same.
    """
    with _writing(folder):
        for leftover in folder.rglob(_TEMPORARY) if below else folder.glob(_TEMPORARY):
            leftover.unlink(missing_ok=True)


def sha256_file(path: Path) -> str:
    """The SHA-256 of a file's bytes, in lowercase hex. Raises `OSError` if it cannot be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def staging_beside(target: Path) -> Path:
    """A new, empty folder beside `target`, to be filled and handed to `swap_directory`.

    What a killed run left in it is removed. Raises `EnvironmentFault`.
    """
    staged = _sibling(target, "new")
    with _writing(staged):
        if staged.exists():
            shutil.rmtree(staged)
        staged.mkdir(parents=True)
    return staged


def swap_directory(staged: Path, target: Path) -> None:
    """Make the folder `staged` stand at `target`; the folder that stood there is removed.

    Both must be on one filesystem. Raises `EnvironmentFault` when the swap fails; the old folder
    is then back at `target`. A run killed between the two renames is put right by
    `recover_directory`, or by the next swap.
    """
    recover_directory(target)
    old = _sibling(target, "old")
    with _writing(target):
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
    # The new folder is published; what remains of the old one is removed by the next swap.
    shutil.rmtree(old, ignore_errors=True)


def recover_directory(target: Path) -> None:
    """Finish or undo the swap of a run killed in the middle of `swap_directory(…, target)`.

    Killed between the renames, the old folder returns to `target`; killed after them, what was
    left of the old folder is removed. Does nothing after a clean run. Raises `EnvironmentFault`.
    """
    old = _sibling(target, "old")
    with _writing(target):
        if not old.exists():
            return
        if target.exists():
            shutil.rmtree(old)
        else:
            old.rename(target.resolve())


def has_leftovers(folder: Path) -> bool:
    """Whether a killed run left something in or beside `folder`, or a live one is at work there."""
    beside = any(_sibling(folder, role).exists() for role in ("new", "old"))
    return beside or any(folder.rglob(_TEMPORARY))


def contained(root: Path, relative: str) -> Path:
    """The real path of `relative` under `root`; neither needs to exist.

    Raises `UsageError` if it leads out of `root`, by `..`, by being absolute, or through a
    symbolic link.

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
        # What comes after a loop of links is not followed the first time.
        inside = inside and path.resolve() == path
    except (OSError, RuntimeError, ValueError):  # a loop of links, a NUL, an impossible name
        inside = False
    if not inside:
        raise UsageError(f"{relative!r} leads out of {root}", next_step="Name a path inside it.")
    return path


@contextmanager
def run_lock(folder: Path, wait: Callable[[str], None] | None = None) -> Iterator[None]:
    """Hold `folder` for this run; a second run is refused, or waits if it has said how.

    Raises `Locked` with the process id of the holder; `wait` is told it instead, and the lock is
    then waited for. The lock is the operating system's, so a killed run releases it by dying;
    only the empty lock file stays.
    """
    lock = FileLock(folder / _LOCK)
    with _writing(folder):
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
        # Ours to remove only while we hold the lock.
        with suppress(OSError):
            (folder / _HOLDER).unlink()
        lock.release()


def _holder(folder: Path) -> str:
    # A file of its own: where locks are mandatory, the locked file cannot be read. The holder
    # writes it just after locking, so for an instant it is absent.
    try:
        return (folder / _HOLDER).read_text(encoding="utf-8").strip()
    except OSError:
        return "unknown"


def _sibling(target: Path, role: str) -> Path:
    # Beside the real folder: if `target` is a link, the swap happens where it leads.
    real = target.resolve()
    return real.with_name(f".{real.name}.{role}")


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise EnvironmentFault(
                f"the disk is full: cannot write {path}",
                next_step="Free some space there and run the same command again; "
                "everything written so far is whole.",
            ) from error
        raise EnvironmentFault(
            f"cannot write {path}: {error.strerror or error}",
            next_step="Check that the folder can be written to, then run the same command again.",
        ) from error


def files_below(path: Path, pattern: str = "*") -> list[tuple[str, Path]]:
    """The files at or below `path` by their places in it, without the hidden ones."""
    if not path.is_dir():
        return [("", path)] if path.exists() else []
    found = {one.relative_to(path).as_posix(): one for one in path.rglob(pattern) if one.is_file()}
    return sorted((place, one) for place, one in found.items() if "/." not in f"/{place}")


def file_states(path: Path) -> list[tuple[str, int, int]]:
    """The files at or below `path` by their places in it, each with its size and time of change."""
    found = [(place, one.lstat()) for place, one in files_below(path)]
    return [(place, state.st_size, state.st_mtime_ns) for place, state in found]
