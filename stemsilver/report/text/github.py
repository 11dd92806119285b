"""Text of others as GitHub Markdown, in which nothing of it can act."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from stemsilver.report.text.wording import visible

_MARKUP = re.compile(r"[\\`*_\[\]|~$]")
_FOUND = re.compile(r"(?<!&)[@#](?=\w)|:(?=//)|\bwww(?=\.)", re.IGNORECASE)


def table(head: tuple[str, ...], align: str, rows: Sequence[tuple[str, ...]]) -> str:
    """A table; `align` has an `l` or an `r` for each column. The cells are Markdown."""
    rule = ["---:" if side == "r" else "---" for side in align]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows))


def code(text: str) -> str:
    """`text` as a code span, in which neither Markdown, HTML, links nor mentions act.

    A backtick would close the span and a pipe the table cell, and parsers disagree on how to
    escape them there: they are shown as escapes, as other treacherous characters are.
    """
    # Two backticks without anything between would open a span.
    shown = visible(text).replace("`", r"\x60").replace("|", r"\x7c")
    return f"`{shown or ' '}`"


def prose(text: str) -> str:
    """A sentence as plain text, keeping what it sets in backticks as code spans."""
    parts = re.split(r"`([^`]+)`", visible(text))
    return "".join(code(part) if index % 2 else _inert(part) for index, part in enumerate(parts))


def _inert(text: str) -> str:
    plain = _MARKUP.sub(lambda match: f"&#{ord(match[0])};", html.escape(text, quote=False))
    # GitHub finds mentions, issue numbers and bare addresses in the finished text: an invisible
    # space parts them.
    return _FOUND.sub(r"\g<0>&#8203;", plain)
