"""The diff as Markdown: what it says, that it fits, and that nothing of others acts in it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it.token import Token

from stemsilver.errors import UsageError
from stemsilver.records import Failure
from stemsilver.report import Scorecard, ScoredRender, check_guardrail, diff, diff_markdown

from .cards import GATES, GUARDRAIL, card, failed, item
from .test_report_markdown import HOSTILE, PARSER

LINK = "https://example.com/runs/7?tab=a_b#top"
A, B = item("a"), item("b")


def markdown(base: Scorecard, head: Scorecard, **options: object) -> str:
    found = diff(base, head)
    return diff_markdown(found, check_guardrail(found), **options)  # type: ignore[arg-type]


def test_nothing_changed_is_said_in_a_line() -> None:
    text = markdown(card(A, B), card(A, B, created="2026-02-03"))
    assert text.startswith(
        "**Nothing changed: 2 renders measure the same, within noise. The guardrail holds.**\n"
    )
    assert "| ✓ | WER raw to clean, mean | 5.0 % → 5.0 %, 0.0 points |" in text
    assert "✗" not in text
    assert "Mean over the renders" not in text
    assert "Base: Profile `embedded` (`dddddddddddd`), Stemsilver `0.1.0` at `c0ffee`" in text
    assert "`2026-02-03`." in text


def test_what_is_worse_is_said_first() -> None:
    head = card(
        item("a", wer_raw_to_clean=0.15, clean_dnsmos_ovrl=2.5),
        item("b", clean_dnsmos_ovrl=2.9, clean_music_presence=0.05),
    )
    text = markdown(card(A, B), head)
    assert text.startswith(
        "**The guardrail fails: WER raw to clean, mean, Gates. "
        "2 means are worse and 1 better; by render, 3 values are worse and 1 better.**"
    )
    assert "| ✗ | WER raw to clean, mean | 5.0 % → 10.0 %, +5.0 points |" in text
    assert "| DNSMOS overall, clean | 3.00 | 2.70 | −0.30 | ▼ worse | 2 |" in text
    assert "| Music presence, clean | 0.100 | 0.075 | −0.025 | ▲ better | 2 |" in text
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert rows == [
        "| `a.wav` | WER raw to clean | 5.0 % | 15.0 % | +10.0 points | ▼ worse |",
        "| `a.wav` | DNSMOS overall, clean | 3.00 | 2.50 | −0.50 | ▼ worse |",
        "| `b.wav` | DNSMOS overall, clean | 3.00 | 2.90 | −0.10 | ▼ worse |",
        "| `b.wav` | Music presence, clean | 0.100 | 0.050 | −0.050 | ▲ better |",
    ]
    assert "Gates: newly broken:\n\n- `a.wav`\n" in text
    assert "Verdict by the base's gates:\n\n- `a.wav`: `pass → gate failed`\n" in text


def test_a_lost_value_is_worse_and_has_no_difference() -> None:
    text = markdown(card(A), card(item(stoi_vs_stage_a=None)))
    assert "| `a.wav` | STOI against Stage A | 0.950 | — | — | ▼ lost |" in text
    assert text.startswith("**The guardrail fails: ")
    assert ". By render, 1 value is worse.**" in text


def test_a_diff_and_its_reverse_read_differently() -> None:
    peak = {"clean_true_peak_dbtp": -3.0}
    one = card(A, B)
    other = card(item("a", clean_dnsmos_ovrl=2.0, **peak), item("b", clean_dnsmos_ovrl=3.2, **peak))
    assert markdown(one, other).startswith(
        "**The guardrail holds. 1 mean is worse and 1 different; "
        "by render, 1 value is worse, 1 better and 2 different.**"
    )
    assert markdown(other, one).startswith(
        "**The guardrail holds. 1 mean is better and 1 different; "
    )


def test_a_difference_is_that_of_the_numbers_beside_it() -> None:
    before, after = (card(item(music_to_speech_db=value)) for value in (-23.96, -24.34))
    text = markdown(before, after)
    assert "| `a.wav` | Music to speech | −24.0 | −24.3 | −0.3 dB | ▲ better |" in text
    assert "| −24.0 → −24.3, −0.3 dB |" in text


def test_renders_that_are_not_compared_are_named() -> None:
    base = card(item("old"), B, item("c"), failed("d"), failed("e"))
    added = item("new"), failed("noise", "It is a picture.")
    other = item("c", "bb")
    text = markdown(base, card(*added, failed("b", "No room."), other, item("d"), failed("e")))
    assert text.startswith(
        "**The guardrail fails: Failures. 1 render not cleaned any more; 1 render cleaned again; "
        "1 render not compared; 2 renders added; 1 render removed.**"
    )
    for listed in (
        "Not cleaned any more:\n\n- `b.wav`: `No room.`\n",
        "Not cleaned in either:\n\n- `e.wav`: `It is not audio.`\n",
        "Cleaned again:\n\n- `d.wav`\n",
        "Not compared: other raw audio:\n\n- `c.wav`\n",
        "Added, and cannot be cleaned:\n\n- `noise.wav`: `It is a picture.`\n",
        "Added:\n\n- `new.wav`\n",
        "Removed:\n\n- `old.wav`\n",
    ):
        assert listed in text


def test_whose_rule_it_is_is_said() -> None:
    base, head = card(A), card(A, gates=GATES[1:])
    assert "The guardrail is the base's own. This change alters the gates" in markdown(base, head)
    old = replace(base, guardrail=None)
    assert "The base has no guardrail: this is the one that ships" in markdown(old, base)
    found = diff(base, base)
    given = diff_markdown(found, check_guardrail(found, GUARDRAIL))
    assert "that of the profile that was named.\n" in given
    assert "uardrail" not in diff_markdown(found, ())


def test_so_many_rows_and_renders_and_the_way_to_the_rest() -> None:
    base = card(*(item(f"r{at}") for at in range(30)))
    head = card(*(item(f"r{at}", clean_dnsmos_ovrl=2.9 - at / 100) for at in range(30)))
    text = markdown(base, head, rows=4, link=LINK)
    assert re.findall(r"^\| `(r\d+)\.wav`", text, re.MULTILINE) == ["r29", "r28", "r27", "r26"]
    assert "\nAnd 26 more.\n" in text
    assert f"[See all of it]({LINK})" in text
    assert "30 values changed.\n" in markdown(base, head, rows=0)
    added = markdown(card(), base)
    assert added.count("- `r") == 10
    assert "\n- and 20 more\n" in added


# --- nothing of others acts


def both(name: str) -> tuple[Scorecard, Scorecard]:
    """Two cards in which every text that is not ours is `name`."""
    by = {"profile": name[:255], "tool_version": name[:255], "created": name[:255]}

    def hostile(*items: ScoredRender) -> Scorecard:
        broken = Failure("unreadable", name, name)
        named = (replace(one, path=name, failure=one.failure and broken) for one in items)
        return card(*named, **by)

    worse = item("a", wer_raw_to_clean=0.5, clean_lufs=-10.0)
    return hostile(A, B, item("c"), item("d"), failed("e")), hostile(
        worse, failed("b"), item("c", "bbbb"), failed("e"), item("f")
    )


def shape(tokens: list[Token]) -> list[str]:
    return [token.type for token in tokens if token.type != "text"]


def flat(text: str) -> list[Token]:
    return [
        token
        for block in PARSER.parse(text)
        for token in ([block] if block.children is None else block.children)
    ]


CALM = shape(flat(markdown(*both("calm.wav"), link=LINK)))


def harmless(name: str) -> None:
    """With `name`, there are the same elements, one link, and no more of anything that acts."""
    text = markdown(*both(name), link=LINK)
    text.encode("utf-8")
    tokens = flat(text)
    assert shape(tokens) == CALM
    assert not [token for token in tokens if "html" in token.type]
    links = [token.attrGet("href") for token in tokens if token.type == "link_open"]
    assert links == [LINK]
    plain = "".join(token.content for token in tokens if token.type == "text")
    # GitHub looks for these in what is plain text.
    assert not re.search(r"[@#<]\w|https?:|www\.|\$|GH-", plain)


@pytest.mark.parametrize("name", HOSTILE)
def test_no_text_of_others_acts(name: str) -> None:
    harmless(name)


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=60)
@given(st.text(st.characters() | st.sampled_from("`|<>[]()\\@#\n\r*_~$!&"), min_size=1))
def test_no_text_whatsoever_acts(name: str) -> None:
    harmless(name)


@pytest.mark.parametrize(
    "link",
    [
        *("javascript:alert(1)", "//example.com", "ftp://example.com/", "https:///path"),
        *("https://:80/", "https://example.com\\@other.org", "https://user@example.com/"),
        *(f"https://example.com/{end}" for end in ("a b", "a)b", "[a]", "<b>", "`x`", "a\n")),
        *("https://example.com/\u202e", "https://example.com/" + "a" * 2000),
    ],
)
def test_a_link_that_is_none_is_refused(link: str) -> None:
    with pytest.raises(UsageError, match="not a web address"):
        markdown(card(A), card(A), link=link)


# --- it fits


@pytest.fixture(scope="module")
def huge() -> tuple[Scorecard, Scorecard]:
    """5,000 renders with names of 4,000 characters that take the most bytes there are."""
    name = "😀`|<b>@octocat" * 300
    base, head = {}, {}
    for at in range(5000):
        path, key = f"{at}{name}"[:4000], f"r{at}"
        was, now = (replace(one, path=path) for one in (item(key), item(key, clean_dnsmos_ovrl=1)))
        if at % 5 == 0:
            now = replace(failed(key, name[:4000]), path=path)
        elif at % 5 == 1:
            now = replace(was, id=f"s{at}")
        elif at % 5 == 2:
            now = replace(now, raw_digest="bbbb")
        base[key], head[now.id] = was, now
    return replace(card(), items=base), replace(card(), items=head)


@pytest.mark.parametrize(
    ("rows", "limit"), [(20, 60_000), (5000, 60_000), (5000, 8000), (5, 4000), (5000, 500)]
)
def test_it_fits_whatever_there_is(
    huge: tuple[Scorecard, Scorecard], rows: int, limit: int
) -> None:
    text = markdown(*huge, rows=rows, limit=limit, link=LINK)
    assert len(text) <= len(text.encode()) <= limit
    assert text.startswith("**The guardrail fails: Failures. 1 mean is worse; by render, 2000 v")
    if limit == 60_000:
        shown = re.findall(r"^\| `([^`]*)` \|", text, re.MULTILINE)
        assert len(shown) == 20 if rows == 20 else len(shown) > 100
        assert len(text.encode()) > limit - 500 or rows == 20
        # A name is shown by its ends, and a character may be shown as an escape of four.
        assert all(80 <= len(cell) <= 80 * 4 and "…" in cell for cell in shown)
        # Failing, not compared, added, removed: ten each, and how many more.
        assert text.count("\n- ") == 4 * 11
