"""Find the messages in Python source, for `pybabel extract`.

Babel's own extractor passes over strings with values in them. These do not:

- `python` finds what is marked by `_`, `N_` and their kind; `ngettext` has a plural, and so has the
  noun of `counted`.
- `sentences` finds every string that is prose, for modules whose messages are stored in English.

In an f-string, each value becomes a placeholder with the last name in its expression.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, TypeAlias

STORED = "Stored in English."
"""The comment on a message in the catalogue that may be the pattern of a stored sentence."""

Found: TypeAlias = tuple[int, str, str | tuple[str, str], list[str]]

_PROSE = re.compile(r"[A-Za-z}…$] [a-zβ0-9“{(]")
_FORMULA = re.compile(r"^\\|\\,|\(\?|\\d")
_WORDS = re.compile(r"[a-z ]{100,}")
_CODE = re.compile(r"[a-z]+(_[a-z]+)*")
_MARKS = frozenset({"_", "gettext", "N_"})


def python(
    file: BinaryIO, keywords: Any, comment_tags: Any, options: Mapping[str, str]
) -> Iterator[Found]:
    """Yield the marked messages of a Python file. The arguments are those of Babel's extractors."""
    yield from _marked(ast.parse(file.read()))


def _marked(tree: ast.AST, *comments: str) -> Iterator[Found]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = getattr(node.func, "id", None) or getattr(node.func, "attr", None)
        texts = [_text(one) for one in node.args]
        if name in _MARKS and texts[0] is not None:
            yield node.lineno, "_", texts[0], [*comments]
        elif name == "ngettext" and texts[0] is not None and texts[1] is not None:
            yield node.lineno, "ngettext", (texts[0], texts[1]), []
        elif name == "counted" and len(texts) == 2 and texts[1] is not None:
            yield node.lineno, "ngettext", (texts[1], f"{texts[1]}s"), []


def sentences(
    file: BinaryIO, keywords: Any, comment_tags: Any, options: Mapping[str, str]
) -> Iterator[Found]:
    """Yield the prose of a Python file: strings of several words, and stable codes as words.

    Docstrings, formulas, patterns, lists of words and titles of works are none.
    """
    tree = ast.parse(file.read())
    yield from _marked(tree, STORED)
    for line, text in _prose(tree):
        yield line, "_", text, [STORED]
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Constant):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            name, value = getattr(target, "id", ""), _text(node.value) or ""
            if (name.isupper() or name == "code") and _CODE.fullmatch(value):
                yield node.lineno, "_", value.replace("_", " "), [STORED]


def _prose(node: ast.AST) -> Iterator[tuple[int, str]]:
    text = _text(node)
    if text is not None:
        if _PROSE.search(text) and not _WORDS.fullmatch(text) and not _FORMULA.search(text):
            yield node.lineno, text  # type: ignore[attr-defined]
        return
    for child in ast.iter_child_nodes(node):
        documents = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
        work = isinstance(child, ast.Call) and getattr(child.func, "id", "") == "Citation"
        if not (documents or work):
            yield from _prose(child)


def _text(node: ast.AST) -> str | None:
    """Return a string with placeholders for the values in it; None if it is no string."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if not isinstance(node, ast.JoinedStr):
        return None
    parts: list[str] = []
    seen: dict[str, str] = {}
    for part in node.values:
        if isinstance(part, ast.Constant):
            parts.append(str(part.value))
            continue
        expression = ast.unparse(part.value) if isinstance(part, ast.FormattedValue) else ""
        name = (re.findall(r"[A-Za-z_]\w*", expression) or ["value"])[-1].strip("_").lower()
        while seen.setdefault(name, expression) != expression:
            name += "_too"
        parts.append(f"{{{name}}}")
    return "".join(parts)
