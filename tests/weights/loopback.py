"""A server on this machine that misbehaves as told, and remembers what it was asked and sent."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any
from urllib.parse import unquote

STEP = 1 << 16


@dataclass
class Offer:
    """A file as the server gives it."""

    content: bytes
    etag: str | None = None
    modified: str | None = None
    ranges: bool = True  # whether it gives parts at all
    conditions: bool = True  # whether it heeds `If-Range`
    cuts: list[int] = field(default_factory=list)  # bytes after which the next answers just end
    length: bool = True  # whether it says how long an answer is
    status: int = 200
    location: str | None = None
    gate: threading.Event | None = None  # what it waits for in the middle of an answer


@dataclass
class Asked:
    """A request, and how many bytes of a body it was given."""

    path: str
    range: str | None
    if_range: str | None
    status: int
    sent: int = 0


class Server:
    """What a test tells the server, and what came of it."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.offers: dict[str, Offer] = {}
        self.asked: list[Asked] = []
        self.arrived: Queue[str] = Queue()  # the path of every request, as it comes in

    def offer(self, path: str, content: bytes, **behaviour: Any) -> Offer:
        tag = f'"{hashlib.sha256(content).hexdigest()[:8]}"'
        self.offers[path] = Offer(content, **{"etag": tag, **behaviour})
        return self.offers[path]

    @property
    def sent(self) -> int:
        return sum(asked.sent for asked in self.asked)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    told: Server

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        # One answer a connection, so that what was cut off is seen to be.
        self.close_connection = True
        path = unquote(self.path.partition("?")[0]).lstrip("/")
        self.told.arrived.put(path)
        offer = self.told.offers.get(path, Offer(b"", status=404))
        status, body, headers = _answer(offer, self.headers)
        cut = offer.cuts.pop(0) if offer.cuts and status < 300 else None
        asked = Asked(path, self.headers.get("Range"), self.headers.get("If-Range"), status)
        # Before the answer, with which the next request may come: requests stay in their order.
        self.told.asked.append(asked)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if offer.length or status >= 300:
            self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        with suppress(ConnectionError):  # the other side may be killed
            for part in _parts(body if cut is None else body[:cut], offer.gate):
                asked.sent += len(part)
                self.wfile.write(part)


def _answer(offer: Offer, asked: Message) -> tuple[int, bytes, dict[str, str]]:
    if offer.location is not None:
        return offer.status, b"", {"Location": offer.location}
    if offer.status != 200:
        return offer.status, b"no such file", {}
    named = {"ETag": offer.etag, "Last-Modified": offer.modified}
    headers = {name: value for name, value in named.items() if value is not None}
    condition = asked.get("If-Range")
    same = not offer.conditions or condition in (None, offer.etag, offer.modified)
    if not (offer.ranges and same and asked.get("Range")):
        return 200, offer.content, headers
    start = int(asked["Range"].removeprefix("bytes=").removesuffix("-"))
    total = len(offer.content)
    if start >= total:
        return 416, b"", {"Content-Range": f"bytes */{total}"}
    headers["Content-Range"] = f"bytes {start}-{total - 1}/{total}"
    return 206, offer.content[start:], headers


def _parts(body: bytes, gate: threading.Event | None) -> Iterator[bytes]:
    for start in range(0, len(body), STEP):
        if gate is not None and start >= len(body) // 2:
            gate.wait()
        yield body[start : start + STEP]


@contextmanager
def serving() -> Iterator[Server]:
    """A server of its own, for as long as the block takes."""

    class Handler(_Handler):
        pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Handler.told = Server(http.server_port)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Handler.told
    finally:
        for offer in Handler.told.offers.values():
            if offer.gate is not None:
                offer.gate.set()
        http.shutdown()
        thread.join()
        http.server_close()
