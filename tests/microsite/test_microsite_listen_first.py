"""Where to listen first, what changed, and what music is left: on the page of a render."""

from __future__ import annotations

import csv
import json

from playwright.sync_api import expect

from stemsilver.media.plots import BASE_CHANGE

from .conftest import PHONE, Opener
from .listening import PAGE, live, starts, status
from .planted_site import BROKEN, DUET, INTRO, Published
from .test_microsite_pages import body
from .visits import Visit


def test_a_place_plays_clean_from_just_before_it(visit: Visit) -> None:
    page = live(visit, PAGE)
    page.get_by_role("radio", name="Raw", exact=True).check(force=True)
    page.get_by_role("button", name="Hear clean at 0:01").first.click()
    starts(page, 0.4)
    expect(status(page)).to_have_text("Playing clean")
    expect(page.get_by_role("radio", name="Clean", exact=True)).to_be_checked()


def test_music_that_is_left_plays_too(visit: Visit) -> None:
    page = live(visit, PAGE)
    page.locator(".st-question summary").first.click()
    page.locator(".st-ranges button[data-as=raw]").nth(3).click()
    starts(page, 0.15)
    expect(status(page)).to_have_text("Playing raw")


def test_places_and_ranges_are_text_without_scripts(
    open_page: Opener, published: Published
) -> None:
    page = open_page(published, PAGE, viewport=PHONE, java_script_enabled=False)
    first = page.locator(".ab-first")
    expect(first).to_be_visible()
    assert "Hear clean at 0:01 19 dB" in " ".join(first.inner_text().split())
    page.locator(".st-question summary").first.click()
    expect(page.locator(".st-ranges button").first).to_be_disabled()
    expect(page.locator(".st-ranges button").first).to_be_visible()


def test_the_pages_say_what_was_found(published: Published) -> None:
    page = body(published, PAGE)
    assert "Left in clean, with its level relative to the speech: Hear clean at 0:00 –0:01" in page
    assert "and 6 more in the files" in page
    page = body(published, f"renders/{DUET}.html")
    assert "Nowhere does the speech of clean depart from raw by 8 dB or more." in page
    assert "No music was found in clean." in page
    # It failed, so nothing is known of it.
    page = body(published, f"renders/{BROKEN}.html")
    assert "What to hear first" not in page
    assert "music" not in page


def test_the_ranges_are_files_as_an_audit_writes_them(published: Published) -> None:
    folder = published.folder / "renders" / INTRO
    with (folder / "music-raw.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 14
    assert rows[1] == {
        "path": "narration/intro one.wav",
        "status": "music",
        "start": "0.05",
        "end": "0.08",
        "level_db": "-9.5",
    }
    [item] = json.loads((folder / "music-clean.json").read_text("utf-8"))["items"]
    assert item["music"] == [{"start": 0.25, "end": 1.25, "level_db": None}]
    labels = (folder / "music-clean.labels.txt").read_text("utf-8")
    assert labels == "0.250000\t1.250000\tmusic\n"
    assert not (published.folder / "renders" / DUET / "music-clean.labels.txt").exists()
    linked = (published.folder / PAGE).read_text("utf-8")
    assert linked.count(f'href="{INTRO}/music-') == 6


def test_what_changed_from_the_base_is_drawn_if_there_is_one(
    open_page: Opener, published: Published, compared: Published
) -> None:
    assert BASE_CHANGE not in (published.folder / PAGE).read_text("utf-8")
    page = open_page(compared, PAGE)
    picture = page.locator(f"section[aria-labelledby={BASE_CHANGE}] img")
    picture.scroll_into_view_if_needed()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1200
