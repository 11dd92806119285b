"""GitHub's expressions, `${{ steps.base.outcome == 'success' && 'a' || 'b' }}`, as far as the
workflows use them. Anything else is an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Contexts = Mapping[str, Any]
Functions = Mapping[str, Callable[[Any], Any]]

_TOKEN = re.compile(r"\s*('(?:[^']|'')*'|[A-Za-z_][\w-]*(?:\.[\w-]+)*|&&|\|\||==|!=|[()])")
_INSERTED = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)


class ExpressionError(Exception):
    """Something that GitHub would refuse, or that is not known here."""


def evaluate(text: Any, contexts: Contexts, functions: Functions) -> Any:
    """The value of an expression."""
    tokens, left = [], str(text).strip()
    while left:
        if not (match := _TOKEN.match(left)):
            raise ExpressionError(f"cannot read {left!r}")
        tokens.append(match[1])
        left = left[match.end() :]
    parser = _Parser(tokens, contexts, functions)
    value = parser.either()
    if tokens:
        raise ExpressionError(f"cannot read {tokens} in {text!r}")
    return value


def insert(value: Any, contexts: Contexts, functions: Functions) -> str:
    """A value of a workflow file as text, with its expressions evaluated."""

    def text(found: Any) -> str:
        if isinstance(found, dict | list):
            raise ExpressionError("an object or a list is inserted in a text")
        return str(found).lower() if isinstance(found, bool) else str(found or "")

    return _INSERTED.sub(lambda one: text(evaluate(one[1], contexts, functions)), text(value))


@dataclass
class _Parser:
    tokens: list[str]
    contexts: Contexts
    functions: Functions

    def took(self, *signs: str) -> str | None:
        return self.tokens.pop(0) if self.tokens and self.tokens[0] in signs else None

    def either(self) -> Any:
        value = self.both()
        while self.took("||"):
            other = self.both()
            value = value or other
        return value

    def both(self) -> Any:
        value = self.compared()
        while self.took("&&"):
            other = self.compared()
            value = value and other
        return value

    def compared(self) -> Any:
        value = self.single()
        if not (sign := self.took("==", "!=")):
            return value
        # Texts are compared without regard to case, and nothing counts as an empty one.
        left, right = (str(one or "").casefold() for one in (value, self.single()))
        return (left == right) is (sign == "==")

    def single(self) -> Any:
        if self.took("("):
            value = self.either()
            if not self.took(")"):
                raise ExpressionError("a bracket is not closed")
            return value
        token = self.tokens.pop(0) if self.tokens else ""
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if token in self.functions and self.tokens[:1] == ["("]:
            return self.functions[token](self.single())
        first, *names = token.split(".")
        if first not in self.contexts or not names:
            raise ExpressionError(f"{token!r} is not known here")
        value = self.contexts[first]
        for name in names:
            value = value.get(name) if isinstance(value, Mapping) else None
        return value
