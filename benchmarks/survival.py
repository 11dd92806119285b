"""Break builds in many ways, and check that nothing is lost and that a rerun equals a clean run.

    python benchmarks/survival.py [ROUNDS] [--faults NAME…] [--seed N]

Each round starts from the finished build of another batch. It builds a batch of two short renders
with the default profile and an empty cache, breaks the build, and checks three things: every file
in the output folders is a whole file, of the old build or of the new one; no process is left; and
the same command, run again, gives the files of an undisturbed build, byte for byte. Only
`report/costs.csv`, the time and memory of the steps, may differ.

The faults:

    group, parent, worker   SIGKILL at a random moment, for all processes or one of them
    terminate               SIGTERM for all processes, as CI runners send it: the exit code is 143
    full                    a disk that is full at a random moment, with all of the batch, an
                            output folder, the cache or the temporary folder on it: the exit code
                            is 4 (needs root, to mount one)
    readonly                one of these folders cannot be written
    damage                  every file in the cache truncated, with a flipped bit or swapped
    clock                   a clock that jumps by a year, forwards or back
    twice                   two builds at once, with one cache

Linux only.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import soundfile
from rich.console import Console
from rich.table import Table

from stemsilver.audio import decode

RAW = Path(__file__).parents[1] / "raw"
MARK = "STEMSILVER_ROUND"
DIFFERS = "report/costs.csv"
OUTPUTS = ("proceed", "report", "site")
DISKS = (".", "proceed", "report", ".stemsilver", "tmp")
"""Folders that can lie on a disk of their own. The site cannot: its folder is replaced."""
YEAR = 365 * 24 * 3600

Contents = dict[str, bytes]


class Broken(Exception):
    """A promise that did not hold, in words."""


@dataclass(frozen=True)
class Clean:
    """Undisturbed builds: their files, and how long they take."""

    folder: Path
    old: Contents
    new: Contents
    seconds: float


def main() -> None:
    """Print how often each fault was tried, and how often a promise did not hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rounds", type=int, nargs="?", default=20)
    parser.add_argument("--faults", nargs="+", choices=FAULTS, default=list(FAULTS))
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    dice = random.Random(chosen.seed)
    tried: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="stemsilver-") as root:
        clean = undisturbed(Path(root))
        print(f"an undisturbed build takes {clean.seconds:.1f} s", flush=True)
        for number in range(chosen.rounds):
            fault = chosen.faults[number % len(chosen.faults)]
            tried[fault] += 1
            folder = Path(root, f"round-{number}")
            shutil.copytree(clean.folder, folder)
            try:
                FAULTS[fault](folder, clean, dice)
                check_rerun(folder, clean)
            except Broken as broken:
                failed[fault] += 1
                print(f"round {number}, {fault}: {broken}", flush=True)
            shutil.rmtree(folder)
            print(f"{number + 1} of {chosen.rounds}: {fault}", flush=True)
    table = Table("fault", "rounds", "broken promises")
    for fault, count in tried.items():
        table.add_row(fault, str(count), str(failed[fault]))
    Console().print(table)
    sys.exit(1 if failed else 0)


def undisturbed(root: Path) -> Clean:
    """Build the old batch and the new one; leave a folder with the old build and the new batch."""
    folder, fresh = root / "clean", root / "fresh"
    write_batch(folder / "raw", 0.0)
    run(folder)
    old = outputs(folder)
    shutil.rmtree(folder / ".stemsilver", ignore_errors=True)
    write_batch(folder / "raw", 2.0)
    shutil.copytree(folder, fresh)
    started = time.monotonic()
    run(fresh)
    return Clean(folder, old, outputs(fresh), time.monotonic() - started)


