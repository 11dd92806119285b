from __future__ import annotations

import re
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from stemsilver.records import Failure, ItemResult
from stemsilver.report import pipeline_mermaid, scorecard_markdown

from .planted_batch import FAILED, PROFILE, SCORECARD, make_item, scored

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
HOSTILE = [
    "a|b.wav",
    "`code`.wav",
    "``.wav",
    "<script>alert(1)</script>.wav",
    "two\nlines\r\n| x |.wav",
    "@octocat #1 GH-2.wav",
    "[link](javascript:alert(1)).wav",
    "![](x).wav",
    "\\|\\`.wav",
    "https://example.com/www.example.com.wav",
    "&lt;b&gt;.wav",
    "$x$ **bold** ~~gone~~.wav",
    " leading and trailing ",
    "\u202egnp.wav",
    "%2e%2e/\udc80.wav",
    "--> end.wav",
    "```mermaid.wav",
]


def markdown(*items: ItemResult) -> str:
    return scorecard_markdown(scored(*items), PROFILE)


def test_the_headline_the_means_the_renders_and_the_pipeline() -> None:
    text = scorecard_markdown(SCORECARD, PROFILE)
    assert text.startswith("# Scorecard\n\n**4 renders, 1.5 minutes: 1 of 4 pass, 1 failed a gate")
    for part in (
        "Profile `embedded` (`dddddddddddd`), Stemsilver `0.1.0` at `c0ffee`",
        "| Music presence (probability) | 0.900 | 0.200 | lower is better | 2 |",
        "| Pause floor (dB) | −20.0 | −50.0 | lower is better | 2 |",
        "| WER raw to clean |  | 5.0 % | lower is better | 2 |",
        "| Music to speech<br>≤ −20 dB | Loudness<br>−16 ± 0.5 LUFS |",
        "| `good.wav` | ✓ pass | −24.5 | −16.2 | −1.00 | 5.0 % | 0.950 |",
        "| `musical.wav` | ✗ gate failed | **−12.0 ✗ fails** |",
        "| `silent.wav` | – unmeasured, 5 not measured | — silent |",
        "| `broken.wav` | ✗ failed: unreadable | — | — | — | — | — |",
        "| `broken.wav` | broken.wav: not audio | Run `stemsilver doctor`. |",
        f"```mermaid\n{pipeline_mermaid(PROFILE)}```\n",
    ):
        assert part in text
    assert "ESTOI" not in text, "a metric nobody has is left out"


def test_without_failures_or_values_there_is_no_such_section() -> None:
    text = markdown(make_item())
    assert "Not cleaned" not in text
    assert "**1 render, 0.5 minutes: every render passes every gate.**" in text
    assert "Nothing could be measured." in markdown(FAILED)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_names_and_messages_are_inert(hostile: str) -> None:
    def text(name: str) -> str:
        failed = replace(FAILED, failure=Failure("unreadable", name, name))
        return markdown(make_item(name), failed, replace(failed, id="other", path=name))

    page, calm = text(hostile), text("calm.wav")
    page.encode("utf-8")
    lines = page.splitlines()
    assert len(lines) == len(calm.splitlines())
    (row,) = [line for line in lines if "✓ pass" in line]
    cells = row.split("|")
    assert len(cells) == 9, "no pipe of the name reaches the table"
    assert re.fullmatch(r" `[^`]+` ", cells[1])
    _, message = [line for line in lines if line.startswith("| `broken.wav` |")]
    assert len(message.split("|")) == 5
    outside = re.sub(r"`[^`]*`", "", message)
    assert not re.search(r"[<>\[\]*~$\\]|@\w|(?<!&)#\w|://|www\.", outside)

    def tags(shown: str) -> list[str]:
        return re.findall(r"</?(?!code)[a-z0-9]+", PARSER.render(shown))

    assert tags(page) == tags(calm), "no element comes from a name or a message"
