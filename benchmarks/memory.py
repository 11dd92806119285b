"""Measure the memory that a command and its workers take for renders of several lengths.

    python benchmarks/memory.py {clean,build-site} [MINUTES…] [--jobs N]

Repeats a render of the demo batch until it has each length (default: 1, 10 and 60 minutes), and
runs the command on it without a cache, with the default profile. Prints the time, and the peak
memory of the whole tree of processes: the sum of what each has resident, in which pages that
processes share count several times, and the sum in which they count once (Linux only).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from rich.console import Console
from rich.table import Table

from stemsilver.audio import decode

RENDER = Path(__file__).parents[1] / "raw" / "museum_guide.wav"
INTERVAL = 0.05


@dataclass(frozen=True)
class Memory:
    """Memory of a tree of processes in bytes: `resident` as a sum, `shared` pages counted once."""

    resident: int = 0
    shared: int = 0


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=("clean", "build-site"))
    parser.add_argument("minutes", type=float, nargs="*", default=[1, 10, 60])
    parser.add_argument("--jobs", type=int)
    chosen = parser.parse_args()
    table = Table("minutes", "seconds", "resident, MB", "shared pages once, MB")
    for minutes in chosen.minutes:
        with tempfile.TemporaryDirectory(prefix="stemsilver-") as folder:
            raw = Path(folder, "raw")
            raw.mkdir()
            write_render(raw / "render.wav", minutes)
            arguments = _arguments(chosen.command)
            if chosen.jobs is not None:
                arguments += ["--jobs", str(chosen.jobs)]
            seconds, peak = run(arguments, Path(folder))
        table.add_row(
            f"{minutes:g}",
            f"{seconds:.0f}",
            f"{peak.resident / 1e6:.0f}",
            f"{peak.shared / 1e6:.0f}",
        )
    Console().print(table)


def write_render(path: Path, minutes: float) -> None:
    """Write the demo render, again and again, until it lasts as long."""
    audio = decode(RENDER, 60)
    left = round(minutes * 60 * audio.rate)
    with soundfile.SoundFile(path, "w", audio.rate, 1, "PCM_16") as file:
        turn = 0
        while left:
            # Shifted each time, so that no two repetitions start alike.
            samples = np.roll(audio.array[0], 1_234 * turn)[:left]
            file.write(samples)
            left -= samples.size
            turn += 1


def run(arguments: list[str], folder: Path) -> tuple[float, Memory]:
    """Run a command in `folder`; return its seconds and the peak memory of its processes."""
    started = time.perf_counter()
    peak = Memory()
    with subprocess.Popen(arguments, cwd=folder, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            now = [memory(pid) for pid in tree(process.pid)]
            peak = Memory(
                max(peak.resident, sum(one.resident for one in now)),
                max(peak.shared, sum(one.shared for one in now)),
            )
            time.sleep(INTERVAL)
    if process.returncode not in (0, 1):  # 1: a gate failed
        raise SystemExit(f"{arguments} ended with {process.returncode}")
    return time.perf_counter() - started, peak


def tree(pid: int) -> Iterator[int]:
    """Yield a process and all its descendants."""
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*"):
        try:
            children = (task / "children").read_text().split()
        except OSError:  # it has ended
            continue
        for child in children:
            yield from tree(int(child))


def memory(pid: int) -> Memory:
    """Return the memory of one process; none if it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return Memory()
    found = {line.split()[0]: int(line.split()[1]) * 1024 for line in lines[1:]}
    return Memory(found.get("Rss:", 0), found.get("Pss:", 0))


def _arguments(command: str) -> list[str]:
    options = ["raw", "-o", "out", "--cache", "cache"] if command == "clean" else []
    return [str(Path(sys.executable).with_name("stemsilver")), command, *options]


if __name__ == "__main__":
    main()
