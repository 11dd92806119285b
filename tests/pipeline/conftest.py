"""The batch that is built once, and copies of it to work on."""

from __future__ import annotations

from pathlib import Path

import pytest

from stemsilver import microsite
from stemsilver.microsite import PublishedSite

from .batches import Built, Workspace, build_once


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The small batch, built; not to be written to."""
    return build_once(tmp_path_factory.getbasetemp())


@pytest.fixture
def workspace(built: Built, tmp_path: Path) -> Workspace:
    """A copy of the built batch to change."""
    return built.workspace.copy(tmp_path / "batch")


@pytest.fixture
def no_site(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the site out, where a test is about something else."""
    stub = PublishedSite(Path("index.html"), 0, 0)
    monkeypatch.setattr(microsite, "build", lambda *_, **__: stub)
