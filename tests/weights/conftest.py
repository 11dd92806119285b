"""A weights folder of its own, a server with files, and a registry that expects those files."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stemsilver import weights

from ..cli.terminal import Terminal
from .loopback import Server, serving

NAME = "dns48"
FILE = weights.REMOTE[NAME].file
OFFICIAL = f"official/{NAME}"


def left(folder: Path) -> list[str]:
    """The files of the weights folder but its lock."""
    files = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(file for file in files if file != ".stemsilver.lock")


@pytest.fixture(autouse=True)
def _forgotten(forgotten: None) -> None:
    """For every test here."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The weights folder, empty; the working folder is another."""
    place = tmp_path / "weights"
    place.mkdir()
    monkeypatch.setenv("STEMSILVER_WEIGHTS", str(place))
    monkeypatch.delenv("STEMSILVER_MIRROR", raising=False)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return place


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture
def stemsilver(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """The command to test."""
    return Terminal(monkeypatch, capsys)


@pytest.fixture
def content() -> bytes:
    """What the file consists of: several pieces of a download, none like another."""
    return random.Random(0).randbytes(1_000_003)


class Planted:
    """Makes the registry expect files that the server has."""

    def __init__(self, server: Server, patch: pytest.MonkeyPatch) -> None:
        self._server, self._patch = server, patch

    def __call__(self, name: str, content: bytes, **values: Any) -> None:
        known = weights.REGISTRY[name]
        here = {
            "sha256": hashlib.sha256(content).hexdigest(),
            "size": len(content),
            "urls": (f"{self._server.url}/official/{name}",),
        }
        self._patch.setitem(weights.REGISTRY, name, replace(known, **{**here, **values}))


@pytest.fixture
def planted(server: Server, monkeypatch: pytest.MonkeyPatch) -> Planted:
    return Planted(server, monkeypatch)
