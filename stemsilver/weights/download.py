"""Download a file over HTTP, resuming an interrupted download.

The received bytes are in a partial file. A note next to it has the version that the server stated
(ETag or Last-Modified). The download is resumed only if the server still has that version.
"""

from __future__ import annotations

import ipaddress
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from stemsilver import __version__, fsio
from stemsilver.errors import EnvironmentFault

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 60.0
"""Read timeout: a server that sends nothing for this time is given up."""

LARGEST = 8 * 10**9
"""Largest accepted file in bytes, also if its size is not known in advance."""

_CHUNK = 1 << 16
_OK, _PARTIAL, _UNSATISFIABLE = 200, 206, 416

Progress: TypeAlias = Callable[[int, int | None], None]
"""Callback that receives the number of bytes so far, and the total if it is known."""


class DownloadFailed(Exception):
    """One address did not provide the file; another address may."""


class CutOff(DownloadFailed):
    """The connection ended before the end of the file; the download can be resumed."""


def download(url: str, partial: Path, size: int | None, progress: Progress) -> None:
    """Download the file at `url` to `partial`, or complete it.

    The partial file is kept if the connection breaks, and deleted if the disk is full.

    Args:
        url: The address.
        partial: The partial file.
        size: The size of the file in bytes, if known.
        progress: Called with the progress.

    Raises:
        DownloadFailed: the address is not allowed or not reachable, or the response is an error or
            has another size.
        CutOff: only a part was received.
        EnvironmentFault: the file cannot be written, for example because the disk is full.
    """
    try:
        with _session(url) as session:
            # Two attempts: the partial file may be longer than the file on the server.
            if not _attempt(session, url, partial, size, progress):
                discard(partial)
                _attempt(session, url, partial, size, progress)
    except requests.RequestException as error:
        raise DownloadFailed(_reason(error)) from error


def discard(partial: Path) -> None:
    """Remove a partial file and its note."""
    for path in (partial, _note(partial)):
        # If removing fails, the next write to the file will report the error.
        with suppress(OSError):
            path.unlink()


def _attempt(
    session: requests.Session, url: str, partial: Path, size: int | None, progress: Progress
) -> bool:
    """Send one request. Return False if the partial file cannot be continued."""
    version = _version_of(partial, url)
    start = partial.stat().st_size if version else 0
    if size is not None and start == size:
        return True
    # With compression, byte counts and ranges would not match the file.
    headers = {"Accept-Encoding": "identity"}
    if version and start:
        headers |= {"Range": f"bytes={start}-", "If-Range": version}
    with session.get(
        url, headers=headers, stream=True, timeout=(CONNECT_SECONDS, SILENCE_SECONDS)
    ) as response:
        if response.status_code == _UNSATISFIABLE and start:
            return _total(response.headers.get("Content-Range")) == start
        if response.status_code == _PARTIAL and start:
            begun, total = _range(response.headers.get("Content-Range"))
            # A server that does not support If-Range may send the end of another version.
            if begun != start or _version(response) not in (version, None):
                return False
        elif response.status_code == _OK:
            start, total = 0, _length(response)
            discard(partial)
            _remember(partial, url, _version(response))
        else:
            raise DownloadFailed(f"HTTP {response.status_code} {response.reason}")
        if size is not None and total is not None and total != size:
            discard(partial)
            raise DownloadFailed(f"offers {total} bytes, and the file has {size}")
        _receive(response, partial, start, total if size is None else size, progress)
    return True


def _receive(
    response: requests.Response, partial: Path, start: int, total: int | None, progress: Progress
) -> None:
    """Append the response to the partial file, which has `start` bytes."""
    limit = LARGEST if total is None else total
    if limit > LARGEST:
        raise DownloadFailed(f"offers {limit} bytes, more than weights may have")
    if total is not None:
        check_room(partial.parent, total - start)
    received = start
    progress(received, total)
    try:
        with fsio.open_append(partial) as file:
            for chunk in _chunks(response):
                received += len(chunk)
                if received > limit:
                    raise DownloadFailed(f"sends more than the {limit} bytes of the file")
                file.write(chunk)
                progress(received, total)
    except EnvironmentFault:
        # A full disk affects other programs too: do not keep an unusable file on it.
        discard(partial)
        raise
    if total is not None and received < total:
        raise CutOff(f"was cut off after {received} of {total} bytes")


