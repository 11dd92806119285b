from __future__ import annotations

import re
from dataclasses import replace

import pytest

from stemsilver.config import Profile
from stemsilver.records import Failure, ItemResult
from stemsilver.report import Scorecard, pipeline_mermaid, scorecard_markdown

from .conftest import ItemFactory, ScorecardFactory

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


def test_the_headline_and_the_means(scorecard: Scorecard, profile: Profile) -> None:
    text = scorecard_markdown(scorecard, profile)
    assert text.startswith("# Scorecard\n\n**4 renders, 1.5 minutes: 1 of 4 pass, 1 failed a gate")
    assert "Profile `embedded` (`dddddddddddd`), Stemsilver `0.1.0` at `c0ffee`" in text
    assert "| Music presence (probability) | 0.900 | 0.200 | lower is better | 2 |" in text
    assert "| Pause floor (dB) | −20.0 | −50.0 | lower is better | 2 |" in text
    assert "| WER raw to clean |  | 5.0 % | lower is better | 2 |" in text
    assert "ESTOI" not in text, "a metric nobody has is left out"


def test_the_renders_with_verdict_words(scorecard: Scorecard, profile: Profile) -> None:
    text = scorecard_markdown(scorecard, profile)
    assert "| Music to speech<br>≤ −20 dB | Loudness<br>−16 ± 0.5 LUFS |" in text
    assert "| `good.wav` | ✓ pass | −24.5 | −16.2 | −1.00 | 5.0 % | 0.950 |" in text
    assert "| `musical.wav` | ✗ gate failed | **−12.0 ✗ fails** |" in text
    assert "| `silent.wav` | – unmeasured, 5 not measured | — silent |" in text
    assert "| `broken.wav` | ✗ failed: unreadable | — | — | — | — | — |" in text
    assert "| `broken.wav` | broken.wav: not audio | Run `stemsilver doctor`. |" in text


def test_without_failures_there_is_no_such_section(
    make_scorecard: ScorecardFactory, make_item: ItemFactory, profile: Profile
) -> None:
    text = scorecard_markdown(make_scorecard(make_item()), profile)
    assert "Not cleaned" not in text
    assert "**1 render, 0.5 minutes: every render passes every gate.**" in text


def test_a_batch_without_any_value(
    make_scorecard: ScorecardFactory, failed_item: ItemResult, profile: Profile
) -> None:
    assert "Nothing could be measured." in scorecard_markdown(make_scorecard(failed_item), profile)


def test_the_pipeline_is_shown(scorecard: Scorecard, profile: Profile) -> None:
    assert f"```mermaid\n{pipeline_mermaid(profile)}```\n" in scorecard_markdown(scorecard, profile)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_stays_in_its_cell_and_its_code_span(
    make_scorecard: ScorecardFactory,
    make_item: ItemFactory,
    profile: Profile,
    name: str,
) -> None:
    text = scorecard_markdown(make_scorecard(make_item(name)), profile)
    text.encode("utf-8")
    calm = scorecard_markdown(make_scorecard(make_item("calm.wav")), profile)
    assert len(text.splitlines()) == len(calm.splitlines())
    (row,) = [line for line in text.splitlines() if "✓ pass" in line]
    cells = row.split("|")
    assert len(cells) == 9, "no pipe of the name reaches the table"
    assert re.fullmatch(r" `[^`]+` ", cells[1])


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_message_is_inert(
    make_scorecard: ScorecardFactory, failed_item: ItemResult, profile: Profile, hostile: str
) -> None:
    item = replace(failed_item, failure=Failure("unreadable", hostile, hostile))
    text = scorecard_markdown(make_scorecard(item), profile)
    (row,) = [line for line in text.splitlines() if line.startswith("| `broken.wav` |")][1:]
    assert len(row.split("|")) == 5
    outside = re.sub(r"`[^`]*`", "", row)
    assert not re.search(r"[<>\[\]*~$\\]|@\w|(?<!&)#\w|://|www\.", outside)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_rendered_as_github_does(
    make_scorecard: ScorecardFactory,
    make_item: ItemFactory,
    failed_item: ItemResult,
    profile: Profile,
    hostile: str,
) -> None:
    parser = pytest.importorskip("markdown_it").MarkdownIt("commonmark").enable(["table"])

    def tags(name: str) -> list[str]:
        item = replace(failed_item, path=name, failure=Failure("unreadable", name, "Try."))
        page = parser.render(scorecard_markdown(make_scorecard(make_item(name), item), profile))
        return re.findall(r"</?(?!code)[a-z0-9]+", page)

    assert tags(hostile) == tags("calm.wav"), "no element comes from a name or a message"
