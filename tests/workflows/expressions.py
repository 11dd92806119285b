"""GitHub's expressions: `${{ github.event.number != '' && 'a' || 'b' }}`.

What is not understood is an error: an expression that this evaluator would read in another way than
GitHub must not pass a test.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isnan, nan
from typing import Any

Functions = Mapping[str, Callable[..., Any]]

STATUS = ("always", "cancelled", "failure", "success")

_TOKEN = re.compile(
    r"""\s*(?:(?P<string>'(?:[^']|'')*')
    |(?P<number>-?(?:0x[0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?))
    |(?P<name>[A-Za-z_][A-Za-z0-9_-]*)
    |(?P<sign>&&|\|\||==|!=|<=|>=|[!<>().,\[\]*]))""",
    re.VERBOSE,
)
_INSERTED = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)


class ExpressionError(Exception):
    """Something that GitHub would refuse, or that this evaluator does not know."""


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    text = text.strip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if not match:
            raise ExpressionError(f"cannot read {text[at:]!r} in {text!r}")
        found.append((str(match.lastgroup), match[str(match.lastgroup)]))
        at = match.end()
    return [*found, ("end", "")]


def as_number(value: Any) -> float:
    """A value as a number, by GitHub's rules; NaN if it is none."""
    if value is None or value == "":
        return 0.0
    if isinstance(value, bool | int | float):
        return float(value)
    try:
        return float(int(value, 16) if value.startswith("0x") else value)
    except (AttributeError, TypeError, ValueError):
        return nan


def as_text(value: Any) -> str:
    """A value as it is inserted in a text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value:.15g}"
    if isinstance(value, str):
        return value
    raise ExpressionError("an object or a list is inserted in a text")


def truthy(value: Any) -> bool:
    """Whether a value counts as true."""
    return value not in (None, False, 0, "") and not (isinstance(value, float) and isnan(value))


def equal(left: Any, right: Any) -> bool:
    """GitHub's `==`: texts without regard to case, different kinds as numbers."""
    if isinstance(left, str) and isinstance(right, str):
        return left.casefold() == right.casefold()
    if type(left) is type(right):
        return bool(left == right)
    return as_number(left) == as_number(right)


@dataclass
class _Parser:
    tokens: list[tuple[str, str]]
    contexts: Mapping[str, Any]
    functions: Functions
    at: int = 0

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.at]

    def take(self, sign: str | None = None) -> str:
        kind, text = self.peek()
        if sign is not None and (kind, text) != ("sign", sign):
            raise ExpressionError(f"expected {sign!r}, found {text!r}")
        self.at += 1
        return text

    def accept(self, *signs: str) -> str | None:
        kind, text = self.peek()
        return self.take() if kind == "sign" and text in signs else None

    def either(self) -> Any:
        value = self.both()
        while self.accept("||"):
            other = self.both()
            value = value if truthy(value) else other
        return value

    def both(self) -> Any:
        value = self.comparison()
        while self.accept("&&"):
            other = self.comparison()
            value = other if truthy(value) else value
        return value

    def comparison(self) -> Any:
        value = self.single()
        while sign := self.accept("==", "!=", "<", "<=", ">", ">="):
            other = self.single()
            left, right = as_number(value), as_number(other)
            value = {
                "==": equal(value, other),
                "!=": not equal(value, other),
                "<": left < right,
                "<=": left <= right,
                ">": left > right,
                ">=": left >= right,
            }[sign]
        return value

    def single(self) -> Any:
        if self.accept("!"):
            return not truthy(self.single())
        if self.accept("("):
            value = self.either()
            self.take(")")
            return value
        kind, text = self.peek()
        if kind == "string":
            self.take()
            return text[1:-1].replace("''", "'")
        if kind == "number":
            self.take()
            return as_number(text)
        if kind == "name":
            return self.named(self.take())
        raise ExpressionError(f"unexpected {text!r}")

    def named(self, name: str) -> Any:
        if name in ("true", "false", "null"):
            return {"true": True, "false": False, "null": None}[name]
        if self.accept("("):
            return self.called(name)
        if name not in self.contexts:
            raise ExpressionError(f"there is no context {name!r} here")
        return self.within(self.contexts[name])

    def called(self, name: str) -> Any:
        arguments = []
        if not self.accept(")"):
            arguments.append(self.either())
            while self.accept(","):
                arguments.append(self.either())
            self.take(")")
        if name not in self.functions:
            raise ExpressionError(f"there is no function {name!r} here")
        return self.functions[name](*arguments)

    def within(self, value: Any) -> Any:
        while sign := self.accept(".", "["):
            if sign == ".":
                kind, key = self.peek()
                if kind != "name":
                    raise ExpressionError(f"no name after a dot, but {key!r}")
                self.take()
            else:
                key = self.either()
                self.take("]")
            value = value.get(key) if isinstance(value, Mapping) else None
        return value


def _format(template: str, *values: Any) -> str:
    return re.sub(r"\{(\d+)\}", lambda match: as_text(values[int(match[1])]), template)


_PURE: Functions = {
    "format": _format,
    "toJSON": lambda value: json.dumps(value, indent=2),
    "fromJSON": json.loads,
    "contains": lambda text, part: as_text(part).casefold() in as_text(text).casefold(),
    "startsWith": lambda text, part: as_text(text).casefold().startswith(as_text(part).casefold()),
}


def evaluate(text: str, contexts: Mapping[str, Any], functions: Functions | None = None) -> Any:
    """The value of an expression, written without `${{ }}`.

    Raises:
        ExpressionError: the expression has a fault, or names a context that is not there.
    """
    parser = _Parser(_tokens(text), contexts, {**_PURE, **(functions or {})})
    value = parser.either()
    if parser.peek()[0] != "end":
        raise ExpressionError(f"{parser.peek()[1]!r} is left over in {text!r}")
    return value


def insert(value: Any, contexts: Mapping[str, Any], functions: Functions | None = None) -> Any:
    """A value of a workflow file with its expressions evaluated; a lone one keeps its kind."""
    if not isinstance(value, str):
        return value
    if (match := _INSERTED.fullmatch(value.strip())) and "${{" not in match[1]:
        return evaluate(match[1], contexts, functions)
    return _INSERTED.sub(lambda found: as_text(evaluate(found[1], contexts, functions)), value)


def condition(text: object, contexts: Mapping[str, Any], functions: Functions) -> bool:
    """Whether an `if:` holds; without a status function in it, only while nothing has failed."""
    bare = as_text(text).strip()
    if match := _INSERTED.fullmatch(bare):
        bare = match[1]
    if not re.search(rf"\b(?:{'|'.join(STATUS)})\s*\(", bare):
        bare = f"success() && ({bare})"
    return truthy(evaluate(bare, contexts, functions))
