"""The site as an ASGI application: who is answered, and what a page may do in the browser."""

from __future__ import annotations

import hashlib
import ipaddress
import mimetypes
import re
import socket
from base64 import b64encode
from pathlib import Path

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from stemsilver.errors import UsageError

# Content types that browsers need; this machine's own tables may differ.
_TYPES = {".js": "text/javascript", ".webp": "image/webp", ".flac": "audio/flac"}

# Everything comes from the site itself. Charts have their sizes in `style` attributes, which no
# hash can allow, and the theme's icons are `data:` images. This is a header, because a policy in
# the page must be in its head, which is the theme's: GitHub Pages, which sends no headers of ours,
# serves the site without a policy.
_POLICY = (
    "default-src 'self'; script-src {scripts}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_INLINE_SCRIPT = re.compile(rb"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script", re.DOTALL)


def app(site: Path, host: str) -> Starlette:
    """Return the site in `site` as an ASGI application that listens on `host`.

    Raises:
        UsageError: the folder contains no site.
    """
    if not (site / "index.html").is_file():
        raise UsageError(
            f"{site}: no site to serve", next_step="Run `stemsilver build-site` first, or name one."
        )
    for suffix, kind in _TYPES.items():
        mimetypes.add_type(kind, suffix)
    return Starlette(routes=[Mount("/", _Files(site, host))])


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach a server that listens on `host`."""
    address = _address(host)
    return host == "localhost" if address is None else address.is_loopback


def in_url(host: str) -> str:
    """Return a name or address as URLs have it: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host


class _Files(StaticFiles):
    """The files of a site, for requests that name this server.

    Byte ranges cost little more than the whole file: Starlette merges those that overlap, and
    ignores the header if it has more than 100, as RFC 9110 (14.2) allows.
    """

    def __init__(self, site: Path, host: str) -> None:
        super().__init__(directory=site, html=True)
        names = [in_url(host).lower(), "localhost", "127.0.0.1", "[::1]"]
        self._any_address = not is_loopback(host)
        if self._any_address:
            name = socket.gethostname().lower().removesuffix(".local")
            names += [name, f"{name}.local"]
        self._names = list(dict.fromkeys(names))

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the answer to a request.

        Raises:
            HTTPException: the request names another server, or a file that does not exist.
        """
        self._check_host(Headers(scope=scope).get("host", ""))
        response = await super().get_response(path, scope)
        # A browser must check every file again, because the next build may have changed it.
        response.headers["Cache-Control"] = "no-cache"
        response.headers["X-Content-Type-Options"] = "nosniff"
        # A page that has not changed keeps the policy that came with it.
        if isinstance(response, FileResponse):
            response.headers["Content-Security-Policy"] = _policy(response)
        return response

    def _check_host(self, header: str) -> None:
        """Refuse other names than this server's.

        The owner of another site could make its name lead to this machine (DNS rebinding), and its
        pages could then read this site. An IP address is safe: no name leads to it.

        Raises:
            HTTPException: 400, with the names that are answered.
        """
        host = re.sub(r":\d*$", "", header.lower())
        if host in self._names:
            return
        if self._any_address and _address(host.strip("[]")) is not None:
            return
        answered = [*self._names, *(["any IP address"] if self._any_address else [])]
        raise HTTPException(400, f"Unknown host. This server answers as {', '.join(answered)}.\n")


def _policy(response: FileResponse) -> str:
    """Return the Content-Security-Policy of a file.

    A page's inline scripts are allowed by their hashes, which are those of the page as it was
    built. So no code runs that gets in later, from an attribute or from a `javascript:` address.
    """
    scripts = ["'self'"]
    if response.media_type == "text/html":
        for script in dict.fromkeys(_INLINE_SCRIPT.findall(Path(response.path).read_bytes())):
            scripts.append(f"'sha256-{b64encode(hashlib.sha256(script).digest()).decode()}'")
    return _POLICY.format(scripts=" ".join(scripts))


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
