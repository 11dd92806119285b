"""Fetch the history of a deployed site, and check a site before it is deployed."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import requests

from stemsilver.errors import EnvironmentFault, SiteError
from stemsilver.report import HISTORY, visible
from stemsilver.report.scorecard.reader import MAX_BYTES

_SECONDS = (10, 60)  # timeouts: to connect, and between two chunks
_NOT_FOUND = 404


def is_address(source: str) -> bool:
    """Return whether `source` is a URL and not a path."""
    return source.startswith(("https://", "http://"))


def fetch_history(site: str, target: Path) -> bool:
    """Download the history of the site at the URL `site` to the file `target`.

    `site` may also be the URL of the history file itself. The content is not validated here;
    `read_records` does that.

    Returns:
        False if the server answers 404, as it does for a new site.

    Raises:
        EnvironmentFault: the server cannot be reached, answers with another error, or sends more
            than `MAX_BYTES`.
    """
    address = site if site.endswith(".json") else f"{site.rstrip('/')}/downloads/{HISTORY}"
    try:
        # The unique query keeps HTTP caches from answering with an older file.
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
    """Check that GitHub Pages accepts the site.

    Pages accepts no links, but its upload follows them: a link would publish its target.

    Raises:
        SiteError: there is no `index.html`, an entry is neither a regular file nor a folder, or
            the site is larger than `max_megabytes`.
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
                        f"{visible(entry.path)} is a link or a special file; "
                        "GitHub Pages accepts only regular files",
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
