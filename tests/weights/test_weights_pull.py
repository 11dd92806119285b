"""`stemsilver models pull` against a server on this machine."""

from __future__ import annotations

import hashlib
import socket
from pathlib import Path

import pytest
import requests

from stemsilver import weights
from stemsilver.weights import download

from ..cli.terminal import Ended, Terminal, faulty
from .conftest import Planted
from .loopback import STEP, Server

NAME = "dns48"
FILE = weights.REMOTE[NAME].file
OFFICIAL = f"official/{NAME}"


def left(folder: Path) -> list[str]:
    """The files of the weights folder but its lock."""
    files = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(file for file in files if file != ".stemsilver.lock")


def refused(ended: Ended, folder: Path, *named: str) -> None:
    """The pull failed, naming file, hash, place and what else is said."""
    known = weights.REGISTRY[NAME]
    faulty(ended, 4, f"Weights of {NAME} could not be pulled", known.sha256, *named)
    assert str(folder / FILE) in ended.err
    assert f"stemsilver models verify {NAME}" in ended.err


def test_a_file_is_shown_then_pulled_then_verified(
    stemsilver: Terminal, server: Server, folder: Path, planted: Planted, content: bytes
) -> None:
    planted(NAME, content)
    server.offer(OFFICIAL, content)
    ended = stemsilver("models", "pull", NAME)
    assert (ended.code, ended.err) == (0, "")
    known = weights.REGISTRY[NAME]
    place = str(folder / FILE)
    shown = [f"{NAME}  1.0 MB, CC-BY-NC-4.0, not pulled", known.source, known.sha256]
    order = [*shown, f"from {server.url}/{OFFICIAL}", f"to {place}", f"✓ {NAME}  {place}"]
    assert [ended.out.index(words) for words in order] == sorted(map(ended.out.index, order))
    assert (folder / FILE).read_bytes() == content
    assert left(folder) == [FILE]
    assert stemsilver("models", "verify", NAME).code == 0
    record = weights.record(NAME)
    assert (record.package, record.version) == (Path(FILE).name, "")
    assert (record.sha256, record.source) == (known.sha256, known.source)


def test_what_is_there_is_not_pulled_again(
    stemsilver: Terminal, server: Server, folder: Path, planted: Planted, content: bytes
) -> None:
    planted(NAME, content)
    (folder / FILE).parent.mkdir()
    (folder / FILE).write_bytes(content)
    assert stemsilver("models", "pull", NAME).code == 0
    assert server.asked == []
    assert left(folder) == [FILE]


def test_of_a_hash_only_the_published_digits_are_compared_and_all_are_recorded(
    stemsilver: Terminal, server: Server, folder: Path, planted: Planted, content: bytes
) -> None:
    whole = hashlib.sha256(content).hexdigest()
    planted(NAME, content, sha256=whole[:16], size=None)
    server.offer(OFFICIAL, content)
    ended = stemsilver("models", "pull", NAME)
    assert ended.code == 0
    assert f"sha256 beginning with {whole[:16]}\n" in ended.out
    assert weights.record(NAME).sha256 == whole
    assert weights.digest((NAME,)).startswith(whole)


# --- interrupted


def test_a_cut_connection_is_gone_on_with_and_no_byte_is_sent_twice(
    stemsilver: Terminal, server: Server, folder: Path, planted: Planted, content: bytes
) -> None:
    planted(NAME, content)
    offer = server.offer(OFFICIAL, content, cuts=[6 * STEP, 4 * STEP])
    assert stemsilver("models", "pull", NAME).code == 0
    assert (folder / FILE).read_bytes() == content
    assert [(one.status, one.range, one.if_range) for one in server.asked] == [
        (200, None, None),
        (206, "bytes=393216-", offer.etag),
        (206, "bytes=655360-", offer.etag),
    ]
    assert server.sent == len(content)


def test_a_pull_that_failed_goes_on_at_the_next_run(
    stemsilver: Terminal, server: Server, folder: Path, planted: Planted, content: bytes
) -> None:
    planted(NAME, content)
    server.offer(OFFICIAL, content, cuts=[9 * STEP, 0, 0])
    refused(stemsilver("models", "pull", NAME), folder, "was cut off")
    assert left(folder) == [f"{FILE}.part", f"{FILE}.part.json"]
    assert (folder / f"{FILE}.part").read_bytes() == content[: 9 * STEP]
    assert stemsilver("models", "pull", NAME).code == 0
    assert server.asked[-1].range == "bytes=589824-"
    assert server.sent == len(content)
    assert (folder / FILE).read_bytes() == content
    assert left(folder) == [FILE]


