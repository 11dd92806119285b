"""The Jinja environments that make pages and text files from templates."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def environment(
    *folders: Path, html: bool = True, finalize: Callable[[Any], Any] | None = None
) -> Environment:
    """Templates from `folders`, the first of which that has one is taken.

    A value that a template names and nobody gives is an error. With `html` every value is escaped;
    without, the output is plain text and ends as its template does. Each value goes through
    `finalize` before.
    """
    return Environment(
        loader=FileSystemLoader(folders),
        autoescape=html,
        keep_trailing_newline=not html,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=finalize,
    )
