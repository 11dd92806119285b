"""The player, by what a listener sees and does, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from .conftest import Opener
from .listening import PAGE, lane, live, play, position, starts, status
from .planted_site import DUET, INTRO, Published
from .visits import Visit


def test_thumbs_have_room_and_nothing_is_fetched_before_a_click(visit: Visit) -> None:
    page = live(visit, PAGE)
    controls = page.locator(
        ".ab button:visible, .ab select, .ab-pick, .ab-seek, .ab summary, .st-neighbours a"
    )
    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": 844})
        sizes = controls.evaluate_all(
            "all => all.map(one => { const box = one.getBoundingClientRect();"
            " return [one.className, box.width, box.height]; })"
        )
        assert len(sizes) >= 12
        assert [size for size in sizes if min(size[1:]) < 44] == []
    expect(status(page)).to_have_text(re.compile(r"^Play fetches raw and clean, [\d.]+ kB;"))
    page.get_by_role("radio", name="Removed", exact=True).check(force=True)
    page.locator(".ab-wave").click()
    assert visit.audio() == []
    # The chosen track comes first and plays; the last of the others comes while it does.
    with page.expect_request("**/clean.flac"):
        page.get_by_role("button", name="Play", exact=True).click()
    starts(page, 0.75)
    assert visit.audio() == [f"{INTRO}/{name}.flac" for name in ("removed", "raw", "clean")]
    assert not page.locator("audio:visible").count()
    expect(page.get_by_text("each track plays separately")).to_be_hidden()


def test_it_plays_switches_and_stops(visit: Visit) -> None:
    page = live(visit, f"renders/{DUET}.html#l=0.00-1.00")
    play(page)
    expect(status(page)).to_have_text("Playing clean")
    page.get_by_role("radio", name="Raw", exact=True).check(force=True)
    expect(status(page)).to_have_text("Playing raw")
    page.wait_for_function(
        "before => document.querySelector('stem-ab').position !== before", arg=position(page)
    )
    page.get_by_role("button", name="Pause").click()
    expect(status(page)).to_have_text(re.compile(r"^Paused at 0:0\d$"))
    stopped = position(page)
    page.wait_for_timeout(150)
    assert position(page) == stopped


def test_it_ends_and_begins_again(visit: Visit) -> None:
    page = live(visit, f"{PAGE}#t=1.3")
    page.get_by_role("button", name="Play", exact=True).click()
    expect(status(page)).to_have_text("The end")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    assert position(page) == pytest.approx(1.5)
    starts(page, 1.3)
    page.get_by_role("button", name="Play", exact=True).click()
    starts(page, 0)


def test_a_tap_the_slider_and_buttons_set_spot_and_loop(visit: Visit) -> None:
    page = live(visit, PAGE)
    slider = page.get_by_role("slider", name="Position")
    for picture in (lane(page), page.locator(".ab-presence"), page.locator(".ab-spectrum").last):
        box = picture.bounding_box()
        assert box is not None
        picture.click(position={"x": box["width"] / 3, "y": 10})
        assert position(page) == pytest.approx(0.5, abs=0.01)
        head = picture.locator(".ab-head").bounding_box()
        assert head is not None
        assert head["x"] == pytest.approx(box["x"] + box["width"] / 3, abs=2)
        slider.fill("0")
    slider.fill("1.2")
    assert position(page) == pytest.approx(1.2, abs=0.01)
    expect(slider).to_have_attribute("aria-valuetext", "0:01 of 0:02")
    slider.press("Home")
    assert position(page) == 0
    slider.fill("0.3")
    page.get_by_role("button", name="Loop from here").click()
    slider.fill("1.1")
    page.get_by_role("button", name="Loop to here").click()
    expect(page).to_have_url(re.compile(r"&l=0\.30-1\.10$"))


def test_a_dragged_stretch_is_repeated(visit: Visit) -> None:
    page = live(visit, PAGE)
    box = lane(page).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 20, steps=5)
    page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + 20, steps=5)
    page.mouse.up()
    expect(status(page)).to_have_text("Loop from 0:00.3 to 0:00.9")
    play(page)
    starts(page, 0.3)
    page.evaluate(
        "() => { const player = document.querySelector('stem-ab'); window.seen = [];"
        " setInterval(() => seen.push(player.position), 10); }"
    )
    page.wait_for_function("seen.filter((one, i) => one < seen[i - 1]).length >= 2")
    seen: list[float] = page.evaluate("seen")
    # From where it began, which is at most the lead of 0.03 s ahead of what sounds.
    assert min(seen) >= 0.27
    assert max(seen) <= 0.901
    shown = lane(page).locator(".ab-loop").bounding_box()
    assert shown is not None
    assert shown["width"] == pytest.approx(0.4 * box["width"], abs=4)
    page.get_by_role("button", name="No loop").click()
    expect(status(page)).to_have_text("The end")


def test_keys_work_in_the_player_and_nowhere_else(visit: Visit) -> None:
    page = live(visit, f"{PAGE}#l=0.00-1.40")
    page.locator("h1").click()
    page.keyboard.press("k")
    assert visit.audio() == []
    # The arrow keys are the radios' own.
    page.get_by_role("radio", name="Clean", exact=True).focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Removed", exact=True)).to_be_checked()
    expect(status(page)).to_have_text("removed")
    page.keyboard.press("1")
    expect(page.get_by_role("radio", name="Raw", exact=True)).to_be_checked()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(status(page)).to_have_text("Playing raw")
    page.keyboard.press("3")
    expect(status(page)).to_have_text("Playing removed")
    page.keyboard.press("k")
    expect(status(page)).to_have_text(re.compile("^Paused"))
    page.keyboard.press("u")
    expect(status(page)).to_have_text("No loop")
    page.keyboard.press("l")
    assert position(page) == pytest.approx(1.5)
    page.keyboard.press("j")
    assert position(page) == 0
    page.get_by_role("slider").fill("0.5")
    page.keyboard.press("i")
    expect(status(page)).to_have_text("Loop from 0:00.5 to 0:01.5")
    page.keyboard.press("u")
    expect(status(page)).to_have_text("No loop")
    page.keyboard.press("p")
    expect(page.locator("h1")).to_have_text("duet.wav")


def test_a_link_leads_to_render_track_spot_and_loop(visit: Visit) -> None:
    page = live(visit, f"{PAGE}#v=removed&t=0.75&l=0.50-1.25")
    expect(page.get_by_role("radio", name="Removed", exact=True)).to_be_checked()
    assert position(page) == pytest.approx(0.75)
    assert page.locator("stem-ab[data-looped]").count() == 1
    expect(page.locator("stem-ab")).to_be_in_viewport()
    assert visit.audio() == [], "a link does not play by itself"
    # Another spot of the same page, as from a message: without a loop, it ends the loop.
    page.evaluate("location.hash = '#v=raw&t=1.30'")
    expect(page.get_by_role("radio", name="Raw", exact=True)).to_be_checked()
    assert position(page) == pytest.approx(1.3)
    assert page.locator("stem-ab[data-looped]").count() == 0


def test_the_address_is_always_a_link_to_the_spot(open_page: Opener, published: Published) -> None:
    page = open_page(published, PAGE, permissions=["clipboard-read", "clipboard-write"])
    expect(page.locator(".ab-live")).to_have_count(1)
    page.get_by_role("radio", name="Raw", exact=True).check(force=True)
    page.get_by_role("slider").fill("1.25")
    expect(page).to_have_url(f"{published.url}/{PAGE}#v=raw&t=1.25")
    # Without a secure context there is no clipboard: the link is shown to be copied by hand.
    page.get_by_role("button", name="Copy link to this spot").click()
    expect(status(page)).to_have_text(
        re.compile(r"^(Link to 0:01 copied|Copy this link: .*#v=raw&t=1\.25)$")
    )


def test_an_anchor_is_no_spot_and_words_and_gains_are_printed(visit: Visit) -> None:
    page = live(visit, f"{PAGE}#words")
    expect(page.locator("#words")).to_be_in_viewport()
    assert position(page) == 0
    assert page.url.endswith("#words")
    counts = page.locator(".st-difference").first.locator(".st-counts").inner_text()
    found = re.search(r"WER ([\d.]+) % = \((\d+) \+ (\d+) \+ (\d+)\) / (\d+) words", counts)
    assert found is not None
    rate, *parts, words = map(float, found.groups())
    assert rate == pytest.approx(100 * sum(parts) / words, abs=0.05)
    signs = page.locator(".st-difference").first.locator(".st-transcript")
    assert [
        signs.locator(f".st-{kind}").count() for kind in ("substituted", "deleted", "inserted")
    ] == parts
    # Told by signs to those who see, in words to those who listen.
    expect(signs.locator(".st-substituted")).to_have_text("changed from quick ≠  to quack")
    expect(signs.locator(".st-deleted")).to_have_text("missing: −old")
    expect(signs.locator(".st-inserted")).to_have_text("added: +jumps")
    modes = page.get_by_label("Loudness")
    gains = page.locator("[data-part=gains]")
    # A tone is no speech, so this render can be matched by LUFS alone, and says so.
    assert modes.locator("option").all_inner_texts() == ["LUFS matched", "as delivered"]
    expect(gains).to_have_text(re.compile(r"^raw −1\.\d dB · clean 0\.0 dB · removed −1\.\d dB$"))
    modes.select_option("none")
    expect(gains).to_have_text("raw 0.0 dB · clean 0.0 dB · removed 0.0 dB")
    expect(status(page)).to_have_text("as delivered")


def test_a_word_leads_to_where_it_is_heard_and_is_then_marked(visit: Visit) -> None:
    # Also one behind the loop.
    page = live(visit, f"{PAGE}#t=0.1&l=0.10-0.30")
    words = page.locator(".st-transcript").first.locator("[role=button]")
    expect(words.first).to_have_attribute("tabindex", "0")
    page.locator(".st-transcript").first.get_by_text("old").click()
    starts(page, 0.7)
    words.first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    starts(page, 0.3)
    page.keyboard.press("End")
    page.keyboard.press("Space")
    starts(page, 1.1)
    assert words.evaluate_all("all => all.filter(one => one.tabIndex === 0).length") == 1
    expect(status(page)).to_have_text("The end")
    page.evaluate("location.hash = '#t=0.5&l=0.50-0.68'")
    play(page)
    expect(page.locator(".st-transcript [aria-current]").first).to_have_text("brown")


def test_strips_follow_the_position_and_are_tapped(visit: Visit) -> None:
    page = live(visit, f"renders/{DUET}.html#t=0.6")
    strips = page.locator(".ab-strip")
    expect(strips).to_have_count(4)
    expect(strips.locator("img").first).to_have_attribute("src", re.compile("/raw-001.webp$"))
    strip = strips.last
    box = strip.bounding_box()
    assert box is not None
    head = strip.locator(".ab-head").bounding_box()
    assert head is not None
    assert head["x"] == pytest.approx(box["x"] + box["width"] / 5, abs=2)
    strip.click(position={"x": box["width"] / 2, "y": 10})
    assert position(page) == pytest.approx(0.75, abs=0.01)
    page.get_by_role("slider", name="Position").fill("1.5")
    expect(strip.locator("img")).to_have_attribute("src", re.compile("/change-002.webp$"))
    strip.drag_to(
        strip,
        source_position={"x": box["width"] / 5, "y": 10},
        target_position={"x": box["width"] / 2, "y": 10},
    )
    expect(status(page)).to_have_text("Loop from 0:01.1 to 0:01.3")
    shown = strip.locator(".ab-loop").bounding_box()
    assert shown is not None
    assert shown["x"] == pytest.approx(box["x"] + box["width"] / 5, abs=4)
    assert shown["width"] == pytest.approx(0.3 * box["width"], abs=6)
