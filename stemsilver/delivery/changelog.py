"""Read what changed in a version from a change log in Markdown."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt

from stemsilver.errors import NothingToDo, UsageError

_UNRELEASED = "unreleased"


def release_notes(path: Path, version: str) -> str:
    """Return the section of `version` as Markdown, without its heading.

    A version has a heading of the second level that begins with it, with or without `v`, brackets
    or a link: `## 1.2.0`, `## [v1.2.0] - 2026-05-01`.

    Raises:
        NothingToDo: there is no such file, or no section for this version in it.
        UsageError: the section is empty, or its heading calls the version unreleased.
    """
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    lines = text.splitlines()
    for heading, first, end in _sections(text, len(lines)):
        if _version(heading) != _version(version):
            continue
        notes = "\n".join(lines[first:end]).strip()
        if not notes or _UNRELEASED in heading.casefold():
            raise UsageError(
                f"{path}: the section “{heading}” is " + ("not dated" if notes else "empty"),
                next_step="Write what changed, put the day into the heading, and tag again.",
            )
        return notes
    raise NothingToDo(f"{path} has no section for {version}", next_step="Write one.")


def _sections(text: str, lines: int) -> list[tuple[str, int, int]]:
    """Return heading, first line and end of what is below each heading of the levels 1 and 2."""
    found = []
    for opening, inline in pairwise(MarkdownIt("commonmark").parse(text)):
        if opening.type == "heading_open" and opening.tag in ("h1", "h2") and opening.level == 0:
            words = "".join(one.content for one in inline.children or () if one.type == "text")
            first, below = opening.map or (0, 0)
            found.append((words if opening.tag == "h2" else "", first, below))
    found.append(("", lines, lines))
    return [(words, below, end) for (words, _, below), (_, end, _) in pairwise(found)]


def _version(heading: str) -> str:
    """Return the version at the start of a heading, or of a tag.

    >>> _version("[v1.2.0] - 2026-05-01")
    '1.2.0'
    """
    return heading.partition(" ")[0].strip("[]").removeprefix("v")
