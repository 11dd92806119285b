from __future__ import annotations

import importlib.metadata
import importlib.util
import shutil
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from stemsilver import weights
from stemsilver.errors import WeightsError
from stemsilver.weights import BUNDLED, REGISTRY

EACH = pytest.mark.parametrize("name", sorted(BUNDLED))
SMALL = "dnsmos-p835"


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of a weight file to which the registry points instead."""
    copy = tmp_path / "copy.onnx"
    shutil.copyfile(weights.locate(SMALL), copy)
    # An absolute path wins over the package's folder.
    monkeypatch.setitem(REGISTRY, SMALL, replace(REGISTRY[SMALL], file=str(copy)))
    return copy


@EACH
def test_every_registered_file_is_installed_and_has_the_pinned_hash(name: str) -> None:
    assert weights.verified(name).is_file()


@EACH
def test_every_carrier_is_pinned_to_the_version_that_is_installed(name: str) -> None:
    package = BUNDLED[name].package
    if package == weights.THIS_PACKAGE:
        return
    requirements = importlib.metadata.requires("stemsilver") or []
    assert f"{package}=={importlib.metadata.version(package)}" in requirements


def test_a_record_says_whose_the_file_is() -> None:
    record = weights.record(SMALL)
    weight = REGISTRY[SMALL]
    assert (record.name, record.package, record.sha256) == (SMALL, "speechmos", weight.sha256)
    assert record.version == importlib.metadata.version("speechmos")
    assert record.licence == "MIT"


def test_the_digest_is_of_the_pinned_hashes() -> None:
    names = tuple(sorted(BUNDLED))
    assert weights.digest(names) != weights.digest(names[1:])
    assert REGISTRY[SMALL].sha256 in weights.digest(names)


# --- row 19: missing, half-downloaded, wrong


def test_an_altered_file_is_named_with_size_hash_and_command(copied: Path) -> None:
    content = bytearray(copied.read_bytes())
    content[1000] ^= 1
    copied.write_bytes(content)
    with pytest.raises(WeightsError) as caught:
        weights.verified(SMALL)
    error = caught.value
    assert error.exit_code == 4
    assert SMALL in error.message
    assert str(copied) in error.message
    assert f"{len(content)} bytes" in error.message
    assert REGISTRY[SMALL].sha256 in error.message
    assert error.next_step == "pip install --force-reinstall --no-deps speechmos==0.0.1.1"


def test_a_half_downloaded_file_is_refused(copied: Path) -> None:
    copied.write_bytes(copied.read_bytes()[:1000])
    with pytest.raises(WeightsError, match="1000 bytes"):
        weights.verified(SMALL)


def test_a_refused_file_is_looked_at_again(copied: Path) -> None:
    whole = copied.read_bytes()
    copied.write_bytes(b"")
    with pytest.raises(WeightsError):
        weights.verified(SMALL)
    copied.write_bytes(whole)
    assert weights.verified(SMALL) == copied


def test_a_missing_file_is_named_with_the_command(copied: Path) -> None:
    copied.unlink()
    with pytest.raises(WeightsError, match=r"copy\.onnx is missing") as caught:
        weights.verified(SMALL)
    assert caught.value.next_step.startswith("pip install --force-reinstall")


def test_a_missing_package_is_named_with_the_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "speechmos" else find(name)
    )
    with pytest.raises(WeightsError, match=r"package speechmos.* is not installed") as caught:
        weights.verified(SMALL)
    assert caught.value.next_step == "pip install speechmos==0.0.1.1"


def test_a_package_without_a_version_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(package: str) -> str:
        raise importlib.metadata.PackageNotFoundError(package)

    monkeypatch.setattr(importlib.metadata, "version", gone)
    with pytest.raises(WeightsError, match="speechmos") as caught:
        weights.record(SMALL)
    assert caught.value.next_step == "pip install speechmos==0.0.1.1"


@EACH
def test_nothing_is_reached_for_over_the_network(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "socket", lambda *_, **__: pytest.fail("a socket was opened"))
    weights.verified(name)
    file = REGISTRY[name]
    monkeypatch.setitem(REGISTRY, name, replace(file, file="gone"))
    weights.verified.cache_clear()
    with pytest.raises(WeightsError):
        weights.verified(name)


def test_carriers_are_not_imported_to_find_their_files() -> None:
    code = (
        "import sys\n"
        "from stemsilver import weights\n"
        "for name in weights.BUNDLED: weights.locate(name)\n"
        "modules = {weight.module for weight in weights.BUNDLED.values()}\n"
        "modules -= {weights.THIS_PACKAGE}\n"
        "sys.exit(' '.join(modules & set(sys.modules)) or 0)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")
