"""What is fetched of open pull requests, and archives that no run of ours would have made."""

from __future__ import annotations

import stat
from contextlib import suppress
from pathlib import Path
from zipfile import ZipFile, ZipInfo

import pytest

from stemsilver.delivery.github import GitHub
from stemsilver.delivery.pull_request.fetch import (
    artifact_of_run,
    artifacts_of_open_pulls,
    fetch,
    unpack,
)
from stemsilver.errors import UsageError

from .github_server import REPOSITORY, TOKEN, archive_of, github_server
from .pull_requests import COMMIT, OTHER_COMMIT, pull


def refused(archive: Path, folder: Path) -> str:
    """Why an archive is refused: in one line, that is no command to a runner."""
    with pytest.raises(UsageError) as refusal:
        unpack(archive, folder)
    message = refusal.value.message
    assert message.startswith("forged or damaged")
    assert message.isprintable()
    return message


def test_the_newest_artifact_of_an_open_pull_requests_last_commit_counts() -> None:
    with github_server(actions="read", pull_requests="read") as server:
        github = GitHub(REPOSITORY, TOKEN, server.address)
        assert artifacts_of_open_pulls(github) == {}
        moved, closed = pull() | {"number": 8}, pull() | {"number": 9, "state": "closed"}
        moved["head"] = moved["head"] | {"sha": "f" * 40}
        server.pulls = [pull(), moved, closed]
        server.hand_over(b"old", COMMIT, run=1)
        newest = server.hand_over(b"new", COMMIT, run=2)
        server.hand_over(b"other", OTHER_COMMIT, run=3)
        assert artifacts_of_open_pulls(github) == {7: newest}
        assert artifact_of_run(github, 2) == newest
        assert artifact_of_run(github, 4) is None


@pytest.mark.parametrize("change", [{"expired": True}, {"size_in_bytes": 50_000_001}])
def test_an_artifact_that_is_gone_or_too_large_is_not_fetched(change: dict[str, object]) -> None:
    with github_server(actions="read", pull_requests="read") as server:
        github = GitHub(REPOSITORY, TOKEN, server.address)
        server.pulls = [pull()]
        server.hand_over(b"x", COMMIT)
        server.artifacts[0] |= change
        assert artifacts_of_open_pulls(github) == {}
        assert artifact_of_run(github, 1) is None


def test_what_was_handed_over_is_unpacked(tmp_path: Path) -> None:
    with github_server(actions="read") as server:
        number = server.hand_over(archive_of({"a.json": b"{}", "ab/x/y.flac": b"y"}), COMMIT)
        fetch(GitHub(REPOSITORY, TOKEN, server.address), number, tmp_path / "folder")
    assert (tmp_path / "folder" / "ab" / "x" / "y.flac").read_bytes() == b"y"


@pytest.mark.parametrize(
    "name", ["../../out", "/out", "a/../../out", "..\\out", "\n::error::out", "a//../../../out"]
)
def test_no_name_leads_out_of_the_folder(name: str, tmp_path: Path) -> None:
    archive = tmp_path / "in" / "archive.zip"
    archive.parent.mkdir()
    archive.write_bytes(archive_of({name: b"taken over"}))
    unpack(archive, tmp_path / "in" / "folder")
    left = {path for path in tmp_path.rglob("*") if path.is_file()} - {archive}
    assert left
    assert all(path.is_relative_to(archive.parent / "folder") for path in left)
    assert not Path("/out").exists()


def test_a_link_is_unpacked_as_a_file(tmp_path: Path) -> None:
    link = ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with ZipFile(tmp_path / "archive.zip", "w") as packed:
        packed.writestr(link, "/etc/passwd")
    unpack(tmp_path / "archive.zip", tmp_path / "folder")
    assert not (tmp_path / "folder" / "link").is_symlink()
    assert (tmp_path / "folder" / "link").read_text() == "/etc/passwd"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no ZIP at all",
        archive_of({"a": b"x"})[:-5],
        archive_of({"a": b"x" * 1000})[:20] + b"\xff" * 200,
        archive_of({"a": b"x", "a/b": b"y"}),
    ],
    ids=["empty", "text", "cut", "damaged", "file_and_folder"],
)
def test_what_cannot_be_unpacked_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "archive.zip").write_bytes(content)
    assert "cannot be unpacked" in refused(tmp_path / "archive.zip", tmp_path / "folder")


@pytest.mark.parametrize(
    "files",
    [{"zeros": bytes(100_000_001)}, {str(number): b"" for number in range(1_001)}],
    ids=["bytes", "files"],
)
def test_a_bomb_is_not_unpacked(files: dict[str, bytes], tmp_path: Path) -> None:
    (tmp_path / "archive.zip").write_bytes(archive_of(files))
    assert (tmp_path / "archive.zip").stat().st_size < 200_000
    assert "too large" in refused(tmp_path / "archive.zip", tmp_path / "folder")
    assert not (tmp_path / "folder").exists()


def test_no_more_is_unpacked_than_an_archive_admits(tmp_path: Path) -> None:
    content = archive_of({"zeros": bytes(10_000_000)})
    lie = content.replace((10_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    (tmp_path / "archive.zip").write_bytes(lie)
    with suppress(UsageError):
        unpack(tmp_path / "archive.zip", tmp_path / "folder")
    assert sum(one.stat().st_size for one in (tmp_path / "folder").iterdir()) <= 10
