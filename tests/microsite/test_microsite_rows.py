"""The scorecard's small buttons, as a listener uses them."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from .conftest import PHONE, Opener
from .listening import PAGE
from .planted_site import INTRO, Published
from .visits import Visit


def button(page: Page, row: str, track: str) -> Locator:
    return page.get_by_role("table").get_by_role(
        "button", name=re.compile(f"^Play {track}, .*{re.escape(row)}")
    )


def status(page: Page) -> Locator:
    return page.get_by_role("status").last


def test_raw_and_clean_play_from_the_scorecard_one_at_a_time(visit: Visit) -> None:
    page = visit.open("index.html")
    # Also after the table was filtered.
    page.get_by_role("searchbox").fill("duet")
    expect(page.locator("tbody button.st-play")).to_have_count(2)
    page.get_by_role("searchbox").fill("")
    expect(page.locator("tbody button.st-play")).to_have_count(8)
    # A render that failed has none.
    assert page.locator("tr[data-item=broken-00000005] button").count() == 0
    assert visit.audio() == []
    pressed = page.locator("button.st-play[aria-pressed=true]")
    clean, raw = (button(page, "intro one.wav", track) for track in ("clean", "raw"))
    expect(clean).to_have_attribute("title", re.compile(r"^Play clean, [\d.]+ kB$"))
    clean.click()
    expect(status(page)).to_have_text("Playing clean: narration/intro one.wav")
    expect(clean).to_have_attribute("aria-pressed", "true")
    raw.click()
    expect(status(page)).to_have_text("Playing raw: narration/intro one.wav")
    expect(clean).to_have_attribute("aria-pressed", "false")
    expect(raw).to_have_attribute("aria-pressed", "true")
    raw.click()
    expect(status(page)).to_have_text("Paused: narration/intro one.wav")
    expect(raw).to_have_attribute("aria-pressed", "false")
    assert sorted(set(visit.audio())) == [f"{INTRO}/clean.flac", f"{INTRO}/raw.flac"]
    clean.click()
    expect(status(page)).to_have_text("Playing clean: narration/intro one.wav")
    button(page, "duet.wav", "clean").click()
    expect(status(page)).to_have_text("Playing clean: stereo/duet.wav")
    expect(pressed).to_have_count(1)
    expect(status(page)).to_have_text("The end: stereo/duet.wav")
    expect(pressed).to_have_count(0)


def test_two_taps_on_a_phone_play_raw_and_then_clean_without_scrolling(visit: Visit) -> None:
    page = visit.page
    page.set_viewport_size(PHONE)
    visit.open("index.html")
    first = page.locator(".st-first")
    # The one that fails its gates.
    expect(first).to_contain_text("stereo/duet.wav")
    expect(first.locator("img")).to_have_js_property("naturalWidth", 240)
    for track in ("raw", "clean"):
        spot = first.get_by_role("button", name=f"Play {track}").bounding_box()
        assert spot is not None
        assert spot["y"] + spot["height"] < PHONE["height"]
        page.mouse.click(spot["x"] + 20, spot["y"] + 20)
        expect(status(page)).to_have_text(f"Playing {track}: stereo/duet.wav")
    assert page.evaluate("scrollY") == 0


def test_on_a_phone_each_row_is_a_card(open_page: Opener, published: Published) -> None:
    page = open_page(published, "index.html", viewport=PHONE)
    cards = page.locator("table[data-scorecard] tbody tr")
    duet = cards.filter(has_text="stereo/duet.wav")
    expect(duet.get_by_role("button", name="Play clean")).to_be_visible()
    expect(duet.get_by_text("gate failed")).to_be_visible()
    assert duet.locator("td[data-label]:visible").evaluate_all(
        "cells => cells.map(cell => cell.dataset.label)"
    ) == ["WER raw to clean", "Music presence", "DNSMOS overall"]
    # Nothing lies beyond the edge, and nothing scrolls but the page.
    for one in (page.locator("html"), page.locator(".st-scroll")):
        assert one.evaluate("one => one.scrollWidth <= one.clientWidth")
    page.get_by_label("Order").select_option("Folder and name ↓")
    expect(cards.first).to_have_text("stereo/")
    expect(cards.nth(1)).to_contain_text("duet.wav")
    page.get_by_label("Show").select_option("✗ gate failed (1)")
    expect(page.locator("tbody .st-chip")).to_have_count(1)
    page.get_by_label("Show").select_option("all failed (2)")
    expect(page.locator("tbody .st-chip")).to_have_count(2)
    page.get_by_label("Show").select_option("approved (1)")
    expect(page.locator("tbody .st-said:visible")).to_have_text("✓ approved: Ben")
    page.get_by_label("Show").select_option("all (5)")
    page.get_by_label("Order").select_option("most attention first")
    expect(cards.first).to_contain_text("not cleaned")


def test_a_row_that_cannot_be_heard_says_so(open_page: Opener, published: Published) -> None:
    page = open_page(published, "index.html")
    page.route("**/*.flac", lambda route: route.abort())
    button(page, "duet.wav", "raw").click()
    expect(status(page)).to_have_text("raw: the audio could not be fetched. Are you offline?")
    expect(page.locator("button.st-play[aria-pressed=true]")).to_have_count(0)


def test_a_site_whose_player_is_gone_keeps_plain_controls(
    open_page: Opener, published: Published
) -> None:
    """A proxy that strips modules, or a script that did not arrive."""
    page = open_page(published, PAGE, missing="**/player/engine.js")
    expect(page.locator("audio").first).to_be_visible()
    expect(page.locator(".ab-deck")).to_be_hidden()
    page.goto(f"{published.url}/index.html")
    expect(page.locator("th", has_text="Render").first).to_be_visible()
    expect(page.locator(".st-listen").first).to_be_hidden()
