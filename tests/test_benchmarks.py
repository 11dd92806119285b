"""A benchmark that nobody has run for long is one that no longer runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from .built import NEEDS_DEMUCS

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def printed(name: str, *words: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, BENCHMARKS / name, *words],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_benchmark_of_the_site_measures_a_small_one(chromium: str) -> None:
    assert re.search(r"│ 3 +│ \d+\.\d +│", printed("site.py", "3", STEMSILVER_CHROMIUM=chromium))


def test_the_benchmark_of_a_long_page_hears_its_switches(chromium: str) -> None:
    # The shortest that is fetched in parts. No figure is asserted that needs a quiet machine.
    found = printed(
        *("long_page.py", "--minutes", "23", "--switches", "2"), STEMSILVER_CHROMIUM=chromium
    )
    assert "off the clock by at most 0 samples" in found
    [kilobytes] = re.findall(r"23 minutes: ([\d,]+) kB before playback", found)
    assert int(kilobytes.replace(",", "")) < 1500


@NEEDS_DEMUCS
def test_the_benchmark_of_the_separators_finds_the_same_vocals() -> None:
    said = " ".join(printed("separators.py", "--small", "--seconds", "1").split())
    assert "stemsilver" in said
    [apart] = re.findall(r"cpu: .* differ by (\S+)", said)
    assert float(apart) < 1e-4
