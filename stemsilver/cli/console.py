"""Where commands print: results on standard output, messages on standard error.

Both print words as they are given: no colours but those asked for, and no emoji for `:names:`.
"""

from __future__ import annotations

from rich.console import Console


def output() -> Console:
    """Standard output, for lines; the terminal breaks those that are too long."""
    return Console(soft_wrap=True, highlight=False, emoji=False)


def table_output() -> Console:
    """Standard output, for tables that fit the terminal."""
    return Console(highlight=False, emoji=False)


def messages() -> Console:
    """Standard error; the terminal breaks lines that are too long."""
    return Console(stderr=True, soft_wrap=True, highlight=False, emoji=False)