def check_room(folder: Path, needed: int) -> None:
    """Check that the disk of `folder` has `needed` bytes free.

    Raises:
        EnvironmentFault: there is not enough free space.
    """
    there = folder
    while not there.exists():
        there = there.parent
    free = shutil.disk_usage(there).free
    if needed > free:
        raise EnvironmentFault(
            f"{folder}: {needed / 1e6:.1f} MB are needed and {free / 1e6:.1f} MB are free",
            next_step="Free some space there, or name another folder in STEMSILVER_WEIGHTS, and "
            "run the same command again.",
        )


def _chunks(response: requests.Response) -> Iterator[bytes]:
    """Yield the received bytes. A broken connection becomes `CutOff`, not a write error."""
    try:
        yield from response.iter_content(_CHUNK)
    except requests.RequestException as error:
        raise CutOff("was cut off; what came is kept") from error


class _PlainHttp(HTTPAdapter):
    """An adapter that allows plain HTTP only from this machine, because it can be intercepted."""

    def __init__(self, loopback: bool) -> None:
        super().__init__()
        self._loopback = loopback

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        if not (self._loopback and _is_loopback(urlsplit(request.url or "").hostname)):
            raise requests.exceptions.InvalidSchema(f"{request.url} is not https")
        # A proxy cannot reach the loopback addresses of this machine.
        kwargs["proxies"] = {}
        return super().send(request, *args, **kwargs)


def _session(url: str) -> requests.Session:
    session = requests.Session()
    session.headers["User-Agent"] = f"stemsilver/{__version__}"
    session.max_redirects = 10
    # The adapter also handles redirects, which must not lead from https to plain http.
    session.mount("http://", _PlainHttp(loopback=urlsplit(url).scheme == "http"))
    return session


def _is_loopback(host: str | None) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _note(partial: Path) -> Path:
    return partial.with_name(f"{partial.name}.json")


def _remember(partial: Path, url: str, version: str | None) -> None:
    if version:
        fsio.write_json(_note(partial), {"url": url, "version": version})


def _version_of(partial: Path, url: str) -> str | None:
    """Return the server's version of the file that `partial` is the start of, if it is known."""
    try:
        note = json.loads(_note(partial).read_bytes())
        known = note["url"] == url and partial.is_file()
        return str(note["version"]) if known else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _version(response: requests.Response) -> str | None:
    """Return an identifier that changes with any byte of the file: a strong ETag, or the date."""
    tag = response.headers.get("ETag", "")
    strong = tag if tag.startswith('"') else None
    return strong or response.headers.get("Last-Modified")


def _length(response: requests.Response) -> int | None:
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdecimal() and length.isascii() else None


def _range(header: str | None) -> tuple[int | None, int | None]:
    """Return the start of a `Content-Range`, and the length of the whole file."""
    span, _, _ = (header or "").removeprefix("bytes ").partition("/")
    begun = span.partition("-")[0]
    return (int(begun) if begun.isdigit() else None), _total(header)


def _total(header: str | None) -> int | None:
    total = (header or "").rpartition("/")[2]
    return int(total) if total.isdigit() else None


def _reason(error: requests.RequestException) -> str:
    """Return the cause in one line; the library's own message contains object representations."""
    if isinstance(error, requests.exceptions.InvalidSchema):
        return str(error)
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not accepted"
    if isinstance(error, requests.exceptions.TooManyRedirects):
        return "too many redirects"
    if isinstance(error, requests.ConnectionError):
        return "cannot be reached"
    return type(error).__name__
