"""Jinja environments that make pages and text files from templates."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def environment(
    *folders: Path, html: bool = True, finalize: Callable[[Any], Any] | None = None
) -> Environment:
    """Return an environment with the templates of `folders`; earlier folders take precedence.

    An undefined value in a template is an error. With `html`, every value is escaped; without, the
    output is plain text and keeps the last newline of its template. `finalize` converts each value
    before it is escaped.
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
