"""A weights folder in which files that the tests wrote stand in for the official ones."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from stemsilver import weights
from stemsilver.fsio import sha256_file
from stemsilver.weights.store import LISTING, VARIABLE


@contextmanager
def standing_in(folder: Path, files: Mapping[str, Path]) -> Iterator[None]:
    """Within it, `files` below `folder` are the weights of the names they are under."""
    list_own(folder, files)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, str(folder))
        _forget()
        yield
    _forget()


def list_own(folder: Path, files: Mapping[str, Path]) -> None:
    """Write the `weights.yaml` that names them."""
    entries = {
        name: {
            "file": str(file.relative_to(folder)),
            "sha256": sha256_file(file),
            "licence": "none",
            "source": "written by the tests",
        }
        for name, file in files.items()
    }
    # JSON is YAML, too.
    (folder / LISTING).write_text(json.dumps(entries), encoding="utf-8")


def _forget() -> None:
    weights.verified.cache_clear()
    weights.sha256.cache_clear()