def write_batch(folder: Path, start: float) -> None:
    """Write two short renders that begin at `start` seconds of two of the demo batch."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, seconds in (("museum_guide.wav", 1.0), ("batched/product_tour.wav", 1.6)):
        audio = decode(RAW / name, 1)
        cut = audio.array[:, round(start * audio.rate) : round((start + seconds) * audio.rate)]
        soundfile.write(folder / Path(name).name, cut.T, audio.rate, subtype="PCM_16")


# --- the faults


def kill(folder: Path, clean: Clean, dice: random.Random, whom: str, number: signal.Signals) -> int:
    """Send a signal at a random moment; return the exit code."""
    with building(folder) as process:
        time.sleep(dice.uniform(0, 1.1 * clean.seconds))
        if whom == "worker":
            workers = [pid for pid in marked(folder) if "forkserver" in command_line(pid)]
            victims = [dice.choice(workers)] if workers else []
        else:
            victims = [process.pid] if whom == "parent" else marked(folder)
        for pid in victims:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue
        code = process.wait()
    check_ended(folder)
    if whom == "worker":
        # The build goes on. A render that it cost has no output, and the report and the history
        # say so: without that history, the rerun is like an undisturbed build.
        check_whole(folder, clean, ("proceed",), failures=True)
        (folder / "report" / "history.json").write_bytes(clean.old["report/history.json"])
    else:
        check_whole(folder, clean)
    return code


def terminate(folder: Path, clean: Clean, dice: random.Random) -> None:
    """Send SIGTERM to all."""
    code = kill(folder, clean, dice, "group", signal.SIGTERM)
    if code not in (0, 143, -signal.SIGTERM):
        raise Broken(f"exit code {code} after SIGTERM")


def fill(folder: Path, clean: Clean, dice: random.Random) -> None:
    """Let a disk run full: that of an output folder, the cache or temporary files."""
    place = dice.choice(DISKS)
    target = folder / place
    target.mkdir(exist_ok=True)
    held = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    size = held + dice.randrange(4_096, 6_000_000)
    aside = folder.with_name("aside")
    shutil.copytree(target, aside)
    with mounted(target, "-t", "tmpfs", "-o", f"size={size}", "tmpfs"):
        shutil.copytree(aside, target, dirs_exist_ok=True)
        ended = run(folder, {"TMPDIR": str(folder / "tmp")} if place == "tmp" else {}, check=False)
        check_ended(folder)
        check_whole(folder, clean)
        if ended.returncode not in (0, 1, 4):
            raise Broken(f"{place} full at {size} bytes: exit {ended.returncode}: {ended.stderr}")
        if ended.returncode == 4 and "disk is full" not in ended.stderr:
            raise Broken(f"{place} full at {size} bytes, but not said: {ended.stderr}")
        shutil.rmtree(aside)
        shutil.copytree(target, aside)
    shutil.rmtree(target)
    aside.rename(target)


def refuse(folder: Path, clean: Clean, dice: random.Random) -> None:
    """Let a folder be read-only."""
    place = dice.choice(DISKS)
    target = folder / place
    target.mkdir(exist_ok=True)
    with mounted(target, "--bind", str(target)):
        subprocess.run(["mount", "-o", "remount,ro,bind", str(target)], check=True)
        ended = run(folder, {"TMPDIR": str(folder / "tmp")} if place == "tmp" else {}, check=False)
        check_ended(folder)
        check_whole(folder, clean)
        # Python takes another temporary folder if this one cannot be written.
        expected = (0, 1, 4) if place == "tmp" else (4,)
        if ended.returncode not in expected or "Traceback" in ended.stderr:
            raise Broken(f"{place} read-only: exit {ended.returncode}: {ended.stderr}")


def damage(folder: Path, clean: Clean, dice: random.Random) -> None:
    """Damage every file of a finished cache."""
    run(folder)
    files = sorted(path for path in (folder / ".stemsilver").rglob("*") if path.is_file())
    for path in files:
        content = bytearray(path.read_bytes())
        way = dice.choice(("truncated", "flipped", "swapped"))
        if way == "truncated":
            path.write_bytes(content[: len(content) // 2])
        elif way == "flipped" and content:
            content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
            path.write_bytes(content)
        else:
            path.write_bytes(dice.choice(files).read_bytes())
    # All but the history of earlier builds, which nothing can compute again.
    history = (folder / "report" / "history.json").read_bytes()
    for place in OUTPUTS:
        shutil.rmtree(folder / place)
    (folder / "report").mkdir()
    (folder / "report" / "history.json").write_bytes(history)


def jump(folder: Path, clean: Clean, dice: random.Random) -> None:
    """Interrupt a build, then move the times of all that it left by a year."""
    kill(folder, clean, dice, "group", signal.SIGKILL)
    then = time.time() + dice.choice((-YEAR, YEAR))
    for path in folder.rglob("*"):
        os.utime(path, (then, then), follow_symlinks=False)


def twice(folder: Path, clean: Clean, dice: random.Random) -> None:
    """Run a second build of the same renders into other folders, with the same cache."""
    other = folder.with_name(f"{folder.name}-other")
    shutil.copytree(folder, other)
    with building(folder) as one, building(other, ["--cache", str(folder / ".stemsilver")]) as two:
        codes = one.wait(), two.wait()
    try:
        if codes != (0, 0) and codes != (1, 1):
            raise Broken(f"two builds at once ended with {codes}")
        compare(outputs(other), clean.new, "the other build")
    finally:
        shutil.rmtree(other)


FAULTS: Mapping[str, Callable[[Path, Clean, random.Random], object]] = {
    "group": lambda folder, clean, dice: kill(folder, clean, dice, "group", signal.SIGKILL),
    "parent": lambda folder, clean, dice: kill(folder, clean, dice, "parent", signal.SIGKILL),
    "worker": lambda folder, clean, dice: kill(folder, clean, dice, "worker", signal.SIGKILL),
    "terminate": terminate,
    "full": fill,
    "readonly": refuse,
    "damage": damage,
    "clock": jump,
    "twice": twice,
}


# --- the checks


def check_ended(folder: Path) -> None:
    """Wait until no process of the round is left."""
    deadline = time.monotonic() + 60
    while left := marked(folder):
        if time.monotonic() > deadline:
            raise Broken(f"still running: {[command_line(pid) for pid in left]}")
        time.sleep(0.05)


def check_whole(
    folder: Path, clean: Clean, places: Sequence[str] = OUTPUTS, *, failures: bool = False
) -> None:
    """Check that each output is a file of the old build or of the new one.

    With `failures`, the outputs of renders that failed may be missing.
    """
    for name, content in outputs(folder, places).items():
        if content not in (clean.old.get(name), clean.new.get(name)):
            raise Broken(f"{name} is neither the old file nor the new one")
    for name in () if failures else clean.old.keys() & clean.new.keys():
        if name.startswith(tuple(places)) and not (folder / name).exists():
            raise Broken(f"{name} is gone")


def check_rerun(folder: Path, clean: Clean) -> None:
    """Build again, and compare with the undisturbed build."""
    ended = run(folder, check=False)
    if ended.returncode not in (0, 1):
        raise Broken(f"the rerun ended with {ended.returncode}: {ended.stderr}")
    compare(outputs(folder), clean.new, "the rerun")
    # A killed process may leave an unfinished entry in the cache, which is deleted after an hour.
    left = [path for place in OUTPUTS for path in (folder / place).rglob(".stemsilver-*.tmp")]
    left += list((folder / ".stemsilver" / "scratch").glob("*/"))
    if left:
        raise Broken(f"left behind: {left}")


def compare(found: Contents, expected: Contents, what: str) -> None:
    """Refuse any difference."""
    differing = [name for name in found | expected if found.get(name) != expected.get(name)]
    if differing:
        raise Broken(f"{what} differs in {sorted(differing)[:5]}")


def outputs(folder: Path, places: Sequence[str] = OUTPUTS) -> Contents:
    """Return the files of a build but those that may differ; hidden ones are the tool's own."""
    found = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for place in places
        for path in (folder / place).rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }
    found.pop(DIFFERS, None)
    return found


