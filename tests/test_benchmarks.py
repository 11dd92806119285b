"""A benchmark that nobody has run for long is one that no longer runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from .built import NEEDS_DEMUCS

REPOSITORY = Path(__file__).parents[1]


def test_the_benchmark_of_the_site_measures_a_small_one(chromium: str) -> None:
    done = subprocess.run(
        [sys.executable, REPOSITORY / "benchmarks" / "site.py", "3"],
        env={**os.environ, "STEMSILVER_CHROMIUM": chromium},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"│ 3 +│ \d+\.\d +│", done.stdout), done.stdout


@NEEDS_DEMUCS
def test_the_benchmark_of_the_separators_finds_the_same_vocals() -> None:
    done = subprocess.run(
        [sys.executable, REPOSITORY / "benchmarks" / "separators.py", "--small", "--seconds", "1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "stemsilver" in done.stdout
    [apart] = re.findall(r"cpu: .* differ by (\S+)", " ".join(done.stdout.split()))
    assert float(apart) < 1e-4
