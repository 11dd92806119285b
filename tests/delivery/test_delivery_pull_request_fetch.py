"""What is fetched of open pull requests, and archives that no run of ours would have made."""

from __future__ import annotations

import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from zipfile import ZipFile, ZipInfo

import pytest

from stemsilver.delivery.pull_request.fetch import (
    artifact_of_run,
    artifacts_of_open_pulls,
    fetch,
    unpack,
)
from stemsilver.errors import UsageError

from .github_server import GitHubServer, archive_of
from .pull_requests import COMMIT, OTHER_COMMIT, pull


def test_the_newest_artifact_of_the_last_commit_counts(server: GitHubServer) -> None:
    assert artifacts_of_open_pulls(server.client) == {}
    moved = pull() | {"number": 8, "head": pull()["head"] | {"sha": "f" * 40}}
    server.pulls = [pull(), moved, pull() | {"number": 9, "state": "closed"}]
    server.hand_over(b"old", COMMIT, run=1)
    newest = server.hand_over(b"new", COMMIT, run=2)
    server.hand_over(b"other", OTHER_COMMIT, run=3)
    assert artifacts_of_open_pulls(server.client) == {7: newest}
    assert artifact_of_run(server.client, 2) == newest
    assert artifact_of_run(server.client, 4) is None
    # One that is gone or too large is not fetched.
    for change in ({"expired": True}, {"expired": False, "size_in_bytes": 50_000_001}):
        for one in server.artifacts:
            one |= change
        assert artifacts_of_open_pulls(server.client) == {}
        assert artifact_of_run(server.client, 2) is None


def test_what_was_handed_over_is_unpacked(server: GitHubServer, tmp_path: Path) -> None:
    number = server.hand_over(archive_of({"a.json": b"{}", "ab/x/y.flac": b"y"}), COMMIT)
    fetch(server.client, number, tmp_path / "folder")
    assert (tmp_path / "folder" / "ab" / "x" / "y.flac").read_bytes() == b"y"


def test_no_name_leads_out_of_the_folder_and_a_link_is_unpacked_as_a_file(tmp_path: Path) -> None:
    archive, folder = tmp_path / "in" / "archive.zip", tmp_path / "in" / "folder"
    archive.parent.mkdir()
    names = ("../../up", "/out", "a/../../b", "..\\back", "\n::error::line", "a//../../../c")
    link = ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with ZipFile(archive, "w") as packed:
        for name in (*names, link):
            packed.writestr(name, "/etc/passwd")
    unpack(archive, folder)
    left = {path for path in tmp_path.rglob("*") if path.is_file()} - {archive}
    assert len(left) == len(names) + 1
    assert all(path.is_relative_to(folder) for path in left)
    assert not Path("/out").exists()
    assert not (folder / "link").is_symlink()
    assert (folder / "link").read_text() == "/etc/passwd"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (lambda: b"no ZIP at all", "cannot be unpacked"),
        (lambda: archive_of({"a": b"x" * 1000})[:20] + b"\xff" * 200, "cannot be unpacked"),
        (lambda: archive_of({"a": b"x", "a/b": b"y"}), "cannot be unpacked"),
        (lambda: archive_of({"zeros": bytes(100_000_001)}), "too large"),
        (lambda: archive_of({str(number): b"" for number in range(1_001)}), "too large"),
    ],
    ids=["text", "damaged", "file_and_folder", "bomb of bytes", "bomb of files"],
)
def test_a_damaged_or_huge_archive_is_refused(
    content: Callable[[], bytes], why: str, tmp_path: Path
) -> None:
    archive = tmp_path / "archive.zip"
    assert archive.write_bytes(content()) < 200_000
    with pytest.raises(UsageError) as refusal:
        unpack(archive, tmp_path / "folder")
    # In one line, that is no command to a runner.
    message = refusal.value.message
    assert message.startswith("forged or damaged")
    assert message.isprintable()
    assert why in message
    assert why != "too large" or not (tmp_path / "folder").exists()


def test_no_more_is_unpacked_than_an_archive_admits(tmp_path: Path) -> None:
    content = archive_of({"zeros": bytes(10_000_000)})
    lie = content.replace((10_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    (tmp_path / "archive.zip").write_bytes(lie)
    with suppress(UsageError):
        unpack(tmp_path / "archive.zip", tmp_path / "folder")
    assert sum(one.stat().st_size for one in (tmp_path / "folder").iterdir()) <= 10
