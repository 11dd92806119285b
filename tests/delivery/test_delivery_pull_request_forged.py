"""A folder that no run of ours would have handed over is refused as a whole, shortly."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stemsilver.delivery.pull_request import read, read_claim
from stemsilver.errors import UsageError

from .pull_requests import COMMIT, NUMBER, Opened


def refused(folder: Path) -> str:
    """Why a folder is refused: in one line, that is no command to a runner."""
    with pytest.raises(UsageError) as refusal:
        read(folder)
    message = refusal.value.message
    assert message.startswith("forged or damaged")
    assert len(message) < 500
    assert message.isprintable()
    assert "##[" not in message
    return message


def claim(number: str = "7", commit: object = COMMIT, version: int = 1) -> str:
    return f'{{"schema_version": {version}, "number": {number}, "commit": {json.dumps(commit)}}}'


def test_what_was_packed_is_read_and_nothing_else_is_looked_at(handed: Opened) -> None:
    (handed.folder / "ab" / "..hidden").mkdir()
    (handed.folder / "index.html").write_text("<script>alert(1)</script>")
    (handed.folder / "-rf").write_bytes(b"\0" * 100)
    found = read(handed.folder)
    assert (found.claim.number, found.claim.commit) == (NUMBER, COMMIT)
    assert read_claim(handed.folder) == found.claim
    assert found.base is not None
    assert found.base.items.keys() == found.head.items.keys()


NUMBERS = ("0", "true", '"7"', "7.0", "1e400", "NaN", "2000000001", "9" * 9000, '"1\\n::error::"')
COMMITS = ("main", COMMIT[:12], COMMIT.upper(), COMMIT + "\n", "g" * 40, None)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        *((claim(number=one), "") for one in NUMBERS),
        *((claim(commit=one), "commit") for one in COMMITS),
        (claim(version=2), "schema_version"),
        (claim('8, "number": 7'), "'number' occurs twice"),
        (" " * 20_000 + claim(), "more than"),
        *((one, "") for one in ("", "7", "{", "\udcff\udcfe", "[" * 9_999)),
    ],
)
def test_a_claim_that_is_none(handed: Opened, content: str, why: str) -> None:
    path = handed.folder / "pull_request.json"
    path.write_text(content, errors="surrogateescape")
    assert why in refused(handed.folder)
    with pytest.raises(UsageError):
        read_claim(handed.folder)


def first(card: Any) -> Any:
    return card["items"][0]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("head.json", lambda card: first(card)["metrics"]["clean_lufs"].update(value=10**500)),
        ("base.json", lambda card: first(card).update(id="../../../etc")),
        ("head.json", lambda card: first(card).update(id="a" * 200)),
        ("head.json", lambda card: first(card).update(metrics={"::error::x\n##[add-mask]y": 1})),
        ("base.json", lambda card: card["profile"].update(name="x" * 300)),
        ("head.json", lambda card: card["gates"][0].update(gate="<script>")),
    ],
)
def test_a_bad_scorecard(handed: Opened, name: str, change: Callable[[Any], object]) -> None:
    handed.change(name, change)
    refused(handed.folder)


def test_a_scorecard_that_is_missing(handed: Opened) -> None:
    (handed.folder / "head.json").unlink()
    assert "cannot be read" in refused(handed.folder)


def link(target: str) -> Callable[[Path], object]:
    return lambda path: path.symlink_to(target)


@pytest.mark.parametrize(
    ("place", "make"),
    [
        ("head.json", link("/etc/passwd")),
        ("new", link("/etc")),
        ("ab/better/new", link("/dev/zero")),
        ("new", link(".")),
        ("pull_request.json", link("nowhere")),
        ("ab/better/ab-1-raw.flac", lambda path: path.hardlink_to(path.parent / "twin")),
        ("ab/better/ab-1-raw.flac", os.mkfifo),
    ],
    ids=["file", "folder", "device", "loop", "dangling", "hard", "fifo"],
)
def test_links_and_devices_are_refused(
    handed: Opened, place: str, make: Callable[[Path], object]
) -> None:
    path = handed.folder / place
    path.unlink(missing_ok=True)
    (path.parent / "twin").write_bytes(b"{}")
    make(path)
    assert "link or a device" in refused(handed.folder)
    with pytest.raises(UsageError):
        read_claim(handed.folder)


def test_thousands_of_files_are_too_many(handed: Opened) -> None:
    for number in range(3_000):
        (handed.folder / f"{number}").touch()
    assert "more than 3000 files" in refused(handed.folder)


def test_folders_without_end(handed: Opened) -> None:
    # By steps: a path of that length cannot be named at once.
    name, descriptors = "d" * 200, [os.open(handed.folder, os.O_RDONLY)]
    try:
        for _ in range(40):
            os.mkdir(name, dir_fd=descriptors[-1])
            descriptors.append(os.open(name, os.O_RDONLY, dir_fd=descriptors[-1]))
        assert "cannot be read" in refused(handed.folder)
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def test_names_are_no_commands_to_the_runner(handed: Opened) -> None:
    (handed.folder / "a\n::stop-commands::x\n##[add-mask]y").symlink_to("/etc")
    assert "\\n::stop-commands" in refused(handed.folder)


def test_a_folder_that_was_never_packed_is_a_slip_and_no_forgery(handed: Opened) -> None:
    for name, why in (("none", "is no folder"), ("scorecard.json", "is no folder"), (".", "holds")):
        with pytest.raises(UsageError, match=why) as refusal:
            read(handed.head / name)
        assert "forged" not in refusal.value.message
        assert "`stemsilver pull-request pack` made" in refusal.value.next_step
