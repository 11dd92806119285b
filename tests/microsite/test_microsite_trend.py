"""The Trend page: what it says of the builds, and how it looks with fifty of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import expect

from stemsilver.evaluation.catalogue import METRICS
from stemsilver.microsite.pages import trend
from stemsilver.microsite.pages.trend import FamilyChart, Trend
from stemsilver.microsite.parts import charts
from stemsilver.microsite.parts.charts import Point, chart
from stemsilver.microsite.parts.metric_cells import families
from stemsilver.report import Record, merged

from ..report.planted_history import builds, renamed
from .conftest import Opener
from .other_sites import PAUSES, PRESENCE, SHARE, STEPS
from .planted_site import HOSTILE, Planted, Published


def view_of(planted: Planted, history: Sequence[Record]) -> Trend:
    """The page of the newest build of `history`."""
    build = replace(planted.scorecard, profile=history[-1].profile)
    return trend.trend(merged(history), build)


def chart_of(view: Trend, anchor: str) -> FamilyChart:
    return next(one for one in view.charts if one.family.anchor == anchor)


# --- what is said


def test_without_a_build_before_or_with_other_renders_nothing_is_judged(planted: Planted) -> None:
    view = view_of(planted, builds(1))
    first = "This is the first build with the profile embedded; the next adds a point"
    assert (view.tone, view.builds, view.sentence) == ("none", 1, first)
    others = renamed(builds(9), profile="studio")
    assert view_of(planted, [*others, builds(10)[-1]]).sentence == first
    *before, last = builds(5)
    view = view_of(planted, [*before, replace(last, batch="cd" * 32)])
    assert (view.tone, view.sentence[:22]) == ("none", "The renders differ fro")


DNSMOS = {name: {19: -9.0} for name in METRICS if name.startswith("clean_dnsmos")}
SINCE = "Music presence has been worse since the build of 16 Mar 2026"
SOUND = "No metric is worse than in the builds before"


@pytest.mark.parametrize(
    ("steps", "tone", "sentence"),
    [
        ({}, "pass", SOUND),
        ({PRESENCE.name: {19: 9.0}}, "fail", "Music presence got worse in this build"),
        (
            {PRESENCE.name: {19: 9.0}, PAUSES.name: {19: 9.0}, **DNSMOS},
            "fail",
            "Music presence, Pause floor, DNSMOS speech and 2 more metrics got worse in this build",
        ),
        (
            {PRESENCE.name: {10: 9.0}, PAUSES.name: {5: 9.0}},
            "fail",
            f"{SINCE}, and 1 more since earlier builds",
        ),
        # Half the way back is not back.
        ({PRESENCE.name: {10: 16.0, 12: -8.0}}, "fail", SINCE),
        ({PRESENCE.name: {10: 9.0, 12: -9.0}}, "pass", SOUND),
        (
            {PRESENCE.name: {19: -9.0}, PAUSES.name: {19: -9.0}},
            "pass",
            f"{SOUND}; Music presence and Pause floor got better in this one",
        ),
    ],
)
def test_the_sentence_tells_what_is_worse_and_since_when(
    planted: Planted, steps: dict[str, dict[int, float]], tone: str, sentence: str
) -> None:
    view = view_of(planted, builds(20, steps=steps))
    assert (view.tone, view.sentence) == (tone, sentence)
    assert bool(view.marked) == bool(steps)


def test_a_marked_build_tells_what_was_set_otherwise(planted: Planted) -> None:
    one = {SHARE: 0.6, "beta_wiener.enabled": False, "separation.fusion": "max", "gone": 1}
    two = one | {SHARE: 0.3, "beta_wiener.enabled": True, "new": "x" * 99}
    del two["gone"]
    records = builds(12, steps={PRESENCE.name: {7: 10.0}}, settings=[one] * 7 + [two] * 5)
    [marked] = view_of(planted, records).marked
    assert (marked.day, marked.known, marked.more) == ("23 Feb 2026", True, 0)
    assert [(change.name, change.before, change.after) for change in marked.settings] == [
        (SHARE, "0.6", "0.3"),
        ("beta_wiener.enabled", "false", "true"),
        ("new", "—", "x" * 60 + "…"),
        ("gone", "1", "—"),
    ]
    [metric] = marked.metrics
    assert (metric.before, metric.after, metric.sense) == ("0.012", "0.017", "worse")


def test_what_nobody_wrote_down_and_other_renders_are_said(planted: Planted) -> None:
    records = builds(12, steps={PRESENCE.name: {7: 9.0}}, settings=[{}] * 12)
    newer = records[:7] + renamed(records[7:], tool_version="0.2.0")
    fewer = replace(newer[7].means[PRESENCE.name], count=19)
    newer[7] = replace(newer[7], means={**newer[7].means, PRESENCE.name: fewer})
    [marked] = view_of(planted, newer).marked
    assert not marked.known
    assert [(one.before, one.after) for one in marked.settings] == [("0.1.0", "0.2.0")]
    assert marked.metrics[0].note == "on 19 renders, 20 before"
    # A mean over other renders than raw's says so, and raw's with it.
    one = newer[-1]
    means = {**one.means, PRESENCE.name: replace(fewer, value=0.01)}
    means["raw_music_presence"] = replace(fewer, count=one.items - one.failed)
    chart = chart_of(view_of(planted, [*newer[:-1], replace(one, means=means)]), "music_presence")
    assert chart.over == "mean of 19 renders"
    assert chart.raw_over == f"mean of {one.items - one.failed} renders"
    assert {row.outcomes for row in view_of(planted, newer).rows} == {
        "19 of 20 pass, 1 failed a gate"
    }


def test_only_the_newest_builds_are_shown_and_all_are_judged_by(
    planted: Planted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trend, "SHOWN", 5)
    view = view_of(planted, builds(20, steps={PRESENCE.name: {3: 9.0, 15: 9.0}}))
    assert (view.builds, view.shown, len(view.rows)) == (20, 5, 5)
    # The first of those shown has its mark, which nothing shown explains.
    [marked] = view.marked
    assert marked.day == "20 Apr 2026"
    [line] = chart_of(view, "music_presence").chart.lines
    assert [point.sense for point in line.points] == [None, None, None, None, "worse"]
    assert chart_of(view, "music_presence").since == "20 Apr 2026"
    assert chart_of(view, "music_presence").summary.count("worse") == 1


# --- what is drawn


def heights(path: str) -> list[float]:
    return [float(pair.split()[1]) for pair in re.findall(r"[\d.]+ [\d.]+", path)]


def test_a_chart_has_a_line_for_each_profile_this_one_first(planted: Planted) -> None:
    other = renamed(builds(10, 2), profile="studio")
    view = view_of(planted, [*other, *builds(11)])
    assert [key.label for key in view.keys if key.kind == "profile"] == ["embedded", "studio"]
    drawn = chart_of(view, "music_presence").chart
    assert [line.look for line in drawn.lines] == [0, 1]
    assert [len(line.points) for line in drawn.lines] == [11, 10]
    assert drawn.lines[0].points[0].path != drawn.lines[1].points[0].path


def test_a_line_breaks_where_the_renders_changed_or_nothing_was_measured(planted: Planted) -> None:
    records = builds(12)
    records = records[:6] + renamed(records[6:], batch="cd" * 32)
    without = dict(records[3].means)
    del without[PRESENCE.name]
    records[3] = replace(records[3], means=without)
    view = view_of(planted, records)
    presence, pauses = (chart_of(view, name).chart for name in ("music_presence", "pause_floor_db"))
    assert presence.lines[0].path.count("M") == 3
    assert pauses.lines[0].path.count("M") == 2
    [at] = presence.breaks
    xs = [float(point.path[1:].split()[0]) for point in pauses.lines[0].points]
    assert xs[5] < at < xs[6]
    assert [row.other for row in view.rows] == [False] * 5 + [True] + [False] * 6
    column = [family.anchor for family in view.families].index("music_presence")
    assert view.rows[8].cells[column].text == "—"


def test_lower_values_are_drawn_lower_and_ticks_say_which(planted: Planted) -> None:
    drawn = chart_of(view_of(planted, builds(20, steps=STEPS)), "pause_floor_db").chart
    first, *_, last = heights(drawn.lines[0].path)
    assert last > first + 20
    labels = [float(tick.label.replace("−", "-")) for tick in drawn.ticks]
    assert labels == sorted(labels)
    assert len(set(labels)) >= 2
    assert [tick.y for tick in drawn.ticks] == sorted((t.y for t in drawn.ticks), reverse=True)


def test_raw_and_gates_are_drawn_where_they_do_not_press_the_line_flat() -> None:
    def drawn(raw: float, gate: float) -> charts.Chart:
        points = [Point(place, value, "") for place, value in enumerate((0.4, 0.5, 0.6))]
        beside = [[Point(place, raw, "") for place in range(3)]]
        return chart(PRESENCE, 3, [[points]], beside, [gate], [])

    near, far = drawn(0.75, 0.3), drawn(9.0, -9.0)
    assert near.raw
    assert len(near.gates) == 1
    assert near.gates[0] > max(heights(near.lines[0].path))
    assert (far.raw, far.gates) == ("", ())


def test_neither_a_flicker_nor_a_single_build_fills_a_chart() -> None:
    points = [Point(place, 0.012 + 0.0001 * (place % 2), "") for place in range(9)]
    drawn = heights(chart(PRESENCE, 9, [[points]], [], [], []).lines[0].path)
    assert max(drawn) - min(drawn) < 0.1 * charts.SIZE.height
    for value in (-1e6, 0.0, 1e6):
        single = chart(PRESENCE, 1, [[[Point(0, value, "")]]], [], [], [])
        [height] = heights(single.lines[0].path)
        assert charts.SIZE.top <= height <= charts.SIZE.bottom
        assert "nan" not in repr(single)


def test_the_legend_has_only_what_is_drawn(planted: Planted) -> None:
    other = renamed(builds(1, 2), profile="studio")
    for history in (builds(2), [*other, *builds(1)]):
        view = view_of(planted, history)
        drawn = [one.chart for one in view.charts]
        kinds = {key.kind for key in view.keys}
        assert ("raw" in kinds) == any(" " in one.raw[1:].partition(" ")[2] for one in drawn)
        assert ("gate" in kinds) == any(one.gates for one in drawn)
    # A raw line of a single build has nothing to be seen.
    assert "raw" not in kinds
    # A metric with a gate is not for information alone.
    view = view_of(planted, builds(3))
    assert chart_of(view, "true_peak_dbtp").reads == "gate ≤ −1 dBTP, outside the chart"
    for one in view.charts:
        said = f"gate {one.limit}" if one.chart.gates else f"gate {one.limit}, outside the chart"
        assert one.limit is None or one.reads.endswith(said)


def test_builds_of_one_day_are_told_apart_by_their_time(planted: Planted) -> None:
    records = builds(12, steps={PRESENCE.name: {7: 9.0}})
    assert view_of(planted, records).rows[0].moment == "23 Mar 2026"
    earlier = replace(records[6], created=records[7].created.replace("09:30", "08:15"))
    view = view_of(planted, [*records[:6], earlier, *records[7:]])
    moments = [row.moment for row in reversed(view.rows)]
    assert moments[5:9] == [
        "9 Feb 2026",
        "23 Feb 2026, 08:15 UTC",
        "23 Feb 2026, 09:30 UTC",
        "2 Mar 2026",
    ]
    found = chart_of(view, "music_presence")
    assert found.since == "23 Feb 2026, 09:30 UTC"
    assert "the build of 23 Feb 2026, 09:30 UTC" in found.summary
    assert view.sentence.endswith("since the build of 23 Feb 2026, 09:30 UTC")


# --- the page


def test_the_page_of_a_first_build_is_whole(published: Published) -> None:
    page = (published.folder / "trend.html").read_text(encoding="utf-8")
    assert "This is the first build" in page
    assert "A chart needs a second build" in page
    # One point makes no chart, and no legend.
    for gone in ('id="changes"', "<figure", "st-keys"):
        assert gone not in page


def test_a_year_of_builds_marks_what_was_planted_and_nothing_else(
    year: Published, open_page: Opener
) -> None:
    assert (year.folder / "trend.html").stat().st_size < 500_000
    page = open_page(year, "trend.html", viewport={"width": 1440, "height": 844})
    changes = page.get_by_role("region", name="What changed")
    expect(changes.locator("tbody")).to_have_count(2)
    newest, older = changes.locator("tbody").all()
    for words in ("29 Jun 2026", "Music presence", "0.012 → 0.016", "▼ worse"):
        expect(newest).to_contain_text(words)
    for words in ("Pause floor", "▲ better"):
        expect(older).to_contain_text(words)
    expect(page.locator("svg[role=img] .st-turn")).to_have_count(2)
    expect(page.locator("svg[role=img] .st-worse")).to_have_count(1)
    rows = page.get_by_role("region", name="Builds").locator("tbody tr")
    expect(rows).to_have_count(50)
    expect(rows.first).to_contain_text("22 Nov 2026")
    expect(rows.first).to_contain_text("3 of 5 pass, 1 failed a gate, 1 could not be cleaned")
    expect(rows.first).to_contain_text("German")
    expect(rows.first.locator("td")).to_have_count(2 + len(families()))

    box = page.locator(".st-scroll[aria-labelledby=changes]")
    cause = box.locator(".st-causes").first
    expect(cause).to_contain_text(f"{SHARE} 0.6 → 0.3")
    said = "Music presence over 50 builds: from 0.002 to 0.016; worse in the build of 29 Jun 2026"
    drawn = page.get_by_role("img", name=said)
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 844})
        # What changed is seen whole, with its cause: on a phone below it.
        for way in ("Height", "Width"):
            assert box.evaluate(f"(box) => box.scroll{way} - box.client{way}") == 0
        metric, place = box.locator("td").first.bounding_box(), cause.bounding_box()
        assert metric is not None
        assert place is not None
        assert (place["y"] >= metric["y"] + metric["height"]) == (width == 390)
        # The letters of a chart are as large as a caption's, and inside their card.
        card = drawn.locator("xpath=..").bounding_box()
        assert card is not None
        for text in drawn.locator("text").all():
            size = text.bounding_box()
            assert size is not None
            assert size["height"] >= 11
            assert card["x"] <= size["x"]
            assert size["x"] + size["width"] <= card["x"] + card["width"]


def test_nothing_that_a_history_says_acts_in_the_page(
    planted: Planted, open_page: Opener, tmp_path: Path
) -> None:
    records = builds(
        9,
        steps={PRESENCE.name: {5: 9.0}},
        profile=HOSTILE[:250],
        settings=[{SHARE: "plain"}] * 5 + [{SHARE: HOSTILE[:200]}] * 4,
    )
    records = renamed(records, tool_version="<script>window.pwned=1</script>{{7*7}}")
    planted.build(tmp_path / "site", history=records)
    page = open_page(Published(tmp_path / "site", planted), "trend.html")
    assert page.evaluate("window.pwned") is None
    expect(page.locator("main")).to_contain_text("<script>window.pwned=1</script>")
    assert page.locator("script", has_text="pwned").count() == 0
