"""GitHub's expressions, as its documentation says they are."""

from __future__ import annotations

from typing import Any

import pytest

from .expressions import ExpressionError, condition, evaluate, insert

CONTEXTS: dict[str, Any] = {
    "github": {"event": {"number": 7, "action": "Closed", "draft": False}, "ref": "refs/heads/x"},
    "inputs": {"cache": "true", "python-version": "3.11", "empty": ""},
    "steps": {"base": {"outcome": "success", "outputs": {}}},
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("github.event.number", 7),
        ("inputs.python-version", "3.11"),
        ("github['ref']", "refs/heads/x"),
        ("github.event.pull_request.head.sha", None),
        ("steps.head.outputs.code == ''", True),  # null counts as 0, and so does an empty text
        ("'it''s'", "it's"),
        ("!inputs.empty", True),
        ("github.event.action == 'closed'", True),
        ("github.event.number == '7'", True),
        ("github.event.number != 7", False),
        ("'x' == 0", False),
        ("1 < 2 && 2 >= 2", True),
        ("steps.base.outcome == 'success' && '--base x' || ''", "--base x"),
        ("steps.head.outcome == 'success' && '--base x' || ''", ""),
        ("true || false && false", True),
        ("(true || false) && false", False),
        ("format('{0}-{1}', 'a', 2)", "a-2"),
        ("contains('abc', 'B')", True),
        ("startsWith(github.ref, 'refs/heads/')", True),
        ("fromJSON('[1]')", [1]),
    ],
)
def test_an_expression_has_its_value(text: str, value: object) -> None:
    found = evaluate(text, CONTEXTS)
    assert (found, type(found) is bool) == (value, type(value) is bool)


@pytest.mark.parametrize(
    "text", ["", "a b", "github.", "nobody.x", "unknown(1)", "'open", "1 +", "(true", "github.ref)"]
)
def test_what_github_would_refuse_is_an_error(text: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(text, CONTEXTS)


def test_an_expression_alone_keeps_its_kind_and_others_become_text() -> None:
    assert insert("${{ github.event.draft }}", CONTEXTS) is False
    assert insert("pr-${{ github.event.number }}-${{ github.event.draft }}.", CONTEXTS) == (
        "pr-7-false."
    )
    assert insert("${{ github.event.nothing }}|${{ inputs.empty }}", CONTEXTS) == "|"
    assert insert(12, CONTEXTS) == 12
    with pytest.raises(ExpressionError, match="an object"):
        insert("x ${{ github.event }}", CONTEXTS)


@pytest.mark.parametrize(
    ("text", "failed", "expected"),
    [
        ("true", False, True),
        ("true", True, False),
        ("always()", True, True),
        ("${{ always() && false }}", True, False),
        ("failure()", True, True),
        ("failure()", False, False),
        (True, False, True),
        ("", False, True),
    ],
)
def test_a_condition_without_a_status_function_holds_only_while_nothing_failed(
    text: object, failed: bool, expected: bool
) -> None:
    functions = {
        "always": lambda: True,
        "failure": lambda: failed,
        "success": lambda: not failed,
    }
    assert condition(text or "true", CONTEXTS, functions) is expected