@pytest.mark.parametrize(
    "named",
    [
        pytest.param({}, id="by its tag"),
        pytest.param(
            {"etag": 'W/"weak"', "modified": "Sun, 22 Nov 2026 10:00:00 GMT"}, id="by its date"
        ),
    ],
)
def test_a_file_that_changed_meanwhile_starts_over(
    stemsilver: Terminal,
    server: Server,
    folder: Path,
    planted: Planted,
    content: bytes,
    named: dict[str, str],
) -> None:
    planted(NAME, content)
    server.offer(OFFICIAL, content[::-1], cuts=[9 * STEP, 0], **named)
    refused(stemsilver("models", "pull", NAME), folder)
    later = {"modified": "Sun, 22 Nov 2026 11:00:00 GMT"} if named else {}
    server.offer(OFFICIAL, content, **{**named, **later})
    assert stemsilver("models", "pull", NAME).code == 0
    assert (server.asked[-1].range, server.asked[-1].status) == ("bytes=589824-", 200)
    assert (folder / FILE).read_bytes() == content


@pytest.mark.parametrize(
    ("behaviour", "statuses"),
    [
        pytest.param({"ranges": False}, [200], id="knows no parts"),
        pytest.param({"conditions": False}, [206, 200], id="sends a part of another version"),
    ],
)
def test_a_server_that_cannot_go_on_is_asked_for_the_whole(
    stemsilver: Terminal,
    server: Server,
    folder: Path,
    planted: Planted,
    content: bytes,
    behaviour: dict[str, bool],
    statuses: list[int],
) -> None:
    planted(NAME, content)
    server.offer(OFFICIAL, content[::-1], cuts=[9 * STEP, 0])
    stemsilver("models", "pull", NAME)
    server.asked.clear()
    server.offer(OFFICIAL, content, **behaviour)
    assert stemsilver("models", "pull", NAME).code == 0
    assert [one.status for one in server.asked] == statuses
    assert (folder / FILE).read_bytes() == content


def test_without_a_version_nothing_is_trusted_to_be_its_beginning(
    stemsilver: Terminal, server: Server, folder: Path, planted: Planted, content: bytes
) -> None:
    planted(NAME, content)
    server.offer(OFFICIAL, content, etag=None, cuts=[9 * STEP])
    assert stemsilver("models", "pull", NAME).code == 0
    assert [one.range for one in server.asked] == [None, None]
    assert (folder / FILE).read_bytes() == content


def test_what_is_longer_than_the_file_is_thrown_away(
    stemsilver: Terminal, server: Server, folder: Path, planted: Planted, content: bytes
) -> None:
    planted(NAME, content[:500_000], size=None)
    offer = server.offer(OFFICIAL, content, cuts=[9 * STEP, 0])
    stemsilver("models", "pull", NAME)
    server.offer(OFFICIAL, content[:500_000], etag=offer.etag)
    assert stemsilver("models", "pull", NAME).code == 0
    assert [one.status for one in server.asked[-2:]] == [416, 200]
    assert (folder / FILE).read_bytes() == content[:500_000]


@pytest.mark.parametrize("known", [True, False])
def test_what_only_lacked_its_place_is_not_sent_again(
    stemsilver: Terminal,
    server: Server,
    folder: Path,
    planted: Planted,
    content: bytes,
    known: bool,
) -> None:
    """As after a kill between the last byte and the renaming."""
    planted(NAME, content, **({} if known else {"size": None}))
    server.offer(OFFICIAL, content, cuts=[9 * STEP, 0])
    stemsilver("models", "pull", NAME)
    (folder / f"{FILE}.part").write_bytes(content)
    server.asked.clear()
    assert stemsilver("models", "pull", NAME).code == 0
    assert [one.status for one in server.asked] == ([] if known else [416])
    assert (folder / FILE).read_bytes() == content


# --- not the file


def test_a_wrong_file_is_refused_and_deleted_and_the_old_one_stays(
    stemsilver: Terminal, server: Server, folder: Path, planted: Planted, content: bytes
) -> None:
    planted(NAME, content)
    server.offer(OFFICIAL, content[::-1])
    (folder / FILE).parent.mkdir()
    (folder / FILE).write_bytes(b"an old one")
    ended = stemsilver("models", "pull", NAME)
    found = hashlib.sha256(content[::-1]).hexdigest()
    refused(ended, folder, f"not the expected file ({len(content)} bytes, SHA-256 {found})")
    assert left(folder) == [FILE]
    assert (folder / FILE).read_bytes() == b"an old one"
    assert stemsilver("models", "verify", NAME).code == 4


def test_a_wrong_file_in_the_place_is_replaced(
    stemsilver: Terminal, server: Server, folder: Path, planted: Planted, content: bytes
) -> None:
    planted(NAME, content)
    server.offer(OFFICIAL, content)
    (folder / FILE).parent.mkdir()
    (folder / FILE).write_bytes(content[:-1])
    assert stemsilver("models", "pull", NAME).code == 0
    assert (folder / FILE).read_bytes() == content


@pytest.mark.parametrize("length", [True, False])
def test_no_more_is_taken_than_the_file_has(
    stemsilver: Terminal,
    server: Server,
    folder: Path,
    planted: Planted,
    content: bytes,
    length: bool,
) -> None:
    planted(NAME, content[:300_000])
    server.offer(OFFICIAL, content, length=length)
    said = f"offers {len(content)} bytes" if length else "sends more than the 300000 bytes"
    refused(stemsilver("models", "pull", NAME), folder, said)
    partial = folder / f"{FILE}.part"
    assert not partial.exists() or partial.stat().st_size <= 300_000


