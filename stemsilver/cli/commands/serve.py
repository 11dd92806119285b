"""`stemsilver serve`: the site on this machine, as its readers will see it."""

from __future__ import annotations

import ipaddress
import mimetypes
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from stemsilver.cli.console import messages
from stemsilver.cli.signals import Stopped
from stemsilver.errors import UsageError

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.responses import Response
    from starlette.types import Scope

# Content types that browsers need; this machine's own tables may differ.
_TYPES = {".js": "text/javascript", ".webp": "image/webp", ".flac": "audio/flac"}


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
    """
    import uvicorn

    application = app(site)
    listening = _listen(host, port)
    console = messages()
    if not _is_loopback(host):
        console.print(f"[yellow]![/] {escape(host)} may be reached from other machines.")
    shown = f"[{host}]" if ":" in host else host
    console.print(f"{site}: http://{shown}:{listening.getsockname()[1]}/  (Ctrl-C ends it)")
    server = uvicorn.Server(uvicorn.Config(application, log_level="warning"))
    # Ctrl-C is the normal way to end the server.
    try:
        server.run(sockets=[listening])
    except Stopped as stopped:
        stopped.handled = True


def app(site: Path) -> Starlette:
    """Return the site in `site` as an ASGI application.

    Raises:
        UsageError: the folder contains no site.
    """
    from starlette.applications import Starlette
    from starlette.routing import Mount
    from starlette.staticfiles import StaticFiles

    class Files(StaticFiles):
        """Files that a browser must check again, because the next build may have changed them."""

        def file_response(
            self,
            full_path: str | os.PathLike[str],
            stat_result: os.stat_result,
            scope: Scope,
            status_code: int = 200,
        ) -> Response:
            response = super().file_response(full_path, stat_result, scope, status_code)
            response.headers["Cache-Control"] = "no-cache"
            return response

    if not (site / "index.html").is_file():
        raise UsageError(
            f"{site}: no site to serve", next_step="Run `stemsilver build-site` first, or name one."
        )
    for suffix, kind in _TYPES.items():
        mimetypes.add_type(kind, suffix)
    return Starlette(routes=[Mount("/", Files(directory=site, html=True))])


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


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
