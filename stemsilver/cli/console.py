"""Where commands print: results on standard output, messages on standard error.

Both print text unchanged: no automatic colours, and no emoji for `:names:`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from io import TextIOWrapper
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

if TYPE_CHECKING:
    from stemsilver.records import Skipped


def write_utf8() -> None:
    """Write UTF-8 to files and pipes, and no sign that a terminal lacks.

    On Windows, Python gives pipes an old code page, which has neither ✓ nor −; and others read
    Markdown, CSV and JSON that are written to a file as UTF-8.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            if not stream.isatty() and "PYTHONIOENCODING" not in os.environ:
                stream.reconfigure(encoding="utf-8")
            stream.reconfigure(errors="backslashreplace")


def output() -> Console:
    """Return a console on standard output, for lines; the terminal breaks long ones."""
    return Console(soft_wrap=True, highlight=False, emoji=False)


def table_output() -> Console:
    """Return a console on standard output, for tables that fit the terminal."""
    return Console(highlight=False, emoji=False)


def messages() -> Console:
    """Return a console on standard error; the terminal breaks long lines."""
    return Console(stderr=True, soft_wrap=True, highlight=False, emoji=False)


def warn_of_skipped(console: Console, skipped: Iterable[Skipped]) -> None:
    """Print what is not taken, and why, a line each."""
    from stemsilver.report.text.wording import visible

    for one in skipped:
        console.print(f"[yellow]![/] {escape(visible(f'{one.path}: {one.reason}'))}; skipped")