# --- other addresses


def test_the_next_address_is_tried_where_one_fails(
    stemsilver: Terminal, server: Server, folder: Path, planted: Planted, content: bytes
) -> None:
    urls = tuple(f"{server.url}/{path}" for path in ("gone", "wrong", "right"))
    planted(NAME, content, urls=urls)
    server.offer("wrong", content[::-1])
    server.offer("right", content)
    assert stemsilver("models", "pull", NAME).code == 0
    assert [one.path for one in server.asked] == ["gone", "wrong", "right"]
    assert (folder / FILE).read_bytes() == content


@pytest.mark.parametrize("by", ["option", "variable"])
def test_a_mirror_of_ones_own_is_asked_first(
    stemsilver: Terminal,
    server: Server,
    folder: Path,
    planted: Planted,
    content: bytes,
    monkeypatch: pytest.MonkeyPatch,
    by: str,
) -> None:
    name = "panns-cnn14"  # its path has a sign that an address must escape
    planted(name, content)
    file = weights.REMOTE[name].file
    server.offer(f"our/mirror/{file}", content)
    mirror = f"{server.url}/our/mirror/"
    option = ["--mirror", mirror] if by == "option" else []
    if by == "variable":
        monkeypatch.setenv("STEMSILVER_MIRROR", mirror)
    assert stemsilver("models", "pull", name, *option).code == 0
    assert [one.path for one in server.asked] == [f"our/mirror/{file}"]
    assert (folder / file).read_bytes() == content


def test_where_the_mirror_lacks_it_the_official_address_is_tried(
    stemsilver: Terminal, server: Server, folder: Path, planted: Planted, content: bytes
) -> None:
    planted(NAME, content)
    server.offer(OFFICIAL, content)
    assert stemsilver("models", "pull", NAME, "--mirror", f"{server.url}/empty").code == 0
    assert [one.path for one in server.asked] == [f"empty/{FILE}", OFFICIAL]


def test_a_mirror_that_is_no_server_is_2(stemsilver: Terminal, folder: Path) -> None:
    faulty(stemsilver("models", "pull", NAME, "--mirror", "/mnt/share"), 2, "--mirror /mnt/share")


# --- whom to believe


def test_redirects_are_followed(
    stemsilver: Terminal, server: Server, folder: Path, planted: Planted, content: bytes
) -> None:
    planted(NAME, content)
    server.offer(OFFICIAL, b"", status=302, location=f"{server.url}/store/1")
    server.offer("store/1", content)
    assert stemsilver("models", "pull", NAME).code == 0
    # The server may note the second before it is done with the first.
    assert {one.path for one in server.asked} == {OFFICIAL, "store/1"}
    assert (folder / FILE).read_bytes() == content


@pytest.mark.parametrize(
    "elsewhere", ["http://weights.invalid/x", "http://192.0.2.1/x", "ftp://weights.invalid/x"]
)
def test_no_redirect_leads_to_where_anybody_could_listen(
    stemsilver: Terminal,
    server: Server,
    folder: Path,
    planted: Planted,
    content: bytes,
    elsewhere: str,
) -> None:
    planted(NAME, content)
    server.offer(OFFICIAL, b"", status=302, location=elsewhere)
    said = f"{elsewhere} is not https" if elsewhere.startswith("http") else elsewhere
    refused(stemsilver("models", "pull", NAME), folder, said)


def test_https_never_leads_to_plain_http_not_even_here(server: Server, content: bytes) -> None:
    server.offer("x", content)
    with (
        download._session("https://weights.invalid/x") as session,
        pytest.raises(requests.exceptions.InvalidSchema, match="is not https"),
    ):
        session.get(f"{server.url}/x")
    assert server.asked == []


def test_an_endless_chain_of_redirects_ends(
    stemsilver: Terminal, server: Server, folder: Path, planted: Planted, content: bytes
) -> None:
    planted(NAME, content)
    server.offer(OFFICIAL, b"", status=302, location=f"{server.url}/{OFFICIAL}")
    refused(stemsilver("models", "pull", NAME), folder, "too many redirects")
    assert len(server.asked) < 20


# --- no network


def test_offline_is_one_error_with_file_addresses_place_and_hash(
    stemsilver: Terminal, folder: Path, planted: Planted, content: bytes
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        port = taken.getsockname()[1]
        urls = tuple(f"http://127.0.0.1:{port}/{path}" for path in ("a", "b"))
        planted(NAME, content, urls=urls)
        ended = stemsilver("models", "pull", NAME)
    refused(ended, folder, *(f"{url}: cannot be reached" for url in urls))
    assert f"{len(content)} bytes" in ended.err
    assert left(folder) == []


# --- no room


def test_what_the_disk_cannot_hold_is_not_begun(
    stemsilver: Terminal, server: Server, folder: Path, planted: Planted, content: bytes
) -> None:
    planted(NAME, content, size=10**18)
    server.offer(OFFICIAL, content)
    faulty(stemsilver("models", "pull", NAME), 4, "MB are needed", "MB are free")
    assert server.asked == []
    assert left(folder) == []
