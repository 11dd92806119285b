"""`make`: which Python it takes, and what it says where there is none to take."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
WORKS = f'exec "{sys.executable}" "$@"'
OLD = "exit 1"
WITHOUT_VENV = f'case "$2" in *ensurepip*) exit 1;; esac; {WORKS}'


def make(folder: Path, *words: str, **programs: str) -> subprocess.CompletedProcess[str]:
    """Run make with an environment of its own to create, and some programs before the others."""
    for name, script in programs.items():
        program = folder / name.replace("_", ".")
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
    environment = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    for name in ("PYTHON", "MAKEFLAGS", "MAKELEVEL"):
        environment.pop(name, None)
    return subprocess.run(
        ["make", *words, f"VENV={folder}/environment"],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_first_promised_python_that_works_is_taken(tmp_path: Path) -> None:
    ended = make(tmp_path, "--dry-run", "site", python3_11=OLD, python3_12=WORKS)
    assert ended.returncode == 0, ended.stderr
    assert f'"python3.12" -m venv {tmp_path}/environment' in ended.stdout


@pytest.mark.parametrize(
    ("target", "script", "said"),
    [
        ("site", OLD, "needs Python 3.11 to 3.14. Install one, or name it: make PYTHON="),
        ("test", WITHOUT_VENV, "apt-get install python3-venv"),
    ],
)
def test_without_a_python_or_its_venv_module_it_says_what_to_install(
    target: str, script: str, said: str, tmp_path: Path
) -> None:
    ended = make(tmp_path, target, f"PYTHON={tmp_path}/python3.9", python3_9=script)
    assert ended.returncode != 0
    assert said in ended.stderr
    assert not (tmp_path / "environment").exists()


def test_where_no_python_is_found_it_says_the_same(tmp_path: Path) -> None:
    names = ("python3_11", "python3_12", "python3_13", "python3_14", "python3")
    ended = make(tmp_path, "site", **dict.fromkeys(names, OLD))
    assert ended.returncode != 0
    assert "needs Python 3.11 to 3.14" in ended.stderr
