"""The key of finished work: another where anything that decides is another, and only there."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from importlib.metadata import Distribution
from pathlib import Path

import pytest

from stemsilver.delivery import cache_key as module
from stemsilver.delivery.cache_key import cache_key


@pytest.fixture
def batch(tmp_path: Path) -> Path:
    """Two renders and a profile."""
    for name in ("raw/one.wav", "raw/sub/two.wav", "config/embedded.yaml", "README.md"):
        (tmp_path / "batch" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "batch" / name).write_text(name)
    return tmp_path / "batch"


def key(folder: Path) -> str:
    return cache_key([folder / "raw", folder / "config"])


@pytest.mark.parametrize(
    "change",
    [
        lambda batch: (batch / "raw" / "one.wav").write_text("x"),
        lambda batch: (batch / "raw" / "one.wav").rename(batch / "raw" / "1.wav"),
        lambda batch: (batch / "raw" / "one.wav").rename(batch / "config" / "one.wav"),
        lambda batch: shutil.rmtree(batch / "config"),
    ],
    ids=["content", "name", "folder", "all"],
)
def test_what_decides_is_in_it(
    change: Callable[[Path], object], batch: Path, tmp_path: Path
) -> None:
    before = key(batch)
    assert len(before) == 24
    (batch / "README.md").write_text("x")
    assert key(Path(shutil.copytree(batch, tmp_path / "base"))) == before
    change(batch)
    assert key(batch) != before


def test_code_and_packages_are_in_it(
    batch: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {key(batch)}
    package = tmp_path / "package"
    package.mkdir()
    monkeypatch.setattr(module, "files", lambda name: package)
    keys.add(key(batch))
    (package / "new.py").touch()
    keys.add(key(batch))
    there: list[Distribution] = []
    monkeypatch.setattr(module, "distributions", lambda: there)
    keys.add(key(batch))
    assert len(keys) == 4
