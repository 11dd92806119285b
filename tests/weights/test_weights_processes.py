"""`stemsilver models pull` as processes of their own: killed, at once, and out of room."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from stemsilver import weights
from stemsilver.fsio import sha256_file

from .conftest import FILE, NAME, OFFICIAL, Planted, left
from .loopback import Server

COMMAND = """
import json, os, signal, sys
from dataclasses import replace
from stemsilver import weights
from stemsilver.cli import main
from stemsilver.weights import fetch

name, values = json.loads(os.environ["EXPECTED"])
weights.REGISTRY[name] = replace(weights.REGISTRY[name], **values)
if limit := int(os.environ.get("FILE_LIMIT", 0)):
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
if last := int(os.environ.get("KILLED_AFTER", 0)):
    download = fetch.download
    def killed(url, partial, size, progress):
        die = lambda: os.kill(os.getpid(), signal.SIGKILL)
        download(url, partial, size, lambda got, _: got < last or die())
    fetch.download = killed
main()
"""
"""The command, in a process where the registry expects what the server has."""


def started(*before: str, **variables: str) -> subprocess.Popen[str]:
    known = weights.REGISTRY[NAME]
    values = {"sha256": known.sha256, "size": known.size, "urls": list(known.urls)}
    return subprocess.Popen(
        [*before, sys.executable, "-c", COMMAND, "models", "pull", NAME],
        env={**os.environ, "EXPECTED": json.dumps([NAME, values]), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_killed_pull_goes_on_where_it_was(
    server: Server, folder: Path, planted: Planted, content: bytes
) -> None:
    planted(NAME, content)
    server.offer(OFFICIAL, content)
    killed = started(KILLED_AFTER="500000")
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    had = (folder / f"{FILE}.part").stat().st_size
    assert 500_000 <= had < len(content)
    assert not (folder / FILE).exists()
    again = started()
    out, err = again.communicate()
    assert (again.returncode, err) == (0, ""), out
    assert server.asked[-1].range == f"bytes={had}-"
    assert server.asked[-1].sent == len(content) - had
    assert (folder / FILE).read_bytes() == content
    assert left(folder) == [FILE]


def test_two_pulls_at_once_fetch_one_file_once(
    server: Server, folder: Path, planted: Planted, content: bytes
) -> None:
    planted(NAME, content)
    gate = threading.Event()
    server.offer(OFFICIAL, content, gate=gate)
    first = started()
    assert server.arrived.get(timeout=60) == OFFICIAL
    second = started()
    assert second.stdout is not None
    told = next(line for line in second.stdout if line.startswith("Waiting"))
    assert told == f"Waiting for another pull (process {first.pid}) to end.\n"
    gate.set()
    for process in (first, second):
        out, err = process.communicate()
        assert (process.returncode, err) == (0, ""), out
        assert f"✓ {NAME}" in out
    assert [one.sent for one in server.asked] == [len(content)]
    assert sha256_file(folder / FILE) == weights.REGISTRY[NAME].sha256
    assert left(folder) == [FILE]


# --- no room

_MOUNT = 'mount -t tmpfs -o size=600k none "$STEMSILVER_WEIGHTS/denoiser"'


def _can_mount(folder: Path) -> bool:
    """Whether this user may mount a small disk in a world of its own."""
    (folder / "denoiser").mkdir()
    try:
        trial = subprocess.run(
            ["unshare", "-rm", "sh", "-c", _MOUNT],
            env={**os.environ, "STEMSILVER_WEIGHTS": str(folder)},
            capture_output=True,
            check=False,
        )
    except OSError:
        return False
    return trial.returncode == 0


def test_a_file_that_may_not_grow_is_told_and_leaves_nothing(
    server: Server, folder: Path, planted: Planted, content: bytes
) -> None:
    planted(NAME, content)
    server.offer(OFFICIAL, content)
    other = folder / "panns" / "old.pth"
    other.parent.mkdir()
    other.write_bytes(b"an old one")
    process = started(FILE_LIMIT="600000")
    _, err = process.communicate()
    assert process.returncode == 4
    assert err.startswith(f"error: cannot write {folder / FILE}.part: File too large")
    assert "\nnext:" in err
    assert left(folder) == ["panns/old.pth"]


def test_a_full_disk_is_told_and_leaves_nothing(
    server: Server, folder: Path, planted: Planted, content: bytes
) -> None:
    if not _can_mount(folder):
        pytest.skip("this user may not mount a small disk; the limit above shows the same")
    # Were its length known, it would not be begun.
    planted(NAME, content, size=None)
    server.offer(OFFICIAL, content, length=False)
    look = 'cp /etc/hostname "$STEMSILVER_WEIGHTS/denoiser/old"; "$@"; code=$?'
    then = 'ls -A "$STEMSILVER_WEIGHTS/denoiser" >&2; exit $code'
    process = started("unshare", "-rm", "sh", "-c", f"{_MOUNT}; {look}; {then}", "sh")
    _, err = process.communicate()
    assert process.returncode == 4
    assert err.startswith(f"error: the disk is full: cannot write {folder / FILE}.part\nnext:")
    assert err.splitlines()[-1] == "old"
