"""The key under which a CI system caches the results of a build."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from importlib.metadata import distributions
from importlib.resources import files
from pathlib import Path

from stemsilver.errors import EnvironmentFault
from stemsilver.fsio import files_below, sha256_file

LENGTH = 24
"""Hex digits of a key."""


def cache_key(paths: Sequence[Path]) -> str:
    """Return a digest of everything that the results of a build depend on.

    That is: the files at or below `paths`, with their relative paths, so that the location of the
    folders does not matter; the code of this installation; every installed package with its
    version; and the version of Python. A path that does not exist counts as empty.

    Raises:
        EnvironmentFault: a file cannot be read.
    """
    package = Path(str(files("stemsilver")))
    total = hashlib.sha256(repr(sys.version_info[:2]).encode())
    for name in sorted({f"{one.name}=={one.version}" for one in distributions()}):
        total.update(f"{name}\0".encode())
    below = [files_below(package, "*.py"), *(files_below(path) for path in paths)]
    for number, found in enumerate(below):
        for place, path in sorted(found):
            total.update(f"{number} {place}\0{_sha256(path)}\0".encode())
    return total.hexdigest()[:LENGTH]


def _sha256(path: Path) -> str:
    try:
        return sha256_file(path)
    except OSError as error:
        raise EnvironmentFault(
            f"cannot read {path}: {error.strerror or error}",
            next_step="Check that nothing else changes the files, then run it again.",
        ) from error
