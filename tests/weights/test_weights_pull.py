"""`stemsilver models pull` against a server on this machine."""

from __future__ import annotations

import hashlib
import socket
from pathlib import Path
from typing import Any

import pytest
import requests

from stemsilver import weights
from stemsilver.weights import download

from ..cli.terminal import Ended, Terminal, faulty
from .conftest import FILE, NAME, OFFICIAL, Planted, left
from .loopback import STEP, Offer, Server


class Pull:
    """`stemsilver models pull` of one file, which the registry expects to be `content`."""

    def __init__(
        self, run: Terminal, server: Server, folder: Path, planted: Planted, content: bytes
    ) -> None:
        self.run, self.server, self.folder, self.planted = run, server, folder, planted
        self.content = content
        self.file, self.part = folder / FILE, folder / f"{FILE}.part"
        planted(NAME, content)

    def __call__(self, *options: str) -> Ended:
        return self.run("models", "pull", NAME, *options)

    def offer(self, content: bytes | None = None, **behaviour: Any) -> Offer:
        """Let the server have the file at its official address."""
        return self.server.offer(OFFICIAL, content or self.content, **behaviour)

    def place(self, content: bytes) -> None:
        self.file.parent.mkdir()
        self.file.write_bytes(content)

    def succeeds(self, *options: str) -> None:
        """The pull ends well, with the file in its place and nothing beside it."""
        assert self(*options).code == 0
        assert self.file.read_bytes() == self.content
        assert left(self.folder) == [FILE]

    def fails(self, *named: str) -> None:
        """The pull fails, naming file, hash, place and what else is said."""
        ended, known = self(), weights.REGISTRY[NAME]
        faulty(ended, 4, f"Weights of {NAME} could not be pulled", known.sha256, *named)
        assert str(self.file) in ended.err
        assert f"stemsilver models verify {NAME}" in ended.err

    @property
    def asked(self) -> list[tuple[str | None, int]]:
        """What the server was asked for and answered."""
        return [(one.range, one.status) for one in self.server.asked]


@pytest.fixture
def pull(
    stemsilver: Terminal, server: Server, folder: Path, planted: Planted, content: bytes
) -> Pull:
    return Pull(stemsilver, server, folder, planted, content)


def test_a_file_is_shown_then_pulled_then_verified(pull: Pull) -> None:
    pull.offer()
    ended = pull()
    assert (ended.code, ended.err) == (0, "")
    known = weights.REGISTRY[NAME]
    shown = [f"{NAME}  1.0 MB, CC-BY-NC-4.0, not pulled", known.source, known.sha256]
    source = f"from {pull.server.url}/{OFFICIAL}"
    order = [*shown, source, f"to {pull.file}", f"✓ {NAME}  {pull.file}"]
    assert [ended.out.index(words) for words in order] == sorted(map(ended.out.index, order))
    assert pull.run("models", "verify", NAME).code == 0
    record = weights.record(NAME)
    assert (record.package, record.version) == (Path(FILE).name, "")
    assert (record.sha256, record.source) == (known.sha256, known.source)
    # What is there is not pulled again.
    pull.succeeds()
    assert len(pull.asked) == 1


def test_of_a_hash_only_the_published_digits_are_compared_and_all_are_recorded(pull: Pull) -> None:
    whole = hashlib.sha256(pull.content).hexdigest()
    pull.planted(NAME, pull.content, sha256=whole[:16], size=None)
    pull.offer()
    ended = pull()
    assert ended.code == 0
    assert f"sha256 beginning with {whole[:16]}\n" in ended.out
    assert weights.record(NAME).sha256 == whole
    assert weights.digest((NAME,)).startswith(whole)


# --- interrupted


