"""Compare Stemsilver's Demucs with the demucs command: speed, memory and vocals.

    python benchmarks/separators.py [--bag NAME] [--seconds N] [--shifts N] [--overlap X]
                                    [--segment N] [--small]

Creates a bag of the official size and file format with random weights. The command (`demucs
--two-stems vocals`) and Stemsilver separate the same render with the same settings and random
numbers, each in a separate process. Prints the cost of both from start to finish, including
loading. If torch finds a GPU, both run there as well. On a busy machine, compare with
OMP_NUM_THREADS=1: threads that wait for each other distort both columns of seconds. `--small` uses
narrow models, to test the benchmark itself.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from stemsilver.audio import decode, encode_wav, resample
from stemsilver.device import cores
from stemsilver.records import Audio

SOURCES = ["drums", "bass", "other", "vocals"]
RENDER = Path(__file__).parents[1] / "raw" / "museum_guide.wav"

COMMAND = "import random; from demucs.separate import main; random.seed(0); main()"

OURS = """
import json, sys
from pathlib import Path
import numpy as np
from stemsilver.audio import decode
from stemsilver.cleaning.separators.demucs import DemucsSeparator
from stemsilver.config import DemucsSettings
from stemsilver.signals import joined

source, target, settings = sys.argv[1:]
audio = decode(Path(source), 600)
separator = DemucsSeparator(DemucsSettings(**json.loads(settings)))
np.save(target, joined(separator.separate(audio.samples, audio.rate, lambda share: None)))
"""

FIND_GPU = "import torch; print(torch.cuda.get_device_name() if torch.cuda.is_available() else '')"


@dataclass(frozen=True)
class Cost:
    """The cost of a process: wall-clock seconds, CPU seconds (`work`), and peak memory in bytes."""

    seconds: float
    work: float
    peak: int


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--bag", choices=["htdemucs_ft", "mdx_extra_q"], default="htdemucs_ft")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--shifts", type=int, default=1)
    parser.add_argument("--overlap", type=float, default=0.25)
    parser.add_argument("--segment", type=int)
    parser.add_argument("--small", action="store_true")
    chosen = parser.parse_args()
    console = Console(highlight=False)
    with tempfile.TemporaryDirectory() as folder:
        report(Path(folder), chosen, console)


def report(folder: Path, chosen: argparse.Namespace, console: Console) -> None:
    """Measure in the temporary `folder`, and print the table."""
    # In a separate process, so that its memory does not count for the measured processes.
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        pool.submit(write_bag, folder, chosen.bag, chosen.small).result()
    render = decode(RENDER, 60)
    frames = round(chosen.seconds * render.rate)
    samples = np.resize(render.array, (len(render.array), frames))
    (folder / "mixture.wav").write_bytes(encode_wav(Audio(samples, render.rate), 16))
    gpu = subprocess.run([sys.executable, "-c", FIND_GPU], capture_output=True, text=True)
    said = []
    table = Table("device", "program", "seconds", "× real time", "CPU s", "peak GB")
    for device in ["cpu", *(["cuda"] if gpu.stdout.strip() else [])]:
        theirs, ours = by_command(folder, chosen, device), by_stemsilver(folder, chosen, device)
        for program, cost in (("demucs", theirs), ("stemsilver", ours)):
            table.add_row(
                device,
                program,
                f"{cost.seconds:.1f}",
                f"{cost.seconds / chosen.seconds:.2f}",
                f"{cost.work:.1f}",
                f"{cost.peak / 1e9:.2f}",
            )
        table.add_section()
        apart, peak = difference(folder, chosen)
        said.append(
            f"{device}: {theirs.seconds / ours.seconds:.2f} times as fast, with "
            f"{theirs.work / ours.work:.2f} times less work of the processor; vocals that peak at "
            f"{peak:.3f} differ by {apart:.1e} of full scale at most"
        )
    console.print(table)
    for line in said:
        console.print(line)
    console.print(
        f"{chosen.bag}, {chosen.seconds:g} s of {RENDER.name}, shifts {chosen.shifts}, "
        f"overlap {chosen.overlap:g}, segment {chosen.segment or 'the models’ own'}"
    )
    console.print(f"{cores()} cores; GPU: {gpu.stdout.strip() or 'none at hand, not measured'}")


def by_command(folder: Path, chosen: argparse.Namespace, device: str) -> Cost:
    """Write the vocals with the demucs command."""
    segment = [] if chosen.segment is None else ["--segment", str(chosen.segment)]
    return measured(
        [
            *(sys.executable, "-c", COMMAND, "--repo", str(folder / "demucs"), "-n", chosen.bag),
            *("--two-stems", "vocals", "-d", device, "--shifts", str(chosen.shifts)),
            *("--overlap", str(chosen.overlap), *segment, "--float32", "--clip-mode", "none"),
            *("-o", str(folder), str(folder / "mixture.wav")),
        ],
        {},
    )


def by_stemsilver(folder: Path, chosen: argparse.Namespace, device: str) -> Cost:
    """Write the vocals with Stemsilver."""
    settings = {
        "model_name": chosen.bag,
        "shifts": chosen.shifts,
        "overlap": chosen.overlap,
        "segment": chosen.segment,
        "seed": 0,
    }
    return measured(
        [
            *(sys.executable, "-c", OURS, str(folder / "mixture.wav"), str(folder / "vocals.npy")),
            json.dumps(settings),
        ],
        {"STEMSILVER_WEIGHTS": str(folder), "STEMSILVER_DEVICE": device},
    )


def measured(command: list[str], environment: dict[str, str]) -> Cost:
    """Run a command and measure its cost."""
    started = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command, env={**os.environ, **environment}, stdout=said, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise SystemExit(said.read().decode(errors="replace"))
    kilobytes = usage.ru_maxrss if sys.platform == "linux" else usage.ru_maxrss // 1024
    return Cost(seconds, usage.ru_utime + usage.ru_stime, kilobytes * 1024)


def difference(folder: Path, chosen: argparse.Namespace) -> tuple[float, float]:
    """Return the largest difference between the vocals of both programs, and their peak."""
    ours = np.load(folder / "vocals.npy")
    mixture = decode(folder / "mixture.wav", 600)
    theirs = decode(folder / chosen.bag / "mixture" / "vocals.wav", 600)
    # The render has one channel; the command writes the two that the model makes of it.
    there = theirs.array.mean(axis=0, keepdims=True)
    expected = resample(there, theirs.rate, mixture.rate, ours.shape[-1])
    return float(np.abs(ours - expected).max()), float(np.abs(expected).max())


def write_bag(folder: Path, bag: str, small: bool) -> None:
    """Write a bag with random weights for `demucs --repo`, and a `weights.yaml` for Stemsilver."""
    import demucs
    import torch
    import yaml

    described = Path(demucs.__file__).parent / "remote" / f"{bag}.yaml"
    target = folder / "demucs"
    target.mkdir()
    shutil.copyfile(described, target / described.name)
    listing = {}
    for index, signature in enumerate(yaml.safe_load(described.read_text())["models"]):
        torch.manual_seed(index)
        buffer = io.BytesIO()
        torch.save(package(bag, small), buffer)
        sha256 = hashlib.sha256(buffer.getvalue()).hexdigest()
        path = target / f"{signature}-{sha256[:8]}.th"
        path.write_bytes(buffer.getvalue())
        name = f"mdx_extra_q-{index + 1}" if bag == "mdx_extra_q" else "htdemucs_ft-vocals"
        # For htdemucs_ft only the last entry remains: the model for vocals.
        listing[name] = {
            "file": str(path.relative_to(folder)),
            "sha256": sha256,
            "licence": "none",
            "source": "random weights of a benchmark",
        }
    (folder / "weights.yaml").write_text(yaml.safe_dump(listing))


def package(bag: str, small: bool) -> dict[str, Any]:
    """Return a model in Demucs' file format: 42 million parameters, or 84 million, quantised."""
    from demucs.hdemucs import HDemucs
    from demucs.htdemucs import HTDemucs
    from demucs.states import get_state

    channels = 8 if small else 48
    model: Any
    quantiser = None
    if bag == "mdx_extra_q":
        from diffq import DiffQuantizer

        model = HDemucs(SOURCES, channels=channels, segment=44)
        quantiser = DiffQuantizer(model, group_size=8, min_size=0.2)
    else:
        model = HTDemucs(
            SOURCES,
            channels=channels,
            dconv_mode=3,
            bottom_channels=32 if small else 512,
            t_heads=4 if small else 8,
            t_dropout=0.02,
            segment=Fraction(39, 5),
        )
    args, kwargs = model._init_args_kwargs
    stored: Any = get_state
    return {
        "klass": type(model),
        "args": args,
        "kwargs": kwargs,
        "state": stored(model, quantiser, half=True),
    }


if __name__ == "__main__":
    main()
