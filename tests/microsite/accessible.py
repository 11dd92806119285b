"""What axe-core, a checker of accessibility, finds on a page."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page


def violations(page: Page) -> list[str]:
    """The faults of a page as it stands, each with how serious it is."""
    return [
        f"{one['impact']}: {one['id']} on {one['nodes'][0]['html'][:200]}"
        for one in Axe().run(page).response["violations"]
    ]


def serious(page: Page) -> list[str]:
    """The faults that keep somebody from using the page."""
    return [one for one in violations(page) if one.startswith(("serious", "critical"))]
