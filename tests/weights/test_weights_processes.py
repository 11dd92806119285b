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

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has neither SIGKILL nor a limit for files"
)

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


def started(**variables: str) -> subprocess.Popen[str]:
    known = weights.REGISTRY[NAME]
    values = {"sha256": known.sha256, "size": known.size, "urls": list(known.urls)}
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, "models", "pull", NAME],
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


def test_a_file_that_may_not_grow_is_told_and_leaves_nothing(
    server: Server, folder: Path, planted: Planted, content: bytes
) -> None:
    # Were its length known, a full disk would not be begun on.
    planted(NAME, content, size=None)
    server.offer(OFFICIAL, content, length=False)
    other = folder / "panns" / "old.pth"
    other.parent.mkdir()
    other.write_bytes(b"an old one")
    process = started(FILE_LIMIT="600000")
    _, err = process.communicate()
    assert process.returncode == 4
    assert err.startswith(f"error: cannot write {folder / FILE}.part: File too large")
    assert "\nnext:" in err
    assert left(folder) == ["panns/old.pth"]
