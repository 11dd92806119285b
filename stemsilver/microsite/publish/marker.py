"""The file that marks a site as made by Stemsilver, and identifies its build."""

from __future__ import annotations

import json
from pathlib import Path

from stemsilver.config import digest
from stemsilver.fsio import file_states

MARKER = ".stemsilver-site"
"""A file in every Stemsilver site; only a folder with this file may be replaced."""

MARK = "Made by stemsilver; replaced as a whole by the next build.\n"


def write_marker(site: Path, build: str | None) -> None:
    """Write the marker of a finished site, after all other files; `build` is the build's digest.

    If it is None, the next build makes the site again.
    """
    line = "" if build is None else _line(site, build)
    (site / MARKER).write_text(MARK + line, encoding="utf-8")


def is_made_by(site: Path, build: str) -> bool:
    """Return whether `site` is complete, unchanged, and made by the build with this digest.

    Raises:
        OSError: it is not a Stemsilver site.
    """
    return (site / MARKER).read_text(encoding="utf-8") == MARK + _line(site, build)


def _line(site: Path, build: str) -> str:
    return f"{digest(build, json.dumps(file_states(site)))}\n"
