"""Measure what a second worker of a Dask cluster brings.

    python benchmarks/cluster.py [FOLDER] [--renders N] [--seconds S] [--rounds R]

Cuts N short renders of S seconds (default: 8 of 10 s) from the renders in FOLDER (default: the demo
batch). Cleans and measures them with one worker and with two, R times in turn, each time without a
cache. Each worker is held to one core of its own, like a small machine. A round before, which does
not count, loads the models. Prints the wall-clock times, and how many times as fast two workers
are. Linux only.
"""

from __future__ import annotations

import argparse
import logging
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from distributed import Client, LocalCluster
from many import write_batch
from rich.console import Console

from stemsilver import discover
from stemsilver.cache import Cache
from stemsilver.cli.progress import BatchProgress
from stemsilver.pipeline import cluster, loop
from stemsilver.profiles import load_profile
from stemsilver.records import Render

WORKERS = (1, 2)


def start(workers: int, folder: Path, held: ExitStack) -> str:
    """Start a cluster, each worker on a core of its own; return its address."""
    there = held.enter_context(
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            memory_limit=None,
            dashboard_address=":0",
            local_directory=str(folder / f"workers-{workers}"),
            silence_logs=logging.CRITICAL,
        )
    )
    with Client(there, set_as_default=False) as client:
        usable = sorted(os.sched_getaffinity(0))
        for number, worker in enumerate(client.nthreads()):
            client.run(os.sched_setaffinity, 0, {usable[number]}, workers=[worker])
    return str(there.scheduler_address)


def timed(address: str, renders: Sequence[Render], console: Console) -> float:
    """Return the seconds that a cluster takes for the renders, without a cache."""
    profile = load_profile()
    with (
        tempfile.TemporaryDirectory() as folder,
        BatchProgress(len(renders), console) as progress,
    ):
        cache = Cache(Path(folder))
        executor = cluster.choose(address, profile, renders, cache.root, jobs=None)
        started = time.perf_counter()
        loop.run(renders, profile, cache, executor, progress)
        return time.perf_counter() - started


def main() -> None:
    """Print the times and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=Path("raw"))
    parser.add_argument("--renders", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    console = Console(highlight=False)
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory()))
        write_batch(chosen.folder, folder / "raw", chosen.renders, chosen.seconds)
        renders = discover.discover(folder / "raw").renders
        addresses = {workers: start(workers, folder, held) for workers in WORKERS}
        ratios = []
        for number in range(1 + chosen.rounds):
            one, two = (timed(addresses[workers], renders, console) for workers in WORKERS)
            ratios.append(one / two)
            name = f"round {number}" if number else "models loaded"
            console.print(
                f"{name}: one worker {one:.1f} s, two {two:.1f} s, {ratios[-1]:.2f} times"
            )
    console.print(f"two workers are {statistics.median(ratios[1:]):.2f} times as fast as one")


if __name__ == "__main__":
    main()
