"""A site under the server of `stemsilver serve`, at a port of this machine."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import uvicorn

from stemsilver.cli.server import app


@contextmanager
def serving(site: Path, host: str = "127.0.0.1") -> Iterator[int]:
    """Answer as if the command listened on `host`; the port is only this machine's."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app(site, host), log_level="warning"))
    thread = Thread(target=server.run, args=([listening],))
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