def test_a_cut_connection_is_gone_on_with_and_no_byte_is_sent_twice(pull: Pull) -> None:
    offer = pull.offer(cuts=[6 * STEP, 4 * STEP])
    pull.succeeds()
    assert pull.asked == [(None, 200), ("bytes=393216-", 206), ("bytes=655360-", 206)]
    assert [one.if_range for one in pull.server.asked] == [None, offer.etag, offer.etag]
    assert pull.server.sent == len(pull.content)


def test_a_pull_that_failed_goes_on_at_the_next_run(pull: Pull) -> None:
    pull.offer(cuts=[9 * STEP, 0, 0])
    pull.fails("was cut off")
    assert left(pull.folder) == [f"{FILE}.part", f"{FILE}.part.json"]
    assert pull.part.read_bytes() == pull.content[: 9 * STEP]
    pull.succeeds()
    assert pull.asked[-1][0] == "bytes=589824-"
    assert pull.server.sent == len(pull.content)


DATED = {"etag": 'W/"weak"', "modified": "Sun, 22 Nov 2026 10:00:00 GMT"}
ASKED = "bytes=589824-"


@pytest.mark.parametrize(
    ("before", "later", "expected"),
    [
        ({}, {}, [(ASKED, 200)]),  # it has another tag
        (DATED, {**DATED, "modified": "Sun, 22 Nov 2026 11:00:00 GMT"}, [(ASKED, 200)]),
        ({}, {"ranges": False}, [(ASKED, 200)]),  # the server knows no parts
        ({}, {"conditions": False}, [(ASKED, 206), (None, 200)]),  # a part of another version
    ],
)
def test_what_cannot_be_gone_on_with_starts_over(
    pull: Pull, before: dict[str, Any], later: dict[str, Any], expected: list[Any]
) -> None:
    pull.offer(pull.content[::-1], cuts=[9 * STEP, 0], **before)
    pull.fails("was cut off")
    pull.server.asked.clear()
    pull.offer(**later)
    pull.succeeds()
    assert pull.asked == expected


def test_without_a_version_nothing_is_trusted_to_be_its_beginning(pull: Pull) -> None:
    pull.offer(etag=None, cuts=[9 * STEP])
    pull.succeeds()
    assert pull.asked == [(None, 200), (None, 200)]


def test_what_is_longer_than_the_file_is_thrown_away(pull: Pull) -> None:
    offer = pull.offer(cuts=[9 * STEP, 0])
    pull.content = pull.content[:500_000]
    pull.planted(NAME, pull.content, size=None)
    pull()
    pull.offer(etag=offer.etag)
    pull.succeeds()
    assert [status for _, status in pull.asked[-2:]] == [416, 200]


@pytest.mark.parametrize(("known", "statuses"), [(True, []), (False, [416])])
def test_what_only_lacked_its_place_is_not_sent_again(
    pull: Pull, known: bool, statuses: list[int]
) -> None:
    """As after a kill between the last byte and the renaming."""
    pull.planted(NAME, pull.content, **({} if known else {"size": None}))
    pull.offer(cuts=[9 * STEP, 0])
    pull()
    pull.part.write_bytes(pull.content)
    pull.server.asked.clear()
    pull.succeeds()
    assert [status for _, status in pull.asked] == statuses


# --- not the file


def test_a_wrong_file_is_refused_and_deleted_and_the_old_one_stays(pull: Pull) -> None:
    wrong = pull.content[::-1]
    pull.offer(wrong)
    pull.place(b"an old one")
    found = hashlib.sha256(wrong).hexdigest()
    pull.fails(f"not the expected file ({len(wrong)} bytes, SHA-256 {found})")
    assert left(pull.folder) == [FILE]
    assert pull.file.read_bytes() == b"an old one"
    assert pull.run("models", "verify", NAME).code == 4
    # The right one replaces it.
    pull.offer()
    pull.succeeds()


@pytest.mark.parametrize("length", [True, False])
def test_no_more_is_taken_than_the_file_has(pull: Pull, length: bool) -> None:
    pull.planted(NAME, pull.content[:300_000])
    pull.offer(length=length)
    whole = len(pull.content)
    pull.fails(f"offers {whole} bytes" if length else "sends more than the 300000 bytes")
    assert not pull.part.exists() or pull.part.stat().st_size <= 300_000


