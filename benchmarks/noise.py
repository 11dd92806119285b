"""Measure how much repeated measurements of the same renders differ.

    python benchmarks/noise.py [FOLDER] [--renders N]

Cleans and measures FOLDER (default: the demo batch) several times without a cache, each time in a
separate process. Prints for each metric the largest difference to the first run on any render:

    again     the same again
    jobs      one worker with all cores, instead of one worker per core
    threads   one worker that assumes eight cores
    avx2      a processor without AVX-512 and AMX
    sse4      a processor without AVX, AVX2 and FMA as well
    16 bit    the same processor, every sample changed by −1, 0 or 1 of 32768

Libraries select their code by the processor, so avx2 and sse4 represent other machines. They are
simulated by `older_cpu.c` for all libraries, which needs x86-64 Linux and a C compiler.

The column `tolerance` is the rule for tolerances in `stemsilver.evaluation.catalogue`: twice the
largest difference from `again` to `sse4`, at least half of the last displayed digit, rounded up to
one digit. Twice, because both compared builds may deviate. The last column marks tolerances of the
catalogue that are smaller. `16 bit` is not noise, because its input differs: it shows the effect of
the smallest change of the audio. Scores that only one of two runs has are listed.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from pathlib import Path
from typing import TypeAlias
from unittest.mock import patch

import numpy as np
import soundfile
from rich.console import Console
from rich.table import Table

from stemsilver import discover
from stemsilver.cache import Cache
from stemsilver.cli.progress import BatchProgress
from stemsilver.device import cores
from stemsilver.evaluation.catalogue import METRICS
from stemsilver.pipeline import executors, loop
from stemsilver.profiles import load_profile
from stemsilver.records import Render
from stemsilver.report import judge

Values: TypeAlias = dict[str, dict[str, float | None]]
"""Scores by the id of the render and the name of the metric."""

_GLIBC = "-AVX512F,-AVX512VL,-AVX512BW,-AVX512DQ,-AVX512CD"


@dataclass(frozen=True)
class Way:
    """One way to measure the same renders."""

    name: str
    jobs: int | None = None
    cores: int | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


WAYS = (
    Way("first"),
    Way("again"),
    Way("jobs", jobs=1),
    Way("threads", jobs=1, cores=8),
    # glibc selects its code before LD_PRELOAD takes effect, so it needs its own setting.
    Way("avx2", environment={"OLDER_CPU": "avx2", "GLIBC_TUNABLES": f"glibc.cpu.hwcaps={_GLIBC}"}),
    Way(
        "sse4",
        environment={
            "OLDER_CPU": "sse4",
            "GLIBC_TUNABLES": f"glibc.cpu.hwcaps={_GLIBC},-AVX2,-AVX,-FMA,-FMA4",
        },
    ),
)
DITHERED = "16 bit"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=Path("raw"))
    parser.add_argument("--renders", type=int, help="only the first so many")
    parser.add_argument("--way", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.way:
        print(json.dumps(measured(arguments.folder, json.loads(arguments.way))))
        return
    # Without a terminal the width is unknown: use one that fits the table.
    width = None if sys.stdout.isatty() else 130
    console = Console(highlight=False, emoji=False, width=width)
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        renders = discover.discover(arguments.folder).renders[: arguments.renders]
        copy(renders, root / "raw")
        older = compiled(root)
        runs = {}
        for way in WAYS:
            if "OLDER_CPU" in way.environment and older is None:
                console.print(f"{way.name}: cannot be simulated here")
                continue
            runs[way.name] = run(root / "raw", way, older)
        dither(root / "raw")
        runs[DITHERED] = run(root / "raw", WAYS[0], None)
    report(runs, console)
    console.print(f"{len(renders)} renders")


def copy(renders: tuple[Render, ...], folder: Path) -> None:
    """Copy the renders and their sidecar files to `folder`."""
    for render in renders:
        for source in filter(None, (render.source, render.script, render.reference)):
            target = folder / Path(render.path).with_name(source.name)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)


def dither(folder: Path) -> None:
    """Change every sample of the renders in `folder` by at most one 16-bit step."""
    random = np.random.default_rng(1)
    for render in discover.discover(folder).renders:
        samples, rate = soundfile.read(render.source, dtype="int16", always_2d=True)
        moved = samples.astype(np.int32) + random.integers(-1, 2, samples.shape)
        limits = np.iinfo(np.int16)
        soundfile.write(
            render.source, np.clip(moved, limits.min, limits.max).astype(np.int16), rate, "PCM_16"
        )


def compiled(folder: Path) -> Path | None:
    """Compile the library that hides instruction sets; None if that is not possible here."""
    library = folder / "older_cpu.so"
    source = Path(__file__).with_name("older_cpu.c")
    try:
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", library, source], check=True)
        trial = {**os.environ, "OLDER_CPU": "sse4", "LD_PRELOAD": str(library)}
        subprocess.run([sys.executable, "-c", ""], env=trial, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return library


def run(folder: Path, way: Way, older: Path | None) -> Values:
    """Measure the renders in `folder` in a separate process."""
    environment = {**os.environ, **way.environment}
    if "OLDER_CPU" in way.environment:
        environment["LD_PRELOAD"] = str(older)
    settings = json.dumps({"jobs": way.jobs, "cores": way.cores})
    done = subprocess.run(
        [sys.executable, __file__, folder, "--way", settings],
        env=environment,
        stdout=subprocess.PIPE,
        check=True,
    )
    values: Values = json.loads(done.stdout.splitlines()[-1])
    return values


def measured(folder: Path, way: dict[str, int | None]) -> Values:
    """Clean and measure the renders in `folder` with workers of this process, without a cache."""
    renders = discover.discover(folder).renders
    profile = load_profile()
    share = way["cores"] or cores()
    with (
        patch.object(executors, "cores", return_value=share),
        tempfile.TemporaryDirectory() as scratch,
        BatchProgress(len(renders), Console(stderr=True)) as progress,
    ):
        finished = loop.run(
            renders,
            profile,
            Cache(Path(scratch)),
            lambda left: executors.workers(profile, left, jobs=way["jobs"]),
            progress,
        )
    found = judge(finished.items, profile, created="2026-01-01T00:00:00Z", tool_version="0")
    return {
        item.id: {name: score.value for name, score in item.scores.items()}
        for item in found.renders
    }


def report(runs: dict[str, Values], console: Console) -> None:
    """Print the table of differences, the resulting tolerances, and those of the catalogue."""
    first = runs.pop("first")
    table = Table("metric", *runs, "tolerance", "catalogue", "")
    for name, metric in METRICS.items():
        found = {way: largest(first, other, name) for way, other in runs.items()}
        noise = max((value for way, value in found.items() if way != DITHERED), default=0.0)
        rule = tolerance(noise, metric.digits)
        table.add_row(
            name,
            *(f"{value:.2g}" for value in found.values()),
            f"{rule:g}",
            f"{metric.tolerance:g}",
            "too small" if metric.tolerance < rule else "",
        )
    console.print(table)
    for way, other in runs.items():
        for id_, values in first.items():
            for name, value in values.items():
                if (value is None) != (other[id_][name] is None):
                    console.print(f"{way}: {id_}: {name} only in one of two")


def largest(first: Values, other: Values, name: str) -> float:
    """Return the largest difference of a metric on any render that has it in both runs."""
    return max(
        (
            abs(before - after)
            for id_, values in first.items()
            if (before := values[name]) is not None and (after := other[id_][name]) is not None
        ),
        default=0.0,
    )


def tolerance(noise: float, digits: int) -> float:
    """Return the tolerance for the largest difference `noise` of a metric with `digits` decimals.

    >>> tolerance(0.0, 1), tolerance(0.0161, 2)
    (0.05, 0.04)
    """
    least = max(2 * noise, 0.5 * 10**-digits)
    step = Decimal(1).scaleb(math.floor(math.log10(least)))
    return float(Decimal(repr(least)).quantize(step, ROUND_CEILING))


if __name__ == "__main__":
    main()
