"""Commands to run, and the built batch to run them on."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..pipeline.batches import Built, Workspace, build_once
from .terminal import Terminal


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The small batch, built; not to be written to."""
    return build_once(tmp_path_factory.getbasetemp())


@pytest.fixture
def workspace(built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A copy of the built batch to change, and the working folder."""
    copied = built.workspace.copy(tmp_path / "batch")
    monkeypatch.chdir(copied.folder)
    return copied


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def stemsilver(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """The command to test."""
    return Terminal(monkeypatch, capsys)