# --- other addresses


def test_the_next_address_is_tried_where_one_fails(pull: Pull) -> None:
    urls = tuple(f"{pull.server.url}/{path}" for path in ("gone", "wrong", "right"))
    pull.planted(NAME, pull.content, urls=urls)
    pull.server.offer("wrong", pull.content[::-1])
    pull.server.offer("right", pull.content)
    pull.succeeds()
    assert [one.path for one in pull.server.asked] == ["gone", "wrong", "right"]


@pytest.mark.parametrize("by", ["option", "variable"])
def test_a_mirror_of_ones_own_is_asked_first_and_then_the_official_address(
    pull: Pull, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    name = "panns-cnn14"  # its path has a sign that an address must escape
    pull.planted(name, pull.content)
    file = weights.REMOTE[name].file
    mirror = f"{pull.server.url}/our/mirror/"
    if by == "variable":
        monkeypatch.setenv("STEMSILVER_MIRROR", mirror)
        option, has_it, then = (), "official/panns-cnn14", ["official/panns-cnn14"]
    else:
        option, has_it, then = ("--mirror", mirror), f"our/mirror/{file}", []
    pull.server.offer(has_it, pull.content)
    assert pull.run("models", "pull", name, *option).code == 0
    assert [one.path for one in pull.server.asked] == [f"our/mirror/{file}", *then]
    assert (pull.folder / file).read_bytes() == pull.content


def test_a_mirror_that_is_no_server_is_2(pull: Pull) -> None:
    faulty(pull("--mirror", "/mnt/share"), 2, "--mirror /mnt/share")


# --- whom to believe


def test_redirects_are_followed(pull: Pull) -> None:
    pull.offer(status=302, location=f"{pull.server.url}/store/1")
    pull.server.offer("store/1", pull.content)
    pull.succeeds()
    # The server may note the second before it is done with the first.
    assert {one.path for one in pull.server.asked} == {OFFICIAL, "store/1"}


@pytest.mark.parametrize(
    "elsewhere", ["http://weights.invalid/x", "http://192.0.2.1/x", "ftp://weights.invalid/x"]
)
def test_no_redirect_leads_to_where_anybody_could_listen(pull: Pull, elsewhere: str) -> None:
    pull.offer(status=302, location=elsewhere)
    pull.fails(f"{elsewhere} is not https" if elsewhere.startswith("http") else elsewhere)


def test_https_never_leads_to_plain_http_not_even_here(server: Server) -> None:
    with (
        download._session("https://weights.invalid/x") as session,
        pytest.raises(requests.exceptions.InvalidSchema, match="is not https"),
    ):
        session.get(f"{server.url}/x")
    assert server.asked == []


def test_an_endless_chain_of_redirects_ends(pull: Pull) -> None:
    pull.offer(status=302, location=f"{pull.server.url}/{OFFICIAL}")
    pull.fails("too many redirects")
    assert len(pull.asked) < 20


# --- no network, no room


def test_offline_is_one_error_with_file_addresses_place_and_hash(pull: Pull) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        port = taken.getsockname()[1]
        urls = tuple(f"http://127.0.0.1:{port}/{path}" for path in ("a", "b"))
        pull.planted(NAME, pull.content, urls=urls)
        sized = f"{len(pull.content)} bytes"
        pull.fails(sized, *(f"{url}: cannot be reached" for url in urls))
    assert left(pull.folder) == []


def test_what_the_disk_cannot_hold_is_not_begun(pull: Pull) -> None:
    pull.planted(NAME, pull.content, size=10**18)
    pull.offer()
    faulty(pull(), 4, "MB are needed", "MB are free")
    assert pull.asked == []
    assert left(pull.folder) == []
