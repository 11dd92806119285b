"""Escape untrusted text for GitHub Markdown."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from stemsilver.report.text.wording import visible

_MARKUP = re.compile(r"[\\`*_\[\]|~$]")
_FOUND = re.compile(r"(?<!&)[@#](?=\w)|:(?=//)|\bwww(?=\.)", re.IGNORECASE)


def table(head: tuple[str, ...], align: str, rows: Sequence[tuple[str, ...]]) -> str:
    """Return a table; `align` has an `l` or an `r` for each column. The cells are Markdown."""
    rule = ["---:" if side == "r" else "---" for side in align]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows))


def code(text: str) -> str:
    """Return `text` as a code span, in which Markdown, HTML, links and mentions have no effect.

    A backtick would close the span and a pipe the table cell, and parsers disagree on how to escape
    them there: they are shown as escape sequences, like other unsafe characters.
    """
    # Two backticks without anything between would open a span.
    shown = visible(text).replace("`", r"\x60").replace("|", r"\x7c")
    return f"`{shown or ' '}`"


def prose(text: str) -> str:
    """Escape a sentence as plain text; parts in backticks become code spans."""
    parts = re.split(r"`([^`]+)`", visible(text))
    return "".join(code(part) if index % 2 else _inert(part) for index, part in enumerate(parts))


def _inert(text: str) -> str:
    plain = _MARKUP.sub(lambda match: f"&#{ord(match[0])};", html.escape(text, quote=False))
    # GitHub finds mentions, issue numbers and bare addresses in the rendered text: a zero-width
    # space breaks them up.
    return _FOUND.sub(r"\g<0>&#8203;", plain)
