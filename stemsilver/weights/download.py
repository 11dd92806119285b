"""One file over HTTP, completed from where an earlier try was cut off.

What has come so far lies in a partial file, and beside it what the server called that version of
the file. Only if the server still has that version is the rest asked for.
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
"""A server that sends nothing for so long is given up."""

LARGEST = 8 * 10**9
"""Bytes of the largest file taken from a server where nobody else has said its size."""

_CHUNK = 1 << 16
_OK, _PARTIAL, _UNSATISFIABLE = 200, 206, 416

Progress: TypeAlias = Callable[[int, int | None], None]
"""Is told how many bytes there are, and how many there will be where that is known."""


class DownloadFailed(Exception):
    """One address did not give the file; another may."""


class CutOff(DownloadFailed):
    """The connection ended before the file did; the rest can be asked for."""


def download(url: str, partial: Path, size: int | None, progress: Progress) -> None:
    """Complete `partial` from `url`; `size` is how many bytes the file has, if that is known.

    What came is kept when the connection is cut, and nothing of it when the disk is full.

    Raises:
        DownloadFailed: the address is refused, cannot be reached, or answers with an error or
            another size.
        CutOff: some of it came.
        EnvironmentFault: the disk is full, or refuses.
    """
    try:
        with _session(url) as session:
            # Twice: what there is may turn out to be longer than what the server has.
            if not _attempt(session, url, partial, size, progress):
                discard(partial)
                _attempt(session, url, partial, size, progress)
    except requests.RequestException as error:
        raise DownloadFailed(_reason(error)) from error


def discard(partial: Path) -> None:
    """Remove a partial file and what is known of it."""
    for path in (partial, _note(partial)):
        # What cannot be removed is found out when it is written to.
        with suppress(OSError):
            path.unlink()


def _attempt(
    session: requests.Session, url: str, partial: Path, size: int | None, progress: Progress
) -> bool:
    """One request; False if the server has nothing after what there is already."""
    version = _version_of(partial, url)
    start = partial.stat().st_size if version else 0
    if size is not None and start == size:
        return True
    # Compressed on the way it would have no bytes to count.
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
            # A server that does not know If-Range may send the end of another file.
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
    """Write what comes behind what there is."""
    limit = LARGEST if total is None else total
    if limit > LARGEST:
        raise DownloadFailed(f"offers {limit} bytes, which no weights have")
    if total is not None:
        check_room(partial.parent, total - start)
    received = start
    progress(received, total)
    try:
        with fsio.lengthen(partial) as file:
            for chunk in _chunks(response):
                received += len(chunk)
                if received > limit:
                    raise DownloadFailed(f"sends more than the {limit} bytes of the file")
                file.write(chunk)
                progress(received, total)
    except EnvironmentFault:
        # A full disk is everybody's; the rest of it must not be held by a file nobody can use.
        discard(partial)
        raise
    if total is not None and received < total:
        raise CutOff(f"was cut off after {received} of {total} bytes")


def check_room(folder: Path, needed: int) -> None:
    """Refuse to begin what the disk of `folder` cannot hold, in bytes.

    Raises:
        EnvironmentFault: there is too little room.
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
    """What comes; a broken connection is no error of writing, so it must not look like one."""
    try:
        yield from response.iter_content(_CHUNK)
    except requests.RequestException as error:
        raise CutOff("was cut off; what came is kept") from error


class _PlainHttp(HTTPAdapter):
    """Plain HTTP, which anybody on the way can read and change, only from this very machine."""

    def __init__(self, loopback: bool) -> None:
        super().__init__()
        self._loopback = loopback

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        if not (self._loopback and _is_loopback(urlsplit(request.url or "").hostname)):
            raise requests.exceptions.InvalidSchema(f"{request.url} is not https")
        # No proxy reaches this machine's own addresses.
        kwargs["proxies"] = {}
        return super().send(request, *args, **kwargs)


def _session(url: str) -> requests.Session:
    session = requests.Session()
    session.headers["User-Agent"] = f"stemsilver/{__version__}"
    session.max_redirects = 10
    # A redirect is sent through here too, and must not lead from https to anything else.
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
    """What the server called the version of which `partial` is the beginning, if that is known."""
    try:
        note = json.loads(_note(partial).read_bytes())
        known = note["url"] == url and partial.is_file()
        return str(note["version"]) if known else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _version(response: requests.Response) -> str | None:
    """What tells this version of the file from another, byte by byte."""
    tag = response.headers.get("ETag", "")
    strong = tag if tag.startswith('"') else None
    return strong or response.headers.get("Last-Modified")


def _length(response: requests.Response) -> int | None:
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdecimal() and length.isascii() else None


def _range(header: str | None) -> tuple[int | None, int | None]:
    """Where a `Content-Range` begins, and how long the whole file is."""
    span, _, _ = (header or "").removeprefix("bytes ").partition("/")
    begun = span.partition("-")[0]
    return (int(begun) if begun.isdigit() else None), _total(header)


def _total(header: str | None) -> int | None:
    total = (header or "").rpartition("/")[2]
    return int(total) if total.isdigit() else None


def _reason(error: requests.RequestException) -> str:
    """The cause in a line; the library's own has the objects it went through."""
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
