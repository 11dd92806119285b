"""`stemsilver serve`: the site on this machine, as its readers will see it."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from stemsilver.cli.console import messages
from stemsilver.cli.signals import Stopped
from stemsilver.errors import UsageError


def command(
    site: Annotated[Path, typer.Argument(help="Folder of a built site.")] = Path("site"),
    host: Annotated[
        str, typer.Option(help="Address to listen on; the default is visible to this machine only.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", "-p", min=0, max=65535, help="Port; 0 for any free port.")
    ] = 8000,
) -> None:
    """Serve a built site, with byte ranges, until Ctrl-C.

    Pages opened from a disk play each track separately; served pages can switch between tracks.

    It answers only its own names: localhost, the --host, and this machine's if others can open it.
    """
    import uvicorn

    from stemsilver.cli.server import app, in_url, is_loopback

    application = app(site, host)
    listening = _listen(host, port)
    console = messages()
    if not is_loopback(host):
        console.print(f"[yellow]![/] {escape(host)} may be reached from other machines.")
    console.print(f"{site}: http://{in_url(host)}:{listening.getsockname()[1]}/  (Ctrl-C ends it)")
    server = uvicorn.Server(uvicorn.Config(application, log_level="warning"))
    # Ctrl-C is the normal way to end the server.
    try:
        server.run(sockets=[listening])
    except Stopped as stopped:
        stopped.handled = True


def _listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on the host and port.

    Raises:
        UsageError: this is not possible, for example because another program listens there.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise UsageError(
            f"cannot listen on {host} port {port}: {error.strerror or error}",
            next_step="Name another --port, or 0 for any that is free.",
        ) from error
