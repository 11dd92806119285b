"""What holds of every page of every kind of site, on a phone and on a desk, in light and dark."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from .accessible import serious
from .conftest import PHONE
from .fonts import widths
from .planted_site import BROKEN, DUET, HOSTILE_ID, INTRO, SILENT, Published
from .visits import visiting

RENDERS = tuple(f"renders/{id_}" for id_ in (INTRO, DUET, HOSTILE_ID, SILENT, BROKEN))
SITES = {
    "compared": (
        *("index", "compare", "blind", "trend", "how-it-works", "method", "reproduce"),
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


@pytest.mark.parametrize(
    ("site", "name"), [(site, name) for site, names in SITES.items() for name in names]
)
def test_it_fits_everybody_and_nothing_hostile_runs(
    browser: Browser, request: pytest.FixtureRequest, site: str, name: str
) -> None:
    published: Published = request.getfixturevalue(site)
    # Or colours fade when the scheme changes.
    with visiting(browser, published, viewport=PHONE, reduced_motion="reduce") as visit:
        page = visit.open(f"{name}.html")
        assert widths(page) == [390] * 3
        assert serious(page) == []
        page.set_viewport_size({"width": 1440, "height": 844})
        page.emulate_media(color_scheme="dark")
        assert page.evaluate("document.documentElement.scrollWidth") == 1440
        assert serious(page) == []
        assert page.evaluate(BROKEN_PICTURES) == []
        assert page.evaluate("typeof window.pwned") == "undefined"


def test_no_page_is_forgotten(compared: Published, baked: Published) -> None:
    for site, published in (("compared", compared), ("baked", baked)):
        pages = {
            path.relative_to(published.folder).with_suffix("").as_posix()
            for path in published.folder.rglob("*.html")
        }
        assert pages - ALIKE == set(SITES[site])
