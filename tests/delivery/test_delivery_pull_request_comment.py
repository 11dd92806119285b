"""The comment: what it says, by whose rule, and nothing of a stranger's in it that acts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from stemsilver.delivery.pull_request import comment_markdown, read
from stemsilver.errors import UsageError

from .pull_requests import (
    COMMIT,
    GOOD,
    WORSE,
    Opened,
    a_change,
    embedded,
    failed,
    hostile,
    multiply,
    opened,
    render,
)

RUN = "https://github.com/team/batch/actions/runs/1"
PREVIEW = "https://team.github.io/batch/previews/pr-7/"
MARKER = "<!-- stemsilver-scorecard -->"
OTHER_RULE = "The base in the artifact has other gates"
MAX_CHARACTERS = 65_536

# What GitHub makes a link, a mention or a reference of in a text that is no code.
ACTING = re.compile(
    r"https?:|www\.|@\w|\S@\S|(?:^|\W)#\d|GH-\d|\b[0-9a-f]{7,40}\b|javascript:", re.IGNORECASE
)


def written(made: Opened, link: str | None = RUN, preview: str | None = PREVIEW) -> str:
    return comment_markdown(read(made.folder), embedded(), link, preview)


def tokens(text: str) -> list[Token]:
    """Every token of a Markdown text, those within lines too."""
    found = []
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text):
        found += [token, *(token.children or [])]
    return found


def inert(text: str) -> None:
    """Nothing in a comment acts but what is our own."""
    found = tokens(text)
    html = [one.content.strip() for one in found if one.type.startswith("html")]
    assert html == [MARKER]
    links = [one.attrGet("href") for one in found if one.type == "link_open"]
    assert set(links) <= {RUN, PREVIEW}
    assert not [one for one in found if one.type == "image"]
    for one in found:
        if one.type == "text":
            assert not ACTING.search(one.content), one.content


def test_it_says_what_changed(tmp_path: Path) -> None:
    made = a_change(tmp_path)
    text = written(made)
    assert text.splitlines()[0] == MARKER
    assert f"### Scorecard of `{COMMIT[:12]}`" in text
    assert "The guardrail fails: " in text
    assert "| `much-worse.wav` | WER raw to clean | 5.0 % | 15.0 % |" in text
    assert "| ✗ | WER raw to clean" in text
    assert f"]({RUN})" in text
    assert f"]({PREVIEW})" in text
    assert text.index("much-worse.wav") < text.index("little-worse.wav") < text.index("better.wav")
    assert OTHER_RULE not in text
    inert(text)
    assert "link_open" not in [one.type for one in tokens(written(made, None, None))]


def test_an_address_that_is_none(tmp_path: Path) -> None:
    for addresses in (("javascript:alert(1)", None), (None, "https://a.example/) [x](y")):
        with pytest.raises(UsageError):
            written(a_change(tmp_path), *addresses)


def test_no_text_of_a_stranger_acts(tmp_path: Path) -> None:
    text = written(hostile(tmp_path))
    inert(text)
    assert len(text) < MAX_CHARACTERS
    assert text.splitlines()[0] == MARKER
    assert text.splitlines().count(MARKER) == 1


def test_the_checker_sees_what_acts() -> None:
    for text in ("<b>", "[a](https://b.example)", "![a](b)", "ask @octocat", "see #1", "www.a.b"):
        with pytest.raises(AssertionError):
            inert(f"{MARKER}\n\n{text}\n")


def test_five_thousand_renders_fit_a_comment(tmp_path: Path) -> None:
    made = opened(tmp_path, [render("one", GOOD)], [render("one", WORSE)])
    # Shown as escapes six times as long.
    names = [f"{number} " + "\u202e" * 90 for number in range(5_000)]
    for name in ("base.json", "head.json"):
        made.change(name, lambda card: multiply(card, names))
    text = written(made)
    assert "5000" in text
    assert len(text.encode()) < MAX_CHARACTERS
    inert(text)


def soften(card: Any) -> None:
    """A rule that forgives everything."""
    for gate in card["gates"]:
        gate.update(minimum=None, maximum=None)
    rule = {"wer_rise_max": 1.0, "stoi_drop_max": 1.0, "music_presence_rise_max": 1.0}
    card["profile"]["config"]["guardrail"] = rule | {"music_to_speech_rise_db_max": 60.0}


def test_the_rule_that_was_handed_over_is_not_believed(tmp_path: Path) -> None:
    made = a_change(tmp_path)

    def checks(comment: str) -> list[str]:
        return [line for line in comment.splitlines() if line.startswith(("| ✗ |", "| ✓ |"))]

    honest = checks(written(made))
    assert len(honest) == 7
    made.change("head.json", soften)
    text = written(made)
    assert OTHER_RULE not in text
    assert "This change alters the gates or the guardrail" in text
    assert "The guardrail fails: " in text
    made.change("base.json", soften)
    text = written(made)
    assert OTHER_RULE in text
    assert checks(text) == honest
    assert "pass → gate failed" in text
    # A base from before there was a guardrail.
    made = a_change(tmp_path / "old")
    made.change("base.json", lambda card: card["profile"]["config"].pop("guardrail"))
    text = written(made)
    assert OTHER_RULE in text
    assert "The guardrail fails: " in text


def test_without_a_base_head_stands_alone(tmp_path: Path) -> None:
    head = [render("one", GOOD), render("two", WORSE), failed("three")]
    text = written(opened(tmp_path / "full", [], head, no_base=True))
    assert "There is nothing to compare with" in text
    assert "**3 renders: 1 pass, 1 gate failed, 1 failed.**" in text
    assert "guardrail holds" not in text
    assert "| WER raw to clean | 10.0 % | 2 |" in text
    assert f"]({RUN})" in text
    inert(text)
    text = written(opened(tmp_path / "empty", [], [], no_base=True))
    assert "**0 renders.**" in text
    inert(text)
    inert(written(opened(tmp_path / "emptied", [render("one", GOOD)], [])))
