"""What holds of every page of every kind of site, on a phone and on a desk, in light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, BrowserContext

from ..served import serving
from .accessible import serious
from .conftest import PHONE
from .fonts import widths
from .listening import play
from .planted_site import BROKEN, DUET, HOSTILE_ID, INTRO, SILENT, Published, Served
from .visits import visiting

RENDERS = tuple(f"renders/{id_}" for id_ in (INTRO, DUET, HOSTILE_ID, SILENT, BROKEN))
SITES = {
    "compared": (
        *("index", "compare", "blind", "review", "trend"),
        *("how-it-works", "method", "reproduce"),
        *RENDERS,
    ),
    "baked": (
        *("index", "blind", "method", "reproduce"),
        *RENDERS,
    ),
    "paired": (f"renders/{INTRO}", f"renders/{SILENT}"),
    "year": ("trend",),
}
ALIKE = {"404", "blind-1-3", "blind-2-3"}
"""The error page, and the blind tests of a bake-off that differ from the first in their names."""
BROKEN_PICTURES = """() => Promise.all([...document.images].map((image) => {
  image.loading = "eager";
  return image.decode().then(() => null, () => image.src);
})).then((found) => found.filter(Boolean))"""


@dataclass(frozen=True)
class Listening(Served):
    """A folder of pages, under a server that listens at their address."""

    def serve(self, context: BrowserContext) -> BrowserContext:
        """Let the browser ask the server."""
        return context


@pytest.fixture(scope="module")
def served(request: pytest.FixtureRequest) -> Iterator[Listening]:
    """A site as `stemsilver serve` shows it, with its limits to what a page may do."""
    folder = request.getfixturevalue(request.param).folder
    with serving(folder) as port:
        yield Listening(folder, url=f"http://127.0.0.1:{port}")


@pytest.mark.parametrize(
    ("served", "name"),
    [(site, name) for site, names in SITES.items() for name in names],
    indirect=["served"],
)
def test_it_fits_everybody_and_nothing_hostile_runs(
    browser: Browser, served: Listening, name: str
) -> None:
    # Or colours fade when the scheme changes.
    with visiting(browser, served, viewport=PHONE, reduced_motion="reduce") as visit:
        page = visit.open(f"{name}.html")
        assert widths(page) == [390] * 3
        assert serious(page) == []
        page.set_viewport_size({"width": 1440, "height": 844})
        page.emulate_media(color_scheme="dark")
        assert page.evaluate("document.documentElement.scrollWidth") == 1440
        assert serious(page) == []
        assert page.evaluate(BROKEN_PICTURES) == []
        assert page.evaluate("typeof window.pwned") == "undefined"


@pytest.mark.parametrize("served", ["compared"], indirect=True)
def test_its_scripts_run_under_its_policy_and_others_do_not(
    browser: Browser, served: Listening
) -> None:
    with visiting(browser, served) as visit:
        page = visit.open(f"renders/{INTRO}.html#l=0.00-1.00")
        page.reload()  # then it comes from the browser's cache
        play(page)
        assert visit.complaints == []
        with page.expect_console_message(lambda said: "Content Security Policy" in said.text):
            page.evaluate("document.body.setAttribute('onclick', 'window.pwned = 1')")
            page.evaluate("document.body.click()")
        assert page.evaluate("typeof window.pwned") == "undefined"
        visit.complaints.clear()


def test_no_page_is_forgotten(compared: Published, baked: Published) -> None:
    for site, published in (("compared", compared), ("baked", baked)):
        pages = {
            path.relative_to(published.folder).with_suffix("").as_posix()
            for path in published.folder.rglob("*.html")
        }
        assert pages - ALIKE == set(SITES[site])
