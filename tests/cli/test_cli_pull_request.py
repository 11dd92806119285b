"""`stemsilver pull-request pack`, of a real build; the workflows' tests hear what is packed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ..delivery.pull_requests import COMMIT
from ..pipeline.batches import contents
from .terminal import Ended, Terminal, faulty

pytestmark = pytest.mark.usefixtures("workspace")


def pack(stemsilver: Terminal, *more: str, number: str = "7", commit: str = COMMIT) -> Ended:
    options = ("--number", number, "--commit", commit, "-o", "artifact")
    return stemsilver("pull-request", "pack", "base-report", "report", *options, *more)


def test_nothing_is_packed_under_a_name_that_would_be_refused(stemsilver: Terminal) -> None:
    shutil.copytree("report", "base-report")
    for number in ("0", "3000000000"):
        faulty(pack(stemsilver, number=number), 2, "--number")
    for commit in ("main", COMMIT[:7]):
        said = pack(stemsilver, commit=commit)
        faulty(said, 2, f"--commit: {commit} is not a full commit SHA")
        assert "pattern" not in said.err
    assert not Path("artifact").exists()


def test_a_first_pull_request_has_no_base(stemsilver: Terminal) -> None:
    faulty(pack(stemsilver), 2, "base-report", "cannot be read")
    done = pack(stemsilver, "--no-base")
    assert (done.code, done.out) == (0, "")
    assert "artifact: 2 renders to hear" in done.err
    assert "base.json" not in contents(Path("artifact"))
