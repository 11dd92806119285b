"""The preview page in a real browser: it plays, runs nothing, and loads nothing from elsewhere."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from stemsilver.delivery.pull_request import read, write_preview

from ..delivery.pull_requests import HOSTILE, a_change, embedded, hostile, opened, render
from .accessible import violations
from .conftest import PHONE
from .fonts import widths
from .planted_site import Served
from .visits import Visit, visiting

URL = "http://stemsilver.test/previews/pr-7"
Previews = dict[str, Served]


@pytest.fixture(scope="module")
def previews(tmp_path_factory: pytest.TempPathFactory) -> Previews:
    """The previews of an honest change, of a hostile one, and of one without a base, each as if it
    lay below a site.
    """
    folder = tmp_path_factory.mktemp("previews")
    alone = opened(folder / "alone", [], [render("one", {}), render("two", {})], no_base=True)
    made = {
        "honest": a_change(folder / "honest"),
        "hostile": hostile(folder / "hostile"),
        "alone": alone,
    }
    (made["honest"].folder / "ab" / "better" / "ab-1-raw.flac").write_bytes(b"<script>")
    for name, one in made.items():
        write_preview(read(one.folder), embedded(), folder / "site" / name, 25)
    return {name: Served(folder / "site" / name, url=URL) for name in made}


@pytest.mark.parametrize("name", ["honest", "hostile", "alone"])
def test_it_fits_everybody_and_loads_its_style_alone(
    browser: Browser, previews: Previews, name: str
) -> None:
    # The checker is a script of the test's own.
    with visiting(browser, previews[name], bypass_csp=True) as visit:
        page = visit.open("index.html")
        expect(page.locator(".banner")).to_contain_text("Preview of pull request #7: made from")
        names = {url.removeprefix(f"{URL}/") for url in visit.requests}
        assert {"index.html", "preview.css"} <= names
        assert names <= {"index.html", "preview.css", "favicon.svg"}
        robots = page.locator('meta[name="robots"]')
        assert robots.get_attribute("content") == "noindex, nofollow"
        limit = page.evaluate("getComputedStyle(document.querySelector('main')).maxWidth")
        assert limit == "1216px"
        for width, scheme in ((390, "light"), (1440, "dark")):
            page.set_viewport_size({"width": width, "height": 844})
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            assert widths(page) == [width] * 3
            assert violations(page) == []
        tracks = ["raw", "clean"] if name == "alone" else ["raw", "base", "this change"]
        expect(page.locator(".render").first.locator(".track b")).to_have_text(tracks * 2)


def test_it_says_what_changed_and_lets_it_be_heard(browser: Browser, previews: Previews) -> None:
    with visiting(browser, previews["honest"], viewport=PHONE) as visit:
        page = visit.open("index.html")
        expect(page.locator(".verdict")).to_contain_text("The guardrail fails")
        renders = page.locator(".render h3")
        expect(renders).to_have_text(["much-worse.wav", "little-worse.wav", "better.wav"])
        worst = page.locator(".render").first
        expect(worst.locator(".track b")).to_have_text(["raw", "base", "this change"] * 2)
        expect(page.locator(".render").last).to_contain_text("Left out: ab-1-raw.flac")
        audio = worst.locator("audio").nth(2)
        played = audio.evaluate("""async (audio) => {
            audio.muted = true;
            await audio.play();
            await new Promise((done) => audio.addEventListener("ended", done));
            return audio.duration;
        }""")
        assert played == 1
        assert [url for url in visit.requests if url.endswith(".flac")] == [
            f"{URL}/ab/much-worse/ab-1-clean.flac"
        ]
        # A phone shows every cell of a table.
        assert page.locator("table").count() == 3
        for table in page.locator("table").all():
            box = table.locator("xpath=..")
            for way in ("Height", "Width"):
                assert box.evaluate(f"(box) => box.scroll{way} - box.client{way}") == 0
            row = table.locator("tbody tr").first
            meaning = row.locator(".meaning").bounding_box()
            values = row.locator("[data-label]").first.bounding_box()
            assert meaning is not None
            assert values is not None
            assert meaning["y"] + meaning["height"] <= values["y"] + 1
        # What a row is, is still told to those who do not see it.
        expect(page.get_by_role("row")).to_have_count(page.locator("tr").count())


def test_no_text_of_a_stranger_acts(browser: Browser, previews: Previews) -> None:
    with visiting(browser, previews["hostile"]) as visit:
        page = visit.open("index.html")
        assert page.evaluate("window.pwned") is None
        assert page.evaluate("document.scripts.length") == 0
        assert page.locator("img, iframe, object, embed, form, a, base, details").count() == 0
        assert page.locator("audio[autoplay]").count() == 0
        assert page.locator("[onfocus], [onerror], [autofocus]").count() == 0
        assert page.title() == "Preview of pull request #7"
        # Shown as they are, and not as what they would like to be.
        for text in HOSTILE[:3]:
            expect(page.locator("tbody th bdi", has_text=text[:40]).first).to_be_visible()
        assert page.evaluate("document.documentElement.innerText.includes('\\u202e')") is False


def test_its_policy_lets_nothing_run_and_nothing_be_loaded(
    browser: Browser, previews: Previews
) -> None:
    """Even if something got past the escaping."""
    site = previews["honest"]
    page_as_it_is = (site.folder / "index.html").read_text(encoding="utf-8")
    smuggled = """
        <script>window.pwned = 1</script>
        <img src="x" onerror="window.pwned = 2">
        <script src="evil.js"></script>
        <img id="far" src="http://evil.test/i.png">
        <audio id="sound" src="http://evil.test/a.flac" preload="auto"></audio>
        <iframe src="http://evil.test/"></iframe>
        <link rel="stylesheet" href="http://evil.test/s.css">
        <p id="styled" style="color: rgb(1, 2, 3)">text</p>
        <base href="http://evil.test/">
    """
    context = site.serve(browser.new_context())
    asked: list[str] = []
    # What the policy stops does not get as far as here.
    for url in ("http://evil.test/**", f"{URL}/evil.js"):
        context.route(url, lambda route: (asked.append(route.request.url), route.abort()))
    context.route(
        f"{URL}/index.html",
        lambda route: route.fulfill(
            body=page_as_it_is.replace("</main>", f"{smuggled}</main>"), content_type="text/html"
        ),
    )
    page = context.new_page()
    page.goto(f"{URL}/index.html", wait_until="load")
    assert page.evaluate("window.pwned") is None
    assert page.evaluate("getComputedStyle(styled).color") != "rgb(1, 2, 3)"
    assert asked == []
    assert page.evaluate("document.baseURI").startswith(URL)
    context.close()


def test_it_opens_and_plays_from_a_disk(browser: Browser, previews: Previews) -> None:
    context = browser.new_context(offline=True)
    seen = Visit(context.new_page(), previews["honest"].folder.as_uri())
    page = seen.open("index.html")
    assert page.evaluate("getComputedStyle(document.querySelector('main')).maxWidth") == "1216px"
    duration = page.locator("audio").first.evaluate("""async (audio) => {
        audio.muted = true;
        await audio.play();
        return audio.duration;
    }""")
    context.close()
    assert duration == 1
    assert seen.complaints == []
