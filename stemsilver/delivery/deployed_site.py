"""Deployed sites: fetch the history of one, and check a site before it is deployed."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import requests

from stemsilver.errors import EnvironmentFault, SiteError
from stemsilver.report import HISTORY, visible
from stemsilver.report.history.records import MAX_BYTES

_SECONDS = (10, 60)  # to connect, and between two pieces of an answer
_NOT_FOUND = 404


def is_address(source: str) -> bool:
    """Whether `source` names something on a server, and not a file."""
    return source.startswith(("https://", "http://"))


def fetch_history(site: str, target: Path) -> bool:
    """Write the history of the site at the address `site` to the file `target`.

    `site` may also be the address of the file itself. False if the server has none: the site is
    new. What was fetched is not checked; `read_records` does that.

    Raises:
        EnvironmentFault: the server cannot be reached, answers with anything else, or sends more
            than a history has.
    """
    address = site if site.endswith(".json") else f"{site.rstrip('/')}/downloads/{HISTORY}"
    try:
        # Caches on the way answer with an older file, unless the address is new to them.
        with requests.get(
            address, params={"at": time.time_ns()}, stream=True, timeout=_SECONDS
        ) as answer:
            if answer.status_code == _NOT_FOUND:
                return False
            answer.raise_for_status()
            content = b""
            for chunk in answer.iter_content(1 << 16):
                content += chunk
                if len(content) > MAX_BYTES:
                    raise _unfetched(address, f"more than {MAX_BYTES / 1e6:.0f} MB")
    except requests.RequestException as error:
        reply = error.response
        why = type(error).__name__ if reply is None else f"HTTP {reply.status_code}"
        raise _unfetched(address, why) from error
    target.write_bytes(content)
    return True


def check_deployable(site: Path, max_megabytes: float) -> None:
    """Refuse a site that GitHub Pages does not take.

    Pages takes no links. Its upload follows them, so a link would publish what it leads to.

    Raises:
        SiteError: there is no page, something in it is a link or no file at all, or it is larger
            than `max_megabytes`.
    """
    if not (site / "index.html").is_file():
        raise SiteError(f"{site} has no index.html", next_step="Run `stemsilver build-site`.")
    total = 0
    folders = [site]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                found = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(found.st_mode):
                    folders.append(Path(entry.path))
                elif not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
                    raise SiteError(
                        f"{visible(entry.path)} is a link or no file; Pages takes plain files only",
                        next_step="Replace it by a copy of the file.",
                    )
                total += found.st_size
    if total > max_megabytes * 1e6:
        raise SiteError(
            f"{site} has {total / 1e6:.0f} MB; Pages takes {max_megabytes:.0f} MB",
            next_step="Take long renders out, or close old pull requests.",
        )


def _unfetched(address: str, why: str) -> EnvironmentFault:
    return EnvironmentFault(
        f"cannot fetch the history at {address}: {why}",
        next_step="Run it again later. Without --history the Trend would begin anew.",
    )
