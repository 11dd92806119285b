"""The player when something is in its way: no scripts, no network, no patience."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from .conftest import Opener
from .listening import PAGE, live, play, position, status
from .planted_site import Published
from .visits import Visit, visiting

LOOPED = f"{PAGE}#l=0.00-1.40"


@pytest.fixture
def page(open_page: Opener, published: Published) -> Page:
    """A render's page whose complaints are part of the test."""
    return open_page(published, LOOPED)


def test_audio_that_cannot_be_had_is_told_and_not_shown_as_heard(page: Page) -> None:
    page.route("**/*.flac", lambda route: route.abort())
    page.get_by_role("button", name="Play", exact=True).click()
    expect(status(page)).to_have_text("clean: the audio could not be fetched. Are you offline?")
    page.unroute("**/*.flac")
    page.route("**/removed.flac", lambda route: route.fulfill(status=404))
    play(page)
    page.get_by_role("radio", name="Removed", exact=True).check(force=True)
    expect(status(page)).to_have_text("removed: the server answered 404.")
    expect(page.get_by_role("radio", name="Clean", exact=True)).to_be_checked()
    assert page.evaluate("document.querySelector('stem-ab').playing")


def test_a_second_press_while_loading_calls_it_off(page: Page) -> None:
    held: list[Route] = []
    page.route("**/*.flac", lambda route: held.append(route))
    page.get_by_role("button", name="Play", exact=True).click()
    expect(status(page)).to_have_text(re.compile(r"^Fetching clean, [\d.]+ kB…$"))
    page.get_by_role("button", name="Pause").click()
    expect(status(page)).to_have_text("Paused at 0:00")
    held[0].fallback()
    page.wait_for_timeout(300)
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    assert position(page) == 0


def test_another_choice_while_loading_wins(page: Page) -> None:
    held: list[Route] = []
    page.route("**/clean.flac", lambda route: held.append(route))
    page.get_by_role("button", name="Play", exact=True).click()
    expect(status(page)).to_have_text(re.compile("^Fetching clean"))
    page.get_by_role("radio", name="Raw", exact=True).check(force=True)
    expect(status(page)).to_have_text("Playing raw")
    held[0].fallback()
    page.wait_for_timeout(300)
    expect(status(page)).to_have_text("Playing raw")
    assert page.evaluate("document.querySelector('stem-ab').engine.selected") == "raw"


def test_reduced_motion_moves_in_steps(open_page: Opener, published: Published) -> None:
    page = open_page(published, LOOPED, reduced_motion="reduce")
    page.evaluate(
        "window.moves = 0; document.querySelector('stem-ab')"
        ".addEventListener('ab-time', () => moves++)"
    )
    play(page)
    page.wait_for_timeout(800)
    assert page.evaluate("moves") < 8


def test_every_track_plays_without_scripts(browser: Browser, published: Published) -> None:
    with visiting(browser, published, java_script_enabled=False) as visit:
        page = visit.open(PAGE)
        assert visit.audio() == []
        assert not page.locator(".ab-deck, .ab-settings").locator("visible=true").count()
        expect(page.get_by_text("each track plays separately")).to_be_visible()
        expect(page.locator("#measurements ~ section .st-cards").nth(1)).to_contain_text("3.1")
        # Play, on the browser's own controls of every track.
        players = page.locator("audio")
        expect(players).to_have_count(3)
        for index in range(3):
            player = players.nth(index)
            player.scroll_into_view_if_needed()
            player.focus()
            page.keyboard.press("Space")
            # Asked again and again: without scripts the page itself hears no events.
            for _ in range(100):
                if player.evaluate("player => player.error || player.currentTime > 0.05"):
                    break
                page.wait_for_timeout(50)
            assert player.evaluate("player => [player.error, player.paused]") == [None, False]
            player.evaluate("player => player.pause()")


def test_a_thousand_moves_of_the_slider_are_one_new_address(visit: Visit) -> None:
    """Browsers refuse a page that changes its address too often, by an error in its face."""
    page = live(visit, PAGE)
    page.evaluate(
        "() => { window.changes = 0; const own = history.replaceState.bind(history);"
        " history.replaceState = (...more) => { changes += 1; own(...more); };"
        " const slider = document.querySelector('.ab-seek');"
        " for (let i = 0; i < 1000; i++) { slider.value = i / 1000;"
        " slider.dispatchEvent(new Event('input', { bubbles: true })); } }"
    )
    page.wait_for_timeout(600)
    assert page.evaluate("changes") == 1


def test_leaving_or_interrupting_stops_the_sound(visit: Visit) -> None:
    page = live(visit, LOOPED)
    page.add_script_tag(
        type="module",
        content="import { openContext } from '/assets/player/context.js';"
        " window.sound = openContext(24000);",
    )
    page.wait_for_function("window.sound")
    play(page)
    page.evaluate("sound.suspend()")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    play(page)
    page.wait_for_function("sound.state === 'running'")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    assert not page.evaluate("document.querySelector('stem-ab').playing")
