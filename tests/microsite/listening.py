"""A render's page as a listener has it: its player, its live region, where it stands."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from .visits import Visit

ITEM = "intro-one-00000001"
PAGE = f"renders/{ITEM}.html"
DUET = "duet-00000002"


def live(visit: Visit, name: str) -> Page:
    """A render's page, once its player has come to life."""
    page = visit.open(name)
    expect(page.locator(".ab-live")).to_have_count(1)
    return page


def play(page: Page) -> None:
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
