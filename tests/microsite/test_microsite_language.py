"""A site in German: its texts, its numbers, and what scripts say."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from babel.messages.catalog import Catalog
from playwright.sync_api import Browser, Page, expect

from stemsilver.translation.catalogue import catalogue

from .accessible import serious
from .conftest import PHONE
from .planted_site import BROKEN, INTRO, SILENT, Planted, Published
from .visits import visiting

PAGES = (
    *("index", "compare", "blind", "review", "trend", "how-it-works", "method", "reproduce"),
    *(f"renders/{id_}" for id_ in (INTRO, BROKEN, SILENT)),
)

# All that a reader sees or hears, except code, formulas, and what is marked as another language.
TEXTS = """() => {
  const kept = "code, pre, math, script, style, bdi, [lang]:not(html)";
  const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_ALL);
  const found = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.nodeType === Node.TEXT_NODE ? node.parentElement : node;
    if (element.closest?.(kept)) continue;
    if (node.nodeType === Node.TEXT_NODE) found.push(node.data);
    if (node.nodeType !== Node.ELEMENT_NODE) continue;
    for (const name of ["aria-label", "aria-valuetext", "alt", "title", "placeholder"]) {
      if (node.hasAttribute(name)) found.push(node.getAttribute(name));
    }
  }
  return found.map((text) => text.trim()).filter(Boolean);
}"""


@pytest.fixture(scope="module")
def german(planted: Planted, tmp_path_factory: pytest.TempPathFactory) -> Published:
    """The planted batch in German, compared with another build of it."""
    folder = tmp_path_factory.mktemp("german")
    site = planted.profile.site.model_copy(update={"language": "de"})
    made = replace(planted, profile=planted.profile.model_copy(update={"site": site}))
    made.build(folder / "base")
    made.build(folder / "site", base=folder / "base")
    return Published(folder / "site", made)


def untranslated(page: Page, known: Catalog) -> list[str]:
    """The texts of a page that are still a message in English, of more than two words."""
    english = [
        "".join(re.escape(part) if at % 2 == 0 else ".+" for at, part in enumerate(parts))
        for message in known
        for text in ([message.id] if isinstance(message.id, str) else message.id)
        for parts in [re.split(r"(\{\w+\}|%\(\w+\)s|<[^>]+>)", text)]
        if len(re.findall(r"[A-Za-z]{2,}", "".join(parts[::2]))) > 2 and message.string != text
    ]
    pattern = re.compile("|".join(english), re.DOTALL)
    return [text for text in page.evaluate(TEXTS) if pattern.fullmatch(text)]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_in_german_has_no_english_left(
    browser: Browser, german: Published, name: str
) -> None:
    with visiting(browser, german, viewport=PHONE, reduced_motion="reduce") as visit:
        page = visit.open(f"{name}.html")
        assert page.get_attribute("html", "lang") == "de"
        assert untranslated(page, catalogue("de")) == []
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        assert serious(page) == []


def test_numbers_and_controls_are_german(browser: Browser, german: Published) -> None:
    with visiting(browser, german) as visit:
        page = visit.open("index.html")
        expect(page.get_by_role("navigation").get_by_role("link", name="Übersicht")).to_be_visible()
        expect(page.locator(".st-filter").first).to_contain_text("Aufnahme suchen")
        expect(page.locator(".st-count")).to_have_text(re.compile(r"1–\d+ von \d+ Aufnahmen"))
        play = page.locator(".st-row-player button").first
        expect(play).to_have_attribute(
            "aria-label", re.compile(r"^Original abspielen, [\d,]+ kB: ")
        )
        numbers = " ".join(page.locator("table[data-scorecard] td").all_inner_texts())
        assert re.search(r"\d,\d", numbers)
        assert not re.search(r"\d\.\d", numbers)


def test_files_are_the_same_in_every_language(german: Published, compared: Published) -> None:
    """Programs and other languages read them."""
    for pattern in ("downloads/*.csv", "renders/*/*.csv", "renders/*/*.json", "renders/*/*.txt"):
        files = sorted(german.folder.glob(pattern))
        assert files or pattern == "downloads/*.csv"
        for path in files:
            other = compared.folder / path.relative_to(german.folder)
            assert path.read_bytes() == other.read_bytes(), path.name
