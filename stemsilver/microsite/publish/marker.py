"""The file that marks a site as ours, and says which build made it."""

from __future__ import annotations

import json
from pathlib import Path

from stemsilver.config import digest
from stemsilver.fsio import file_states

MARKER = ".stemsilver-site"
"""A file in every site of ours, by which it may be replaced."""

MARK = "Made by stemsilver; replaced as a whole by the next build.\n"


def write_marker(site: Path, build: str | None) -> None:
    """Write the marker of a finished site, last of all; `build` is the digest of its build.

    Without one, the site is made anew by the next build.
    """
    line = "" if build is None else _line(site, build)
    (site / MARKER).write_text(MARK + line, encoding="utf-8")


def is_made_by(site: Path, build: str) -> bool:
    """Whether `site` is whole and unchanged, and made by the build of this digest.

    Raises:
        OSError: there is no site of ours.
    """
    return (site / MARKER).read_text(encoding="utf-8") == MARK + _line(site, build)


def _line(site: Path, build: str) -> str:
    return f"{digest(build, json.dumps(file_states(site)))}\n"
