"""Sites built from the planted batch, and a real browser to open them with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright

from .bakeoff_site import bake_site
from .blind_site import blind_site
from .other_sites import pair_site, year_site
from .planted_site import Planted, Published, Served, plant
from .visits import Visit, visiting

PHONE = {"width": 390, "height": 844}
WIDE = {"width": 1440, "height": 900}
Opener = Callable[..., Page]

_BROWSER_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    """The planted batch with its audio and pictures."""
    return plant(tmp_path_factory.mktemp("planted"))


@pytest.fixture(scope="session")
def published(planted: Planted, tmp_path_factory: pytest.TempPathFactory) -> Published:
    """The planted batch as a site."""
    folder = tmp_path_factory.mktemp("published") / "site"
    planted.build(folder)
    return Published(folder, planted)


@pytest.fixture(scope="session")
def compared(published: Published, tmp_path_factory: pytest.TempPathFactory) -> Published:
    """The planted batch as a site that is compared with another build of it."""
    folder = tmp_path_factory.mktemp("compared") / "site"
    published.planted.build(folder, base=published.folder)
    return Published(folder, published.planted)


def _site(make: Callable[[Planted, Path], Published]) -> Any:
    @pytest.fixture(scope="session")
    def made(planted: Planted, tmp_path_factory: pytest.TempPathFactory) -> Published:
        return make(planted, tmp_path_factory.mktemp("site"))

    return made


blinded, baked, paired, year = map(_site, (blind_site, bake_site, pair_site, year_site))


@pytest.fixture(scope="session")
def browser(playwright: Playwright, chromium: str) -> Iterator[Browser]:
    """A running browser."""
    started = playwright.chromium.launch(executable_path=chromium, args=list(_BROWSER_ARGUMENTS))
    yield started
    started.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Opener]:
    """Opens a page of a site for a visitor of any kind, whose complaints are the test's own."""
    contexts: list[BrowserContext] = []

    def opened(site: Served, name: str, missing: str | None = None, **visitor: Any) -> Page:
        contexts.append(site.serve(browser.new_context(**visitor)))
        if missing is not None:
            contexts[-1].route(missing, lambda route: route.abort())
        page = contexts[-1].new_page()
        page.goto(f"{site.url}/{name}", wait_until="load")
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def visit(browser: Browser, published: Published) -> Iterator[Visit]:
    """A fresh visitor, at whose departure nothing must have gone wrong."""
    with visiting(browser, published) as seen:
        yield seen


@pytest.fixture
def listener(browser: Browser, blinded: Published) -> Iterator[Visit]:
    """A fresh visitor of the blind test, on a phone."""
    clipboard = ["clipboard-read", "clipboard-write"]
    with visiting(browser, blinded, viewport=PHONE, permissions=clipboard) as seen:
        yield seen
