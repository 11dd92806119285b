"""Ctrl-C and SIGTERM on the installed command: one way out, with nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ..pipeline.batches import cut

COMMAND = (Path(sys.executable).with_name("stemsilver"), "build-site", "--jobs", "2")

TERMINAL = (os.killpg, signal.SIGINT, 130)
"""Ctrl-C in a terminal reaches every process of the group."""
SERVICE = (os.kill, signal.SIGTERM, 143)
"""A scheduler or container stops the process that it started."""


def started(folder: Path) -> bool:
    """Whether the command has begun: it keeps its lock there, and its cache."""
    return (folder / ".stemsilver").is_dir()


def working(folder: Path) -> bool:
    """Whether a worker has finished a step."""
    return any(finished(folder))


def transcribed(folder: Path) -> bool:
    """Whether a worker has run the recogniser, which makes a lock for processes."""
    return any(b'"transcript"' in path.read_bytes() for path in finished(folder))


def finished(folder: Path) -> Iterator[Path]:
    """The results in the cache. Folders with a dot are unfinished, and go while one looks."""
    return (folder / ".stemsilver").glob("cache/*/[!.]*/content")


def session(leader: int) -> list[int]:
    """The processes of a session that are alive."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, owner = stat.read_text().rpartition(")")[2].split()[:4]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(owner) == leader and state != "Z":
            found.append(int(stat.parent.name))
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="processes are found by /proc")
@pytest.mark.parametrize(
    ("when", "how", "long_names"),
    [
        (started, SERVICE, False),
        (working, TERMINAL, False),
        # Where the temporary folder has a long name, workers are started in another way.
        (started, TERMINAL, True),
        (transcribed, SERVICE, True),
    ],
)
def test_a_signal_ends_it_with_its_exit_code_and_leaves_nothing(
    tmp_path: Path,
    when: Callable[[Path], bool],
    how: tuple[Callable[[int, int], None], signal.Signals, int],
    long_names: bool,
) -> None:
    stop, number, code = how
    for name, begin in (("one.wav", 1.0), ("two.wav", 2.0), ("three.wav", 3.0)):
        cut("museum_guide.wav", begin, 3.0, tmp_path / "raw" / name)
    scratch = tmp_path / ("scratch" * 10) if long_names else Path(tempfile.mkdtemp(dir="/tmp"))
    scratch.mkdir(exist_ok=True)
    with subprocess.Popen(
        COMMAND,
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(scratch)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # As shells and some CI start what runs in the background.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    ) as build:
        while not when(tmp_path):
            assert build.poll() is None, build.communicate()
            time.sleep(0.02)
        stop(build.pid, number)
        _, said = build.communicate()
        assert build.returncode == code, said
        assert "Traceback" not in said
        assert "leaked" not in said
        # The last to end hears of it when the others have: a moment later, on a busy machine.
        patience = time.monotonic() + 60
        while left := session(build.pid):
            assert time.monotonic() < patience, left
            time.sleep(0.02)
    # Nothing is left in it.
    scratch.rmdir()
    assert not (tmp_path / "site").exists()
    assert not any((tmp_path / "proceed").rglob("*.wav"))
