"""The preview page in a real browser: it plays, runs nothing, and loads nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from stemsilver.delivery.pull_request import read, write_preview

from ..delivery.pull_requests import HOSTILE, a_change, embedded, hostile, opened, render
from .accessible import violations
from .fonts import widths
from .visits import Visit

URL = "http://stemsilver.test/previews/pr-7"


@pytest.fixture(scope="session")
def previews(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The previews of an honest change, of a hostile one, and of one without a base."""
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
    return {name: folder / "site" / name for name in made}


def serve(context: BrowserContext, folder: Path) -> BrowserContext:
    """Answer from `folder` as if it lay below a site; every other request fails."""

    def answer(route: Route) -> None:
        path = folder / unquote(urlsplit(route.request.url).path).removeprefix("/previews/pr-7/")
        if path.is_file():
            route.fulfill(path=path)
        else:
            route.fulfill(status=404)

    context.route(f"{URL}/**", answer)
    return context


@pytest.fixture
def visit(
    browser: Browser, previews: dict[str, Path], request: pytest.FixtureRequest
) -> Iterator[Visit]:
    """A visitor of the preview that the test names, at whose departure nothing went wrong."""
    context = serve(browser.new_context(), previews[request.param])
    seen = Visit(context.new_page(), URL)
    yield seen
    context.close()
    assert seen.complaints == []
    assert [url for url in seen.requests if not url.startswith(URL)] == []


each = pytest.mark.parametrize("visit", ["honest", "hostile", "alone"], indirect=True)
honest = pytest.mark.parametrize("visit", ["honest"], indirect=True)
hostile_one = pytest.mark.parametrize("visit", ["hostile"], indirect=True)


@each
def test_it_loads_its_style_and_nothing_else_before_a_click(visit: Visit) -> None:
    page = visit.open("index.html")
    expect(page.locator(".banner")).to_contain_text("Preview of pull request #7: made from")
    names = {url.removeprefix(f"{URL}/") for url in visit.requests}
    assert {"index.html", "preview.css"} <= names <= {"index.html", "preview.css", "favicon.svg"}
    assert page.locator('meta[name="robots"]').get_attribute("content") == "noindex, nofollow"
    assert page.evaluate("getComputedStyle(document.querySelector('main')).maxWidth") == "1216px"


@honest
def test_it_says_what_changed_and_lets_it_be_heard(visit: Visit) -> None:
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


@hostile_one
def test_no_text_of_a_stranger_acts(visit: Visit) -> None:
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
    browser: Browser, previews: dict[str, Path]
) -> None:
    """Even if something got past the escaping."""
    folder = previews["honest"]
    page_as_it_is = (folder / "index.html").read_text(encoding="utf-8")
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
    context = browser.new_context()
    asked: list[str] = []
    serve(context, folder)
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


@pytest.mark.parametrize("name", ["honest", "hostile", "alone"])
def test_it_fits_everybody(browser: Browser, previews: dict[str, Path], name: str) -> None:
    # The checker is a script of the test's own.
    context = browser.new_context(bypass_csp=True)
    page = serve(context, previews[name]).new_page()
    page.goto(f"{URL}/index.html")
    for width, scheme in ((390, "light"), (1440, "dark")):
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        assert widths(page) == [width] * 3
        assert violations(page) == []
    context.close()


def test_a_phone_shows_every_cell_of_a_table(browser: Browser, previews: dict[str, Path]) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = serve(context, previews["honest"]).new_page()
    page.goto(f"{URL}/index.html")
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
    context.close()


def test_without_a_base_there_is_raw_and_clean(browser: Browser, previews: dict[str, Path]) -> None:
    context = serve(browser.new_context(), previews["alone"])
    page = context.new_page()
    page.goto(f"{URL}/index.html")
    expect(page.locator(".render").first.locator(".track b")).to_have_text(["raw", "clean"] * 2)
    expect(page.locator("main")).not_to_contain_text("changed")
    context.close()


def test_it_opens_and_plays_from_a_disk(browser: Browser, previews: dict[str, Path]) -> None:
    context = browser.new_context()
    context.set_offline(True)
    seen = Visit(context.new_page(), previews["honest"].as_uri())
    page: Page = seen.open("index.html")
    assert page.evaluate("getComputedStyle(document.querySelector('main')).maxWidth") == "1216px"
    duration = page.locator("audio").first.evaluate("""async (audio) => {
        audio.muted = true;
        await audio.play();
        return audio.duration;
    }""")
    context.close()
    assert duration == 1
    assert seen.complaints == []
