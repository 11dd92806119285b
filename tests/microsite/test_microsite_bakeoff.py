"""A bake-off's pages: what they say, what they play, and that they are pages like all others."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from stemsilver.microsite.pages.bakeoff import front
from stemsilver.microsite.pages.bakeoff_render import bakeoff_render, blind_pages, render_sources
from stemsilver.report import bakeoff_columns

from .bakeoff_site import LOUDER_DB, NAMES, Baked, planted_bakeoff
from .blind_site import listen, ready, start
from .conftest import PHONE
from .planted_site import BROKEN, DUET, INTRO, Planted, Published
from .visits import Visit, visiting


@pytest.fixture(scope="module")
def measured(planted: Planted, tmp_path_factory: pytest.TempPathFactory) -> Baked:
    """The bake-off before it is published."""
    return planted_bakeoff(planted, tmp_path_factory.mktemp("measured"))


@pytest.fixture
def taster(browser: Browser, baked: Published) -> Iterator[Visit]:
    """A visitor on a phone, at whose departure nothing must have gone wrong."""
    with visiting(browser, baked, viewport=PHONE) as seen:
        yield seen


def cells(page: Page, label: str) -> list[str]:
    row = page.locator(".st-means tbody tr").filter(has=page.locator("th", has_text=label))
    return [" ".join(text.split()) for text in row.locator("td").all_inner_texts()]


def test_the_front_page_says_who_is_promoted_and_why(taster: Visit) -> None:
    page = taster.open("index.html")
    verdicts = page.locator(".st-hero .st-verdict")
    expect(verdicts).to_have_count(2)
    expect(verdicts.first).to_contain_text(f"{NAMES[1]} is not promoted")
    expect(verdicts.first).to_contain_text("ailures (1 render not cleaned now)")
    expect(verdicts.last).to_contain_text("gentle is not promoted")
    expect(verdicts.last).to_contain_text("STOI (0.970 → 0.910, 0.060 lower; mean of 3 renders)")
    rule = page.locator(".st-checks").last.locator("tbody tr")
    expect(rule.filter(has_text="✗ fails")).to_have_count(1)
    expect(rule.filter(has_text="✓ holds")).to_have_count(4)
    # Over the two renders that all three have measured.
    # The worst render stands beside its mean.
    intro = "narration/intro one.wav"
    assert cells(page, "Pause floor") == [
        "−12.0",
        f"−70.8 ★ best worst −41.5 {intro}",
        f"−60.0 worst −60.0 {intro}",
        f"−70.8 ★ best worst −41.5 {intro}",
        "2",
    ]
    assert cells(page, "DNSMOS overall")[2] == f"2.50 worst 2.50 {intro}"
    assert cells(page, "Cleaned") == ["", "4 of 5", "3 of 5", "4 of 5", ""]
    assert cells(page, "Time") == ["", "2.1", "2.1", "2.1", ""]
    assert cells(page, "Peak memory") == ["", "1.4 GB", "1.4 GB", "1.4 GB", ""]
    # What became worse is named, with the second to listen to.
    worse = page.locator(".st-worsened").last.locator("li").filter(has_text="intro one.wav")
    expect(worse).to_contain_text("STOI against Stage A 0.970 → 0.910 ▼ worse")
    at = worse.get_by_role("link", name="Listen at 0:01")
    assert at.get_attribute("href") == f"renders/{INTRO}.html#v=profile-3&t=0.40"
    # A render has a row for every profile.
    groups = page.locator(".st-groups tbody")
    expect(groups).to_have_count(5)
    duet = groups.nth(1).locator("tr")
    expect(duet).to_have_count(3)
    expect(duet.nth(1)).to_contain_text("⊘ not cleaned")
    groups.first.get_by_role("link").click()
    expect(page.locator("h1")).to_have_text("intro one.wav")


def test_the_player_has_raw_and_every_profile_at_one_loudness(taster: Visit) -> None:
    page = taster.open(f"renders/{INTRO}.html")
    labels = page.locator(".ab-tracks label")
    assert labels.all_inner_texts() == ["Raw", *NAMES]
    levels = [
        float(one.get_attribute("data-speech") or "nan")
        for one in page.locator("[data-track]").all()
    ]
    # The second is the louder one, so it is the one that is lowered.
    assert levels[1] - levels[2] == pytest.approx(LOUDER_DB)
    assert levels[1] == levels[3]
    assert max(levels) == 0
    assert taster.audio() == []
    page.get_by_role("button", name="Play", exact=True).click()
    page.locator("input[value=profile-2]").check(force=True)
    expect(page.locator("[data-part=status]")).to_have_text(f"Playing {NAMES[1]}")
    expect(page.locator('[data-outline="profile-2"]')).to_be_visible()
    assert f"{INTRO}/profile-2.flac" in taster.audio()
    # The page of the render goes there too.
    worse = page.locator(".st-worsened li").filter(has_text="gentle")
    worse.get_by_role("link", name="Listen at 0:01").click()
    expect(page.locator("input[value=profile-3]")).to_be_checked()
    expect(page).to_have_url(re.compile(r"#v=profile-3&t=0\.40$"))
    # What one profile lost, the others play.
    page = taster.open(f"renders/{DUET}.html")
    assert labels.all_inner_texts() == ["Raw", NAMES[0], NAMES[2]]
    expect(page.locator(".st-failure")).to_contain_text("Look at it.")
    page = taster.open(f"renders/{BROKEN}.html")
    expect(page.locator("stem-ab")).to_have_count(0)
    expect(page.locator(".st-failure")).to_have_count(3)


def test_without_the_first_profile_the_next_one_is_what_others_are_matched_by(
    measured: Baked,
) -> None:
    found, _, media = measured
    first = {id_: folder for id_, folder in media[0].items() if id_ != INTRO}
    raw, tracks = render_sources(found, [first, *media[1:]], INTRO)
    assert raw is not None
    assert {at: source.name for at, source in tracks.items()} == {1: "clean", 2: "profile-3"}
    assert render_sources(found, [{}, {}, {}], INTRO) == (None, {})


def test_every_two_profiles_have_a_blind_test(measured: Baked) -> None:
    found, _, media = measured
    tracks = {item.id: render_sources(found, media, item.id)[1] for item in found.renders}
    pages = blind_pages(found, tracks)
    assert list(pages) == ["blind", "blind-1-3", "blind-2-3"]
    # The incumbent against the first candidate comes first; what one of them lost is left out.
    assert pages["blind"].base.startswith("embedded, ")
    assert pages["blind"].head.startswith("studio ")
    assert DUET not in {pair.id for pair in pages["blind"].pairs}
    assert DUET in {pair.id for pair in pages["blind-1-3"].pairs}
    [intro] = [pair for pair in pages["blind"].pairs if pair.id == INTRO]
    assert intro.head == f"renders/{INTRO}/profile-2.flac"
    assert intro.base == f"renders/{INTRO}/clean.flac"
    assert (intro.head_gain_db, intro.base_gain_db) == (pytest.approx(-LOUDER_DB), 0)
    choices = [choice.href for choice in pages["blind-1-3"].choices]
    assert choices == ["blind.html", None, "blind-2-3.html"]


def test_a_blind_test_runs_and_names_the_profiles_at_the_end(taster: Visit) -> None:
    page = taster.open("blind.html")
    page.get_by_role("link", name="embedded and gentle").click()
    expect(page.locator("[data-part=intro]")).to_contain_text("under two profiles")
    start(page, "Preference", 10, INTRO)
    for number in range(1, 11):
        ready(page, number, 10)
        listen(page, "12")
        page.get_by_role("button", name="No difference").click()
    figures = page.locator("[data-part=figures]")
    expect(figures).to_contain_text("● Candidate")
    expect(figures).to_contain_text("gentle, ")
    assert set(taster.audio()) == {f"{INTRO}/clean.flac", f"{INTRO}/profile-3.flac"}


def test_from_a_disk_and_without_scripts_all_is_there(browser: Browser, baked: Published) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((baked.folder / "index.html").as_uri())
    expect(page.locator(".st-means tbody tr")).not_to_have_count(0)
    page.get_by_role("link", name="narration/intro one.wav").first.click()
    expect(page.locator("audio:visible")).to_have_count(4)
    # Every profile's music is drawn, and none has its colour alone.
    curves = page.locator(".ab-presence svg")
    expect(curves).to_have_count(4)
    dashes = {
        curve.locator("path").evaluate("path => getComputedStyle(path).strokeDasharray")
        for curve in curves.all()
    }
    assert len(dashes) == 4
    context.close()


def test_views_and_downloads_hold_everything(measured: Baked, baked: Published) -> None:
    found, evidence, media = measured
    view = front(found, (), {})
    assert [len(group.versions) for group in view.groups] == [3] * 5
    raw, tracks = render_sources(found, media, INTRO)
    page = bakeoff_render(
        found, 0, bakeoff_columns(found), [one[INTRO] for one in evidence], tracks, raw, {}
    )
    assert (page.previous, page.position, page.count) == (None, 1, 5)
    assert page.next is not None
    assert page.next.path == "stereo/duet.wav"
    # What was heard in clean, under each; what was heard in raw is the same for all.
    assert [one.heading for one in page.differences] == [
        f"{name}: {text} → clean" for name in NAMES for text in ("raw", "script")
    ]
    told = json.loads((baked.folder / "downloads" / "bakeoff.json").read_bytes())
    assert [one["name"] for one in told["profiles"]] == list(NAMES)
    assert (baked.folder / "downloads" / "bakeoff.md").is_file()
