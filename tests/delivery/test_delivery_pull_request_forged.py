"""A folder that no run of ours would have handed over is refused as a whole, shortly."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stemsilver.delivery.pull_request import read, read_claim
from stemsilver.errors import UsageError

from .pull_requests import COMMIT, NUMBER, Opened, a_change

Change = Callable[[Any], object]


@pytest.fixture
def handed(tmp_path: Path) -> Opened:
    """A change as it should be handed over, to be damaged."""
    return a_change(tmp_path / "pull")


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


def test_what_was_packed_is_read(handed: Opened) -> None:
    found = read(handed.folder)
    assert (found.claim.number, found.claim.commit) == (NUMBER, COMMIT)
    assert found.base is not None
    assert found.base.items.keys() == found.head.items.keys()


@pytest.mark.parametrize(
    "number",
    [
        "0",
        "-1",
        "true",
        '"7"',
        "7.0",
        "7.5",
        "1e400",
        "NaN",
        "null",
        "[7]",
        "2000000001",
        "9" * 400,
        "9" * 9000,
        '"1; rm -rf"',
        '"1\\n::set-output name=x::y"',
    ],
)
def test_a_number_that_is_none(handed: Opened, number: str) -> None:
    text = f'{{"schema_version": 1, "number": {number}, "commit": "{COMMIT}"}}'
    (handed.folder / "pull_request.json").write_text(text)
    refused(handed.folder)
    with pytest.raises(UsageError):
        read_claim(handed.folder)


@pytest.mark.parametrize(
    "commit", ["main", COMMIT[:12], COMMIT.upper(), COMMIT + "\n", "g" * 40, f"`{COMMIT}`", 7, None]
)
def test_a_commit_that_is_none(handed: Opened, commit: object) -> None:
    handed.change("pull_request.json", lambda claim: claim.update(commit=commit))
    assert "commit" in refused(handed.folder)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"7",
        b"[]",
        b"{",
        b"\xff\xfe\x00",
        b"\xc3\x28",
        b"[" * 9_999,
        b'{"a":' * 1_600,
        json.dumps({"schema_version": 2, "number": 7, "commit": COMMIT}).encode(),
        b" " * 20_000 + b"{}",
    ],
    ids=[
        "nothing",
        "number",
        "list",
        "cut",
        "utf16",
        "no_utf8",
        "deep",
        "deeper",
        "later",
        "large",
    ],
)
def test_a_claim_that_is_none(handed: Opened, content: bytes) -> None:
    (handed.folder / "pull_request.json").write_bytes(content)
    refused(handed.folder)


def test_of_a_key_given_twice_one_value_holds_everywhere(handed: Opened) -> None:
    text = f'{{"schema_version": 1, "number": 7, "commit": "{COMMIT}", "number": 8}}'
    (handed.folder / "pull_request.json").write_text(text)
    assert read_claim(handed.folder).number == 8
    assert read(handed.folder).claim.number == 8


def test_a_claim_of_gigabytes_is_not_read(handed: Opened) -> None:
    with (handed.folder / "pull_request.json").open("r+b") as file:
        file.truncate(5_000_000_000)
    assert "more than" in refused(handed.folder)


def first(card: Any) -> Any:
    return card["items"][0]


@pytest.mark.parametrize("name", ["base.json", "head.json"])
@pytest.mark.parametrize(
    "change",
    [
        lambda card: first(card)["metrics"]["clean_lufs"].update(value="-16"),
        lambda card: first(card)["metrics"]["clean_lufs"].update(value=float("nan")),
        lambda card: first(card)["metrics"]["clean_lufs"].update(value=float("inf")),
        lambda card: first(card)["metrics"]["clean_lufs"].update(value=10**500),
        lambda card: first(card)["metrics"]["clean_lufs"].update(value=1e300),
        lambda card: first(card).update(id="../../../etc"),
        lambda card: first(card).update(id="a/b"),
        lambda card: first(card).update(id=".hidden"),
        lambda card: first(card).update(id="a" * 200),
        lambda card: first(card).update(metrics={"::error::x\n##[add-mask]y": 1}),
        lambda card: card["items"].append(first(card)),
        lambda card: card["items"].extend([first(card)] * 5_000),
        lambda card: card.update(created="<b>now</b>"),
        lambda card: card["profile"].update(name="x" * 300),
        lambda card: card["gates"][0].update(gate="<script>"),
        lambda card: card["tool"].update(commit="@octocat"),
    ],
)
def test_a_scorecard_that_is_none(handed: Opened, name: str, change: Change) -> None:
    handed.change(name, change)
    refused(handed.folder)


def test_a_scorecard_that_is_missing(handed: Opened) -> None:
    (handed.folder / "head.json").unlink()
    assert "cannot be read" in refused(handed.folder)


def test_ten_megabytes_of_rows_are_not_read(handed: Opened) -> None:
    def fill(card: Any) -> None:
        item = first(card)
        card["items"] = [item | {"id": f"r{number}"} for number in range(8_000)]

    handed.change("head.json", fill)
    assert (handed.folder / "head.json").stat().st_size > 10_000_000
    assert "more than 8 MB" in refused(handed.folder)


def link(target: str) -> Callable[[Path], object]:
    return lambda path: path.symlink_to(target)


@pytest.mark.parametrize("place", ["head.json", "ab/better/ab-1-raw.flac", "ab/better/new", "new"])
@pytest.mark.parametrize(
    "make",
    [
        link("/etc/passwd"),
        link("/etc"),
        link("/dev/zero"),
        link("."),
        link("nowhere"),
        lambda path: path.hardlink_to(path.parent / "twin"),
        os.mkfifo,
    ],
    ids=["file", "folder", "device", "loop", "dangling", "hard", "fifo"],
)
def test_links_and_devices_are_refused_wherever_they_are(
    handed: Opened, place: str, make: Callable[[Path], object]
) -> None:
    path = handed.folder / place
    path.unlink(missing_ok=True)
    (path.parent / "twin").write_bytes(b"{}")
    make(path)
    assert "link or a device" in refused(handed.folder)
    with pytest.raises(UsageError):
        read_claim(handed.folder)


def test_a_folder_of_snippets_that_is_a_link(handed: Opened, tmp_path: Path) -> None:
    (handed.folder / "ab").rename(tmp_path / "elsewhere")
    (handed.folder / "ab").symlink_to(tmp_path / "elsewhere")
    assert "link or a device" in refused(handed.folder)


def test_a_socket_is_refused(handed: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(handed.folder)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("s")
        assert "link or a device" in refused(handed.folder)


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


def test_what_nobody_asked_for_is_not_looked_at(handed: Opened) -> None:
    (handed.folder / "ab" / "..hidden").mkdir()
    (handed.folder / "index.html").write_text("<script>alert(1)</script>")
    (handed.folder / "-rf").write_bytes(b"\0" * 100)
    assert read(handed.folder).claim.number == NUMBER


def test_a_folder_that_was_never_packed_is_a_slip_and_no_forgery(handed: Opened) -> None:
    for name, why in (("none", "is no folder"), ("scorecard.json", "is no folder"), (".", "holds")):
        with pytest.raises(UsageError, match=why) as refusal:
            read(handed.head / name)
        assert "forged" not in refusal.value.message
        assert "`stemsilver pull-request pack` made" in refusal.value.next_step
