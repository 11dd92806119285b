"""A render's page as a listener has it: its player, its live region, where it stands."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from .planted_site import INTRO
from .visits import Visit

PAGE = f"renders/{INTRO}.html"

NOTE_STARTS = """
  window.starts = [];
  const { start } = AudioBufferSourceNode.prototype;
  AudioBufferSourceNode.prototype.start = function (time, offset) {
    starts.push(offset);
    return start.call(this, time, offset);
  };
"""


def live(visit: Visit, name: str) -> Page:
    """A render's page, once its player has come to life."""
    visit.page.add_init_script(NOTE_STARTS)
    page = visit.open(name)
    expect(page.locator(".ab-live")).to_have_count(1)
    return page


def starts(page: Page, seconds: float) -> None:
    """Wait until something begins to sound there: a busy machine may be at its end by now."""
    page.wait_for_function("at => starts.some(one => Math.abs(one - at) < 0.005)", arg=seconds)
    page.evaluate("() => { starts.length = 0; }")


def play(page: Page) -> None:
    """Press play. What is then looked at needs a loop, or the end may come first."""
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(status(page)).to_have_text(re.compile("^Playing"))


def status(page: Page) -> Locator:
    """The live region, which is also what is shown."""
    return page.get_by_role("status")


def position(page: Page) -> float:
    value: float = page.evaluate("document.querySelector('stem-ab').position")
    return value


def lane(page: Page) -> Locator:
    return page.locator(".ab-wave")
