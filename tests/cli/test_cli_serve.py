"""`stemsilver serve`: what a browser is answered, without any network."""

from __future__ import annotations

import asyncio
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import uvicorn

from stemsilver.cli.commands.serve import app

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


def ask(site: Path, path: str, **headers: str) -> Answer:
    """One GET request, put to the application itself."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        # Nothing more is said; whoever listens for a farewell waits.
        return await asyncio.get_running_loop().create_future()

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "http_version": "1.1",
        "scheme": "http",
    }
    # In a thread of its own: where Playwright runs, this one has an event loop already.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, app(site)(scope, receive, send)).result()
    return Answer(
        sent[0]["status"],
        {name.decode(): value.decode() for name, value in sent[0]["headers"]},
        b"".join(message.get("body", b"") for message in sent[1:]),
    )


def test_a_byte_range_is_answered_with_that_range(site: Path) -> None:
    """Or a browser that seeks begins again at 0."""
    answer = ask(site, "/renders/a/raw.flac", range="bytes=1000-1999")
    assert (answer.status, answer.body) == (206, AUDIO[1000:2000])
    assert answer.headers["content-range"] == f"bytes 1000-1999/{len(AUDIO)}"
    assert ask(site, "/renders/a/raw.flac", range="bytes=99999-").status == 416
    whole = ask(site, "/renders/a/raw.flac")
    assert (whole.status, whole.body) == (200, AUDIO)
    assert whole.headers["accept-ranges"] == "bytes"


def test_files_have_the_type_that_browsers_insist_on(site: Path) -> None:
    for path, kind in (
        ("/", "text/html"),
        ("/assets/start.js", "text/javascript"),
        ("/assets/a.webp", "image/webp"),
        ("/renders/a/raw.flac", "audio/flac"),
    ):
        answer = ask(site, path)
        assert answer.status == 200
        assert answer.headers["content-type"].startswith(kind)
        assert answer.headers["cache-control"] == "no-cache", "the next build may change it"


def test_nothing_outside_the_site_is_answered(site: Path) -> None:
    (site.parent / "secret").write_text("secret")
    (site / "link").symlink_to(site.parent / "secret")
    for path in ("/../secret", "/renders/../../secret", "/link", "/gone"):
        answer = ask(site, path)
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
