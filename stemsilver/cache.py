"""A cache of computed results on disk, addressed by a digest of their inputs.

An entry is a folder named by its key, with a manifest of the SHA-256 of its files. It is written
to a temporary folder and then renamed, and it is verified on every read. A damaged entry is
deleted and counts as a cache miss.
"""

from __future__ import annotations

import json
import os
import shutil
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from stemsilver.errors import EnvironmentFault, Locked
from stemsilver.fsio import run_lock, sha256_file, write_bytes, write_json

MANIFEST = "manifest.json"

SCRATCH = "scratch"

ABANDONED_SECONDS = 3600.0
"""An unfinished entry older than this is considered abandoned: its writer has died."""


class Cache:
    """A cache in the folder `root`. Keys are hexadecimal.

    Several processes can read and write it at the same time, also on several machines.
    """

    def __init__(self, root: Path) -> None:
        # Workers elsewhere have another working folder.
        self.root = root.absolute()

    def get(self, key: str) -> Path | None:
        """Return the folder of the entry after verifying every file, or None if there is none.

        A damaged entry is deleted. Reading marks the entry as used.
        """
        folder = self._folder(key)
        if not folder.exists():
            # Return before the deletion below: another process may be storing this entry now.
            return None
        try:
            manifest = json.loads((folder / MANIFEST).read_bytes())
            sound = manifest["key"] == key and all(
                sha256_file(folder / name) == expected
                for name, expected in manifest["files"].items()
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            sound = False
        if not sound:
            shutil.rmtree(folder, ignore_errors=True)
            return None
        with suppress(OSError):
            os.utime(folder / MANIFEST)
        return folder

    def put(self, key: str, files: Mapping[str, bytes | Path]) -> Path:
        """Store the files of an entry, and return its folder.

        A file given as a path is moved into the cache; it must be in a folder of `scratch`.

        Raises:
            EnvironmentFault: the disk is full or cannot be written.
        """
        folder = self._folder(key)
        staged = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}")
        try:
            for name, content in files.items():
                if isinstance(content, Path):
                    staged.mkdir(parents=True, exist_ok=True)
                    content.replace(staged / name)
                else:
                    write_bytes(staged / name, content)
            hashes = {name: sha256_file(staged / name) for name in sorted(files)}
            write_json(staged / MANIFEST, {"key": key, "files": hashes})
            try:
                staged.rename(folder)
            except OSError:
                # Another process has stored the same entry, or a damaged entry is in the way.
                if self.get(key) is None:
                    staged.rename(folder)
        except OSError as error:
            raise EnvironmentFault(f"{folder}: cannot be written ({error.strerror})") from error
        finally:
            shutil.rmtree(staged, ignore_errors=True)
        return folder

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Create a folder for large files that are not finished, and remove it at the end.

        Folders of killed runs are removed. A lock shows which ones are in use.

        Raises:
            EnvironmentFault: the folder cannot be written.
        """
        with ExitStack() as held:
            # Between its creation and its lock, a folder looks like one of a killed run. So only
            # one process at a time looks for those and creates its own.
            with run_lock(self.root / SCRATCH, wait=lambda holder: None):
                for other in self.root.glob(f"{SCRATCH}/*/"):
                    with suppress(Locked, EnvironmentFault), run_lock(other):
                        shutil.rmtree(other, ignore_errors=True)
                folder = self.root / SCRATCH / uuid.uuid4().hex
                held.enter_context(run_lock(folder))
            try:
                yield folder
            finally:
                held.close()
                shutil.rmtree(folder, ignore_errors=True)

    def verify(self) -> tuple[int, int]:
        """Verify every entry. Return the numbers of valid and of (now deleted) damaged entries."""
        keys = [folder.name for folder in self._entries()]
        sound = sum(self.get(key) is not None for key in keys)
        return sound, len(keys) - sound

    def gc(self, max_bytes: int) -> int:
        """Delete the least recently used entries until at most `max_bytes` are left.

        Abandoned unfinished entries are deleted too. Returns the number of bytes freed by the
        deleted entries.
        """
        for leftover in self.root.glob("??/.*"):
            if time.time() - _last_use(leftover) > ABANDONED_SECONDS:
                shutil.rmtree(leftover, ignore_errors=True)
        entries = sorted((_last_use(folder), _size(folder), folder) for folder in self._entries())
        excess = sum(size for _, size, _ in entries) - max_bytes
        freed = 0
        for _, size, folder in entries:
            if freed >= excess:
                break
            shutil.rmtree(folder, ignore_errors=True)
            freed += size
        return freed

    def _folder(self, key: str) -> Path:
        return self.root / key[:2] / key

    def _entries(self) -> list[Path]:
        return [folder for folder in self.root.glob("??/*") if not folder.name.startswith(".")]


def _last_use(folder: Path) -> float:
    for path in (folder / MANIFEST, folder):
        with suppress(OSError):
            return path.stat().st_mtime
    return 0.0


def _size(folder: Path) -> int:
    try:
        return sum(file.stat().st_size for file in folder.iterdir())
    except OSError:
        # Another process has just deleted it.
        return 0
