"""The Method page: every metric with its formula as mathematics, its sources and its limits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Browser, Page

from stemsilver.evaluation.catalogue import METRICS, Metric
from stemsilver.microsite.parts.mathml import mathml, with_symbols
from stemsilver.microsite.parts.metric_cells import Family, families

from .planted_site import Published

EACH_METRIC = pytest.mark.parametrize("metric", METRICS.values(), ids=list(METRICS))
EACH_FAMILY = pytest.mark.parametrize(
    "family", families(), ids=[family.anchor for family in families()]
)
BOXES = ".st-formula"


def shown(markup: str) -> str:
    """What a reader sees of `markup`, which must be well-formed."""
    return "".join(ElementTree.fromstring(f"<p>{markup}</p>").itertext())


def section(published: Published, family: Family) -> str:
    """The markup of a family's section."""
    page = (published.folder / "method.html").read_text(encoding="utf-8")
    sections = re.findall(r'<section class="st-method".*?</section>', page, re.DOTALL)
    [found] = [one for one in sections if f'<h3 id="{family.anchor}"' in one]
    return found


# --- the conversion


@EACH_METRIC
def test_every_formula_becomes_mathematics_without_a_rest(metric: Metric) -> None:
    for markup in (mathml(metric.formula), with_symbols(metric.where)):
        # What the converter does not know, it lets through as it is.
        assert not set("\\&$") & set(shown(markup))
        assert "<math " in markup


def test_a_command_that_is_not_known_would_be_seen() -> None:
    assert "\\" in shown(mathml(r"\nosuch"))
    with pytest.raises(ElementTree.ParseError):
        shown(mathml("a & b"))


def test_the_latex_stays_as_alternative_text() -> None:
    markup = mathml(r"\frac{a}{b} < \text{\"c\"}")
    assert ElementTree.fromstring(markup).get("alttext") == r"\frac{a}{b} < \text{\"c\"}"


def test_the_words_between_symbols_are_only_words() -> None:
    sentence = with_symbols("<b>$x$</b> & $y$")
    assert sentence.startswith("&lt;b&gt;<math ")
    assert "</math>&lt;/b&gt; &amp; <math " in sentence
    assert sentence.endswith("</math>")


# --- the page


@EACH_FAMILY
def test_every_family_shows_its_formula_symbols_sources_and_limits(
    published: Published, family: Family
) -> None:
    markup = section(published, family)
    metric = family.clean
    assert mathml(metric.formula) in markup
    assert with_symbols(metric.where) in markup
    facts = dict(re.findall(r"<dt>(.*?)</dt>\s*<dd>(.*?)</dd>", markup, re.DOTALL))
    assert unescape(facts["What it cannot tell"]) == metric.limits
    assert facts["Tolerance"] == family.tolerance
    assert (facts["Unit"], facts["Direction"]) == (family.unit, family.direction)
    assert re.findall(r"<code>(.*?)</code>", facts["Columns"]) == list(family.names)
    for source in metric.sources:
        assert source.title in unescape(facts["Source"])
        assert source.url is None or f'<a href="{source.url}">' in facts["Source"]


def test_a_family_with_a_gate_shows_its_limit(published: Published) -> None:
    [gated] = [family for family in families() if family.anchor == "music_to_speech_db"]
    [free] = [family for family in families() if family.anchor == "estoi"]
    assert "<dt>Gate</dt><dd>≤ −20 dB</dd>" in section(published, gated)
    assert "<dt>Gate</dt>" not in section(published, free)


# --- in a browser


@pytest.fixture
def page(browser: Browser, published: Published) -> Iterator[Page]:
    """The Method page on a phone, in dark colours."""
    context = published.serve(
        browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark")
    )
    page = context.new_page()
    page.goto(f"{published.url}/method.html", wait_until="load")
    yield page
    context.close()


def test_every_formula_is_drawn_and_the_page_stays_within_a_phone(page: Page) -> None:
    sizes = page.locator("math").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect()).map(box => [box.width, box.height])"
    )
    assert page.locator(f"{BOXES} > math").count() == len(families())
    assert all(width > 4 and height > 4 for width, height in sizes)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_formulas_have_the_colour_of_the_text(page: Page) -> None:
    colours = page.locator("math").evaluate_all(
        "all => all.map(one => [one, one.parentElement].map(it => getComputedStyle(it).color))"
    )
    assert all(formula == text for formula, text in colours)
    page.emulate_media(color_scheme="light")
    page.reload()
    assert page.locator("math").first.evaluate("one => getComputedStyle(one).color") not in {
        formula for formula, _ in colours
    }


def test_a_formula_is_a_stop_for_the_keyboard_only_where_it_scrolls(page: Page) -> None:
    boxes = page.locator(BOXES)
    fits = "all => all.map(box => box.scrollWidth <= box.clientWidth)"
    stops = "all => all.map(box => [box.tabIndex, box.getAttribute('role')])"
    for width, anything in ((240, True), (1440, False)):
        page.set_viewport_size({"width": width, "height": 844})
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
        fitting = boxes.evaluate_all(fits)
        assert (False in fitting) is anything
        expected = [[-1, None] if fit else [0, "group"] for fit in fitting]
        assert boxes.evaluate_all(stops) == expected
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