# --- processes


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Return the environment of a round's processes, which finds them again."""
    return {**os.environ, MARK: str(folder), "SOURCE_DATE_EPOCH": "1764000000", **more}


def arguments() -> list[str]:
    """Return the command of a build."""
    command = str(Path(sys.executable).with_name("stemsilver"))
    return [command, "build-site", "--jobs", "2", "--cache", ".stemsilver"]


def run(
    folder: Path, more: Mapping[str, str] | None = None, *, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Build to the end; 1 means that a gate failed."""
    ended = subprocess.run(
        arguments(), cwd=folder, env=environment(folder, **(more or {})), capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    if check and ended.returncode not in (0, 1):
        raise SystemExit(f"an undisturbed build ended with {ended.returncode}: {ended.stderr}")
    return ended


@contextmanager
def building(folder: Path, more: list[str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Start a build in a group of its own."""
    with subprocess.Popen(
        [*arguments(), *(more or [])], cwd=folder, env=environment(folder),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    ) as process:  # fmt: skip
        yield process


def marked(folder: Path) -> list[int]:
    """Return the processes of a round."""
    wanted = f"{MARK}={folder}".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if wanted in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def command_line(pid: int) -> str:
    """Return how a process was started; empty if it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


@contextmanager
def mounted(folder: Path, *how: str) -> Iterator[None]:
    """Mount something on a folder."""
    subprocess.run(["mount", *how, str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


if __name__ == "__main__":
    main()
