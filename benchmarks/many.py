"""Measure whether a batch of many renders stays as cheap per render, and its parent as small.

    python benchmarks/many.py [RENDERS] [--seconds S] [--parts P]

Writes a batch of short renders (default: 1,000 of 1.5 s), each a different piece of the demo batch,
and runs `stemsilver build-site` on it with the default profile and without a cache. Prints, for
each of P equal parts of the batch, the seconds per render, on the clock and of all cores together
(which other work on the machine disturbs less), and the memory of the parent process when the part
was done; then the time from the last render to the finished site, the parent's peak memory, and the
size of the overview. Linux only.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile
from memory import memory, tree
from rich.console import Console
from rich.table import Table

from stemsilver import discover
from stemsilver.audio import decode

DEMO = Path(__file__).parents[1] / "raw"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("renders", type=int, nargs="?", default=1_000)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--parts", type=int, default=10)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="stemsilver-") as folder:
        write_batch(DEMO, Path(folder, "raw"), chosen.renders, chosen.seconds)
        measure(Path(folder), chosen.renders, chosen.parts)


def write_batch(source: Path, target: Path, count: int, seconds: float) -> None:
    """Write `count` pieces of the renders in `source`; no two begin at the same place."""
    target.mkdir()
    whole = [decode(render.source, 60) for render in discover.discover(source).renders]
    for number in range(count):
        audio = whole[number % len(whole)]
        shifted = np.roll(audio.array, -round(0.37 * number * audio.rate), axis=-1)
        piece = shifted[:, : round(seconds * audio.rate)]
        soundfile.write(target / f"{number:04d}.wav", piece.T, audio.rate, subtype="PCM_16")


def measure(folder: Path, count: int, parts: int) -> None:
    """Build the site of a batch, and print what it took."""
    table = Table("renders", "seconds per render", "of all cores", "parent, MB")
    command = [str(Path(sys.executable).with_name("stemsilver")), "build-site"]
    log = folder / "log"
    peak, before, begun, used = 0.0, 0, time.monotonic(), 0.0
    with log.open("w") as stderr, subprocess.Popen(command, cwd=folder, stderr=stderr) as process:
        while process.poll() is None:
            time.sleep(0.1)
            megabytes = memory(process.pid).resident / 1e6
            peak = max(peak, megabytes)
            # Each render's line has its number.
            done = max(map(int, re.findall(rf"\((\d+)/{count}", log.read_text())), default=0)
            if done * parts // count > before * parts // count:
                now, part = time.monotonic(), done - before
                total = sum(map(computed, tree(process.pid)))
                # After the last render its workers have ended, and their time is not known.
                cores = f"{(total - used) / part:.2f}" if total > used else "—"
                table.add_row(
                    str(done),
                    f"{(now - begun) / part:.2f}",
                    cores,
                    f"{megabytes:.0f}",
                )
                before, begun, used = done, now, total
    if process.returncode not in (0, 1) or before != count:  # 1: a gate failed
        raise SystemExit(f"exit {process.returncode} after {before} renders: {log.read_text()}")
    console = Console()
    console.print(table)
    console.print(f"site: {time.monotonic() - begun:.0f} s; parent at most {peak:.0f} MB")
    console.print(f"overview: {(folder / 'site' / 'index.html').stat().st_size / 1e6:.2f} MB")


def computed(pid: int) -> float:
    """Return the seconds for which a process has used a core; none if it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
