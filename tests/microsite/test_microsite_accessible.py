"""Every kind of page for everybody: axe-core in light and dark, and whatever fonts a phone has."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from .fonts import widths
from .planted_site import Published

PAGES = {
    "index.html": ".st-filter",
    "renders/intro-one-00000001.html": ".ab-live",
    "renders/broken-00000005.html": "h1",
    "compare.html": "h1",
    "blind.html": "h1",
    "trend.html": "h1",
    "how-it-works.html": "h1",
    "method.html": "h1",
    "reproduce.html": "h1",
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [390, 1440])
def test_axe_finds_nothing_serious(
    browser: Browser, compared: Published, name: str, scheme: str, width: int
) -> None:
    context = compared.serve(
        browser.new_context(
            color_scheme="dark" if scheme == "dark" else "light",
            viewport={"width": width, "height": 844},
        )
    )
    page = context.new_page()
    page.goto(f"{compared.url}/{name}")
    expect(page.locator(PAGES[name]).first).to_be_visible()
    found = [
        f"{one['impact']}: {one['id']} on {one['nodes'][0]['html'][:200]}"
        for one in Axe().run(page).response["violations"]
        if one["impact"] in ("serious", "critical")
    ]
    context.close()
    assert found == []


def test_a_phone_never_scrolls_sideways_whatever_its_fonts(
    browser: Browser, compared: Published
) -> None:
    context = compared.serve(browser.new_context(viewport={"width": 390, "height": 844}))
    page = context.new_page()
    found = {}
    for path in sorted(compared.folder.rglob("*.html")):
        name = path.relative_to(compared.folder).as_posix()
        page.goto(f"{compared.url}/{name}")
        found[name] = widths(page)
    context.close()
    assert found == dict.fromkeys(found, [390] * 3)
    assert found.keys() >= PAGES.keys()
