"""What was skipped is told wherever a batch is counted."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from stemsilver import report
from stemsilver.records import ItemResult, Skipped
from stemsilver.report import HISTORY, Scorecard

from .planted_batch import FAILED, PROFILE, SCORECARD, make_item, scored, write

SONG = Skipped("a/song.m4a", ".m4a files cannot be read (convert it to WAV or FLAC)")
LINK = Skipped("up", "a link that loops back to a folder above it")
HOSTILE = Skipped("<b>|`x`\n.wma", "hidden, because @octocat <i>")


def skipping(found: Scorecard, *skipped: Skipped) -> Scorecard:
    return replace(found, skipped=skipped)


@pytest.mark.parametrize(
    ("items", "skipped", "verdict"),
    [
        ([make_item()], (SONG,), "every render passes every gate; 1 file skipped"),
        (
            [make_item(), FAILED],
            (SONG, LINK),
            "1 of 2 pass, 1 could not be cleaned; 2 files skipped",
        ),
        (
            [make_item(stoi_vs_stage_a=None)],
            (SONG, LINK, HOSTILE),
            "every render passes every gate that could be measured; gates not measurable on 1; "
            "3 files skipped",
        ),
    ],
)
def test_no_verdict_hides_it(
    items: list[ItemResult], skipped: tuple[Skipped, ...], verdict: str
) -> None:
    found = skipping(scored(*items), *skipped)
    count = report.totals(found)
    assert (count.items, count.skipped) == (len(items), len(skipped))
    assert report.batch_verdict(count) == verdict
    # It is no failure by itself; `--strict` makes it one.
    assert report.nothing_failed(count) == report.nothing_failed(report.totals(scored(*items)))
    assert f"{verdict}.**" in report.scorecard_markdown(found, PROFILE)


def test_it_is_written_and_read_back(tmp_path: Path) -> None:
    found = skipping(SCORECARD, SONG, LINK, HOSTILE)
    values = json.loads(json.dumps(report.scorecard_json(found), allow_nan=False))
    assert values["skipped"][1] == {"path": LINK.path, "reason": LINK.reason}
    assert report.read_scorecard(write(tmp_path / "card.json", values)) == found
    assert report.judge_again(found, PROFILE).skipped == found.skipped
    # A scorecard of a version that did not tell.
    del values["skipped"], values["totals"]["skipped"]
    assert report.read_scorecard(write(tmp_path / "old.json", values)) == SCORECARD


def test_markdown_lists_it_and_no_name_acts() -> None:
    text = report.scorecard_markdown(skipping(SCORECARD, SONG, HOSTILE), PROFILE)
    rows = text[text.index("## Skipped") : text.index("## Pipeline")].splitlines()
    assert rows[2:6] == [
        "| File | Reason |",
        "| --- | --- |",
        "| `a/song.m4a` | .m4a files cannot be read (convert it to WAV or FLAC) |",
        r"| `<b>\x7c\x60x\x60\n.wma` | hidden, because @&#8203;octocat &lt;i&gt; |",
    ]
    assert "## Skipped" not in report.scorecard_markdown(SCORECARD, PROFILE)


def test_the_history_counts_it(tmp_path: Path) -> None:
    found = report.record(skipping(SCORECARD, SONG, LINK))
    assert (found.items, found.skipped) == (4, 2)
    values = json.loads(json.dumps(report.history_json([found])))
    assert report.read_history(write(tmp_path / HISTORY, values)) == (found,)
    del values["records"][0]["skipped"]
    assert report.read_history(write(tmp_path / HISTORY, values)) == (report.record(SCORECARD),)


@pytest.mark.parametrize(
    ("base", "head", "told"),
    [
        ((), (SONG, LINK), ["a/song.m4a", "up"]),
        ((SONG,), (SONG, LINK), ["up"]),
        ((SONG, LINK), (SONG,), None),
    ],
)
def test_a_comparison_names_what_is_skipped_only_now(
    base: tuple[Skipped, ...], head: tuple[Skipped, ...], told: list[str] | None
) -> None:
    found = report.diff(skipping(SCORECARD, *base), skipping(SCORECARD, *head))
    listed = {one.title: one.entries for one in report.listings(found, ())}
    entries = listed.get("Newly skipped")
    assert (entries and [path for path, _ in entries]) == told
