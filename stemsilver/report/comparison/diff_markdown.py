"""A diff as GitHub Markdown, short enough for a comment whatever its size."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from urllib.parse import urlsplit

from stemsilver.errors import UsageError
from stemsilver.evaluation.catalogue import METRICS
from stemsilver.report.comparison.diff import Diff
from stemsilver.report.comparison.diff_wording import (
    Listing,
    change_cells,
    diff_headline,
    listings,
    rule_words,
)
from stemsilver.report.comparison.guardrail import Check
from stemsilver.report.scorecard.markdown import provenance
from stemsilver.report.scorecard.review_lists import reviews_line
from stemsilver.report.text.github import code, table
from stemsilver.report.text.wording import shortened

MAX_COMMENT = 60_000
"""In bytes. GitHub allows 65,536 characters; the caller adds text of its own to the comment."""

_NAME, _MESSAGE = 80, 200
_LISTED = 10
_MIN_ROW = 40
"""No table row is shorter, in bytes."""

# Excludes what ends a Markdown link or starts other markup; a URL can percent-encode it.
_LINK = re.compile(r"https?://[A-Za-z0-9.:-]+(?:[/?#][A-Za-z0-9._~:/?#@!&+,;=%-]*)?")


def diff_markdown(
    diff: Diff,
    checks: Sequence[Check],
    *,
    rows: int = 20,
    link: str | None = None,
    limit: int = MAX_COMMENT,
) -> str:
    """Return a diff as Markdown: a verdict, the guardrail, the means, and the worst values.

    No name or message can act as Markdown, HTML, a link or a mention.

    Args:
        checks: The results of the guardrail.
        rows: How many of the worst values to list; fewer are listed if `limit` requires it.
        link: Where the rest can be read.
        limit: Maximum length, in bytes.

    Raises:
        UsageError: `link` cannot be shown.
    """
    target = None if link is None else checked_link(link)
    # No more rows than this can fit.
    most = min(rows, len(diff.rows), limit // _MIN_ROW)

    for listed in (_LISTED, 1, 0):

        def written(count: int, listed: int = listed) -> str:
            return _document(diff, checks, count, listed, target)

        fitting = bisect_right(range(most + 1), limit, key=lambda n: len(written(n).encode()))
        if fitting:
            return written(fitting - 1)
    return f"**{diff_headline(diff, checks)}**\n"


def checked_link(link: str) -> str:
    """Return `link` if it is an absolute web address without characters that are Markdown markup.

    Raises:
        UsageError: it is not.
    """
    if not _LINK.fullmatch(link) or len(link) > 2000 or not urlsplit(link).hostname:
        raise UsageError(
            "the link is not a web address that can be shown",
            next_step="Give one that begins with https:// and has no spaces, quotes or brackets.",
        )
    return link


def _document(diff: Diff, checks: Sequence[Check], rows: int, listed: int, link: str | None) -> str:
    parts = [
        f"**{diff_headline(diff, checks)}**",
        *_guardrail(diff, checks),
        *([line] if (line := reviews_line(diff.head)) else []),
        *_means(diff),
        *_worst(diff, rows),
        *(_listing(one, listed) for one in listings(diff, checks)),
        *([f"[See all of it]({link})"] if link else []),
        f"Base: {provenance(diff.base)}  \nHead: {provenance(diff.head)}",
    ]
    return "\n\n".join(parts) + "\n"


def _guardrail(diff: Diff, checks: Sequence[Check]) -> list[str]:
    if not checks:
        return []
    rows = [
        ("✓" if check.passed else "✗", check.label, check.found, check.limit) for check in checks
    ]
    return [table(("", "Guardrail", "Found", "Limit"), "llll", rows), rule_words(diff, checks)]


def _means(diff: Diff) -> list[str]:
    # Raw is the same audio in both builds: show it only if its means differ.
    shown = [
        one
        for one in diff.means
        if one.change.sense != "same" or not one.change.metric.startswith("raw_")
    ]
    if diff.nothing_changed or not shown:
        return []
    rows = [
        (METRICS[one.change.metric].label, *change_cells(one.change), str(one.count))
        for one in shown
    ]
    head = ("Mean over the renders", "Base", "Head", "Change", "Verdict", "Renders")
    return [table(head, "lrrrlr", rows)]


def _worst(diff: Diff, count: int) -> list[str]:
    if not diff.rows:
        return []
    rows = [
        (_name(row.item.path), METRICS[row.change.metric].label, *change_cells(row.change))
        for row in diff.rows[:count]
    ]
    parts = [table(("Render", "Metric", "Base", "Head", "Change", "Verdict"), "llrrrl", rows)]
    if left := len(diff.rows) - len(rows):
        parts.append(f"And {left} more." if rows else f"{left} values changed.")
    return parts if rows else parts[1:]


def _listing(listing: Listing, most: int) -> str:
    shown = [
        f"- {_name(path)}" + (f": {code(shortened(note, _MESSAGE))}" if note else "")
        for path, note in listing.entries[:most]
    ]
    left = len(listing.entries) - len(shown)
    if not shown:
        return f"{listing.title}: {left}"
    return "\n".join([f"{listing.title}:", "", *shown, *([f"- and {left} more"] if left else [])])


def _name(path: str) -> str:
    return code(shortened(path, _NAME))
