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


def test_the_same_elsewhere_has_the_same_key(batch: Path, tmp_path: Path) -> None:
    found = key(batch)
    assert len(found) == 24
    assert key(Path(shutil.copytree(batch, tmp_path / "base"))) == found


@pytest.mark.parametrize(
    ("change", "other"),
    [
        (lambda batch: (batch / "raw" / "one.wav").write_text("x"), True),
        (lambda batch: (batch / "raw" / "one.wav").rename(batch / "raw" / "1.wav"), True),
        (lambda batch: (batch / "raw" / "one.wav").rename(batch / "config" / "one.wav"), True),
        (lambda batch: (batch / "config" / "embedded.yaml").unlink(), True),
        (lambda batch: shutil.rmtree(batch / "config"), True),
        (lambda batch: (batch / "README.md").write_text("x"), False),
    ],
    ids=["content", "name", "folder", "profile", "all", "beside"],
)
def test_what_decides_and_nothing_else_is_in_it(
    change: Callable[[Path], object], other: bool, batch: Path
) -> None:
    before = key(batch)
    change(batch)
    assert (key(batch) != before) is other


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
