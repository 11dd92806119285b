"""`stemsilver serve`: what a browser is answered."""

from __future__ import annotations

import base64
import hashlib
import http.client
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import uvicorn

from ..served import serving
from .terminal import Terminal, faulty

AUDIO = bytes(range(256)) * 40


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes


@pytest.fixture
def site(folder: Path) -> Path:
    site = folder / "site"
    (site / "renders" / "a").mkdir(parents=True)
    (site / "assets").mkdir()
    (site / "index.html").write_text("<h1>Front</h1>")
    (site / "renders" / "a" / "raw.flac").write_bytes(AUDIO)
    (site / "assets" / "start.js").write_text("1")
    (site / "assets" / "a.webp").write_bytes(b"RIFF")
    return site


Ask = Callable[..., Answer]


def asked(port: int, path: str, **headers: str) -> Answer:
    """One GET request."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    named = {name.lower(): value for name, value in response.getheaders()}
    answer = Answer(response.status, named, response.read())
    connection.close()
    return answer


@pytest.fixture
def ask(site: Path) -> Iterator[Ask]:
    """Makes requests for the site, at the address that is the default."""
    with serving(site) as port:
        yield lambda path, **headers: asked(port, path, **headers)


def test_a_byte_range_is_answered_with_that_range(ask: Ask) -> None:
    """Or a browser that seeks begins again at 0."""
    answer = ask("/renders/a/raw.flac", range="bytes=1000-1999")
    assert (answer.status, answer.body) == (206, AUDIO[1000:2000])
    assert answer.headers["content-range"] == f"bytes 1000-1999/{len(AUDIO)}"
    assert ask("/renders/a/raw.flac", range="bytes=99999-").status == 416
    whole = ask("/renders/a/raw.flac")
    assert (whole.status, whole.body) == (200, AUDIO)
    assert whole.headers["accept-ranges"] == "bytes"


def test_many_ranges_send_no_more_than_the_whole_file(ask: Ask) -> None:
    overlapping = ask("/renders/a/raw.flac", range="bytes=" + ",".join(["5-", "0-99"] * 50))
    assert (overlapping.status, overlapping.body) == (206, AUDIO)
    apart = ",".join(f"{2 * at}-{2 * at}" for at in range(2000))
    many = ask("/renders/a/raw.flac", range=f"bytes={apart}")
    assert (many.status, many.body) == (200, AUDIO)


LOCAL = ("localhost", "LocalHost:8000", "127.0.0.1", "127.0.0.1:80", "[::1]", "[::1]:8000")
FOREIGN = (
    "stemsilver.test",
    "localhost.stemsilver.test:8000",
    "127.0.0.1.example",
    "",
    "[::1",
    "::1",
)


@pytest.mark.parametrize(
    ("listens", "answered", "refused"),
    [
        ("127.0.0.1", LOCAL, (*FOREIGN, "machine", "192.0.2.1", "[2001:db8::1]")),
        ("::1", LOCAL, FOREIGN),
        ("127.0.0.2", (*LOCAL, "127.0.0.2:8000"), FOREIGN),
        (
            "0.0.0.0",
            (*LOCAL, "192.0.2.1:8000", "[2001:db8::1]:8000", "machine", "machine.local:8000"),
            FOREIGN,
        ),
        ("Studio.example", (*LOCAL, "studio.example:8000"), FOREIGN),
    ],
)
def test_only_its_own_names_are_answered(
    site: Path,
    monkeypatch: pytest.MonkeyPatch,
    listens: str,
    answered: tuple[str, ...],
    refused: tuple[str, ...],
) -> None:
    """Or a web page could let its own name lead to this machine, and read the site."""
    monkeypatch.setattr(socket, "gethostname", lambda: "Machine.local")
    with serving(site, listens) as port:
        for host in answered:
            assert asked(port, "/", host=host).status == 200, host
        for host in refused:
            answer = asked(port, "/", host=host)
            assert answer.status == 400, host
            assert b"Front" not in answer.body
        assert b"localhost, " in asked(port, "/", host="stemsilver.test").body


def test_a_page_may_run_its_own_scripts_and_load_only_from_the_site(site: Path, ask: Ask) -> None:
    (site / "index.html").write_text("<script src=a.js></script><script>1 < 2</script>")
    page = ask("/").headers["content-security-policy"].split("; ")
    own = base64.b64encode(hashlib.sha256(b"1 < 2").digest()).decode()
    assert {"default-src 'self'", f"script-src 'self' 'sha256-{own}'"} < set(page)
    picture = ask("/assets/a.webp").headers["content-security-policy"].split("; ")
    assert "script-src 'self'" in picture


def test_files_have_the_type_that_browsers_insist_on(ask: Ask) -> None:
    for path, kind in (
        ("/", "text/html"),
        ("/assets/start.js", "text/javascript"),
        ("/assets/a.webp", "image/webp"),
        ("/renders/a/raw.flac", "audio/flac"),
    ):
        answer = ask(path)
        assert answer.status == 200
        assert answer.headers["content-type"].startswith(kind)
        assert answer.headers["cache-control"] == "no-cache", "the next build may change it"
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_nothing_outside_the_site_is_answered(site: Path, ask: Ask) -> None:
    (site.parent / "secret").write_text("secret")
    (site / "link").symlink_to(site.parent / "secret")
    for path in ("/../secret", "/renders/../../secret", "/link", "/gone"):
        answer = ask(path)
        assert answer.status == 404
        assert b"secret" not in answer.body


def test_the_command_listens_on_this_machine_alone(
    site: Path, stemsilver: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    listened: list[tuple[str, int]] = []

    def run(self: uvicorn.Server, sockets: list[socket.socket]) -> None:
        listened.append(sockets[0].getsockname())
        sockets[0].close()
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(uvicorn.Server, "run", run)
    ended = stemsilver("serve", "--port", "0")
    assert ended.code == 0, "Ctrl-C is how it ends"
    [(host, port)] = listened
    assert host == "127.0.0.1"
    assert f"http://127.0.0.1:{port}/" in ended.err
    assert "other machines" not in ended.err
    assert "other machines" in stemsilver("serve", "--port", "0", "--host", "0.0.0.0").err


def test_a_taken_port_and_a_folder_without_a_site_are_2(site: Path, stemsilver: Terminal) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = stemsilver("serve", "--port", str(port))
    faulty(ended, 2, f"cannot listen on 127.0.0.1 port {port}")
    assert "--port" in ended.err
    (site / "index.html").unlink()
    ended = stemsilver("serve")
    faulty(ended, 2, "site: no site to serve")
    assert "build-site" in ended.err
