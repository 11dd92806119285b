"""The Method page: every metric with its formula as mathematics, its sources and its limits."""

from __future__ import annotations

import re
from html import unescape
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Browser

from stemsilver.evaluation.catalogue import METRICS
from stemsilver.microsite.parts.mathml import mathml, with_symbols
from stemsilver.microsite.parts.metric_cells import families

from .conftest import PHONE
from .planted_site import Published
from .visits import visiting

BOXES = ".st-formula"


def shown(markup: str) -> str:
    """What a reader sees of `markup`, which must be well-formed."""
    return "".join(ElementTree.fromstring(f"<p>{markup}</p>").itertext())


def sections(published: Published) -> dict[str, str]:
    """The markup of every family's section."""
    page = (published.folder / "method.html").read_text(encoding="utf-8")
    found = re.findall(r'<section class="st-method".*?</section>', page, re.DOTALL)
    return {re.findall(r'<h3 id="([^"]+)"', one)[0]: one for one in found}


def test_every_formula_becomes_mathematics_without_a_rest() -> None:
    for metric in METRICS.values():
        for markup in (mathml(metric.formula), with_symbols(metric.where)):
            # What the converter does not know, it lets through as it is.
            assert not set("\\&$") & set(shown(markup)), metric.name
            assert "<math " in markup, metric.name
    # And that would be seen.
    assert "\\" in shown(mathml(r"\nosuch"))
    with pytest.raises(ElementTree.ParseError):
        shown(mathml("a & b"))


def test_the_latex_stays_as_alternative_text_and_words_are_only_words() -> None:
    markup = mathml(r"\frac{a}{b} < \text{\"c\"}")
    assert ElementTree.fromstring(markup).get("alttext") == r"\frac{a}{b} < \text{\"c\"}"
    sentence = with_symbols("<b>$x$</b> & $y$")
    assert sentence.startswith("&lt;b&gt;<math ")
    assert "</math>&lt;/b&gt; &amp; <math " in sentence
    assert sentence.endswith("</math>")


def test_every_family_shows_its_formula_symbols_sources_and_limits(published: Published) -> None:
    found = sections(published)
    for family in families():
        markup, metric = found[family.anchor], family.clean
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
    assert "<dt>Gate</dt><dd>≤ −20 dB</dd>" in found["music_to_speech_db"]
    assert "<dt>Gate</dt>" not in found["estoi"]


def test_every_formula_is_drawn_and_a_stop_for_the_keyboard_only_where_it_scrolls(
    browser: Browser, published: Published
) -> None:
    colour = "all => all.map(one => [one, one.parentElement].map(it => getComputedStyle(it).color))"
    within = "document.documentElement.scrollWidth <= innerWidth"
    with visiting(browser, published, viewport=PHONE, color_scheme="dark") as visit:
        page = visit.open("method.html")
        sizes = page.locator("math").evaluate_all(
            "all => all.map(one => one.getBoundingClientRect()).map(box => [box.width, box.height])"
        )
        assert page.locator(f"{BOXES} > math").count() == len(families())
        assert all(width > 4 and height > 4 for width, height in sizes)
        assert page.evaluate(within)
        # They have the colour of the text.
        colours = page.locator("math").evaluate_all(colour)
        assert all(formula == text for formula, text in colours)
        page.emulate_media(color_scheme="light")
        page.reload()
        assert page.locator("math").evaluate_all(colour)[0] not in colours
        boxes = page.locator(BOXES)
        for width, anything in ((240, True), (1440, False)):
            page.set_viewport_size({"width": width, "height": 844})
            page.evaluate(
                "() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))"
            )
            fitting = boxes.evaluate_all(
                "all => all.map(box => box.scrollWidth <= box.clientWidth)"
            )
            assert (False in fitting) is anything
            stops = boxes.evaluate_all(
                "all => all.map(box => [box.tabIndex, box.getAttribute('role')])"
            )
            assert stops == [[-1, None] if fit else [0, "group"] for fit in fitting]
            assert page.evaluate(within)
