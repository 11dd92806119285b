"""The blind test: exact statistics, whole sessions with real audio, and that nothing gives it away.

What no test can see: a listener who opens the debugger, where the sound graph can be read.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright._impl._driver import compute_driver_executable
from playwright.sync_api import Browser, BrowserContext, Page, expect
from scipy.stats import binomtest

from stemsilver import config
from stemsilver.audio import encode_flac16
from stemsilver.microsite.blind import BlindPair, blind_page
from stemsilver.microsite.pages import Pages
from stemsilver.microsite.publish import _run_mkdocs
from stemsilver.records import Audio, Batch
from stemsilver.resources import resource

from .planted_site import Planted, Published

HEAD, BASE = "studio, 22 November 2026", "studio <3 & co, 3 October 2026"
PATHS = ("narration/intro one.wav", "</option><script>window.pwned=1</script>'\"&.wav")
IDS = ("intro-one-00000001", "hostile-00000003")
RATE, SECONDS = 24_000, 1.5
MODULE = (resource("site_src") / "assets/blind/binomial.js").as_uri()

# Coins are drawn as bytes, shuffles as words: a test plants the coins and leaves the order alone.
PLANT = """
  const coins = %s;
  let at = 0;
  Crypto.prototype.getRandomValues = function (array) {
    for (let i = 0; i < array.length; i++) {
      array[i] = array.BYTES_PER_ELEMENT === 1 ? coins[at++ %% coins.length] : 0;
    }
    return array;
  };
"""


def voice(seed: int, level: float) -> Audio:
    """Something that comes and goes, the same for one seed."""
    time = np.arange(round(RATE * SECONDS)) / RATE
    noise = np.random.default_rng(seed).standard_normal(time.size)
    tone = 0.3 * np.sin(2 * np.pi * (180 + 40 * seed) * time) * (np.sin(9 * time) > 0)
    return Audio((tone + level * noise)[None].astype(np.float32), RATE)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """The page of the blind test with the audio of two builds, as the site shows it."""
    staging = tmp_path_factory.mktemp("blind")
    sources = staging / "docs"
    shutil.copytree(resource("site_src"), sources)
    pairs = []
    files: dict[str, bytes] = {}
    for seed, (id_, path) in enumerate(zip(IDS, PATHS, strict=True)):
        for name, level in (("clean", 0.001), ("base", 0.02)):
            files[f"renders/{id_}/{name}.flac"] = encode_flac16(voice(seed, level))
        head, base = (f"renders/{id_}/{name}.flac" for name in ("clean", "base"))
        pairs.append(
            BlindPair(
                id_, path, SECONDS, RATE, head, base, len(files[head]), len(files[base]), -1.5, 0.0
            )
        )
    profile = config.load(resource("config") / "embedded.yaml")
    batch = Batch("embedded", "0" * 64, "2026-11-22T13:50:00Z", "0.1.0", None, (), ())
    view = blind_page(pairs, HEAD, BASE)
    Pages(batch, profile, sources)._write("blind.md", "Blind test", "blind.html", view=view)
    _only_page(sources)
    _run_mkdocs(staging, "Stemsilver", batch.created)
    for name, data in files.items():
        path = staging / "site" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    planted = Planted(batch, profile, {}, ())
    # Only a secure page has a clipboard.
    return Published(staging / "site", planted, url="https://stemsilver.test")


def _only_page(sources: Path) -> None:
    """Stand-ins for the pages that the navigation names, and none that links to them."""
    for name in ("index", "method", "reproduce", "how-it-works"):
        (sources / f"{name}.md").write_text(f"# {name}\n")


@dataclass
class Visit:
    """A page of one visitor, and everything that went on behind it."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(self, url: str) -> Page:
        self.page.goto(url, wait_until="load")
        expect(self.page.locator("[data-part=needs]")).to_be_hidden()
        return self.page


def visiting(context: BrowserContext) -> Visit:
    """A new page in `context` whose requests and complaints are noted."""
    visit = Visit(context.new_page())
    visit.page.on("request", lambda request: visit.requests.append(request.url))
    visit.page.on("console", lambda message: visit.complaints.append(message.text))
    visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    visit.page.on("dialog", lambda dialog: visit.complaints.append(dialog.message))
    return visit


@pytest.fixture
def visit(browser: Browser, site: Published) -> Iterator[Visit]:
    """A visitor of the blind test, at whose departure nothing must have gone wrong."""
    context = site.serve(
        browser.new_context(
            viewport={"width": 390, "height": 844},
            permissions=["clipboard-read", "clipboard-write"],
        )
    )
    seen = visiting(context)
    yield seen
    context.close()
    assert seen.complaints == []
    assert [url for url in seen.requests if not url.startswith((site.url, "data:"))] == []


def address(site: Published, fragment: str = "") -> str:
    return f"{site.url}/blind.html{fragment}"


def plant(page: Page, coins: list[int]) -> None:
    """Decide the coins that the page will throw."""
    page.add_init_script(PLANT % json.dumps(coins))


def start(page: Page, test: str, count: int, render: str = "") -> None:
    page.get_by_role("radio", name=test).check()
    page.get_by_role("radio", name=str(count)).check()
    page.get_by_label("Renders").select_option(render)
    page.get_by_role("button", name="Start the test").click()


def ready(page: Page, number: int, count: int) -> None:
    """Wait until a trial can be listened to."""
    expect(page.get_by_role("heading", name=f"Trial {number} of {count}")).to_be_focused()
    expect(page.get_by_role("button", name="Play")).to_be_enabled()


def listen(page: Page, names: str) -> None:
    page.get_by_role("button", name="Play").click()
    for name in names:
        page.get_by_role("radio", name=name, exact=True).check()
    page.get_by_role("button", name="Pause").click()


def figures(page: Page) -> list[str]:
    return page.locator("[data-part=figures] .st-figure").all_inner_texts()


def node(script: str) -> str:
    """What a module prints that runs in the Node which Playwright brings along."""
    return subprocess.run(
        [compute_driver_executable()[0], "--input-type=module", "--eval", script],
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_every_p_is_scipys() -> None:
    printed = node(
        f"import {{ oneSided, twoSided }} from {json.dumps(MODULE)};"
        "const all = [];"
        "for (let n = 1; n <= 40; n++) for (let k = 0; k <= n; k++)"
        " all.push([n, k, oneSided(k, n), twoSided(k, n - k)]);"
        "console.log(JSON.stringify(all));"
    )
    found = json.loads(printed)
    assert len(found) == sum(n + 1 for n in range(1, 41))
    for n, k, one, two in found:
        assert one == pytest.approx(binomtest(k, n, alternative="greater").pvalue, rel=1e-12)
        assert two == pytest.approx(binomtest(k, n).pvalue, rel=1e-12)


def test_a_pair_that_would_be_amplified_is_refused() -> None:
    with pytest.raises(ValueError, match="only attenuate"):
        BlindPair("a-1", "a.wav", 1, 24_000, "h", "b", 1, 1, 0.5, 0)


def test_the_page_says_what_a_trial_costs() -> None:
    pairs = [
        BlindPair("a-1", "a.wav", 1, 24_000, "h", "b", 1_000_000, 500_000, 0, -1),
        BlindPair("b-2", "b.wav", 1, 24_000, "h", "b", 2_000_000, 500_000, 0, -1),
    ]
    view = blind_page(pairs, HEAD, BASE)
    assert view.fetch == "About 2.0 MB a trial."
    assert view.pairs[0].fetch == "1.5 MB, fetched once."


def test_a_whole_abx_gives_the_exact_p_and_a_link_that_opens_it_again(
    visit: Visit, site: Published
) -> None:
    # A is this build in every trial, and X is A and B by turns.
    plant(visit.page, [0] * 12 + [0, 1] * 6)
    page = visit.open(address(site))
    start(page, "ABX", 12)
    for number in range(1, 13):
        ready(page, number, 12)
        listen(page, "ABX")
        right = "AB"[(number - 1) % 2]
        wrong = "BA"[(number - 1) % 2]
        page.get_by_role("button", name=f"X is {right if number > 2 else wrong}").click()
    expect(page.get_by_role("heading", name="Result")).to_be_focused()
    p = binomtest(10, 12, alternative="greater").pvalue
    assert figures(page) == ["10 of 12", f"p = {p:.3f}"]
    given = page.locator("[data-part=answers-given] li").all_inner_texts()
    assert [text.split()[-1] for text in given] == ["wrong"] * 2 + ["right"] * 10
    assert page.locator("[data-counts]").all_inner_texts() == ["10", "11", "12"]

    page.get_by_role("button", name="Copy the text").click()
    expect(page.get_by_text("The text is copied.")).to_be_visible()
    text = page.evaluate("navigator.clipboard.readText()")
    assert f"10 of 12 right, p = {p:.3f}" in text
    assert HEAD in text and BASE in text
    page.get_by_role("button", name="Copy the link").click()
    expect(page.get_by_text("The link is copied.")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    assert text.endswith(link)
    assert link == page.url

    again = visiting(page.context)
    again.open(link)
    expect(again.page.get_by_role("heading", name="Result")).to_be_focused()
    assert figures(again.page) == figures(page)
    assert again.page.locator("[data-part=text]").input_value() == text
    assert not [url for url in again.requests if url.endswith(".flac") or "answers=" in url]
    assert again.complaints == []


def test_a_whole_preference_counts_for_the_builds(visit: Visit, site: Published) -> None:
    # 1 is the base in the first five trials, and this build in the other five.
    plant(visit.page, [1] * 5 + [0] * 15)
    page = visit.open(address(site))
    start(page, "Preference", 10, IDS[0])
    for number in range(1, 11):
        ready(page, number, 10)
        listen(page, "21")
        # Always this build, but for one tie and one for the base.
        choice = {3: "No preference", 7: "2"}.get(number, "2" if number <= 5 else "1")
        page.get_by_role("button", name=choice, exact=True).click()
    assert figures(page) == ["8", "1", "1", f"p = {binomtest(8, 9).pvalue:.3f}"]
    text = page.locator("[data-part=text]").input_value()
    assert f"{HEAD}: 8\n{BASE}: 1\nno preference: 1\n" in text
    assert f"Renders: {PATHS[0]}" in text
    assert page.locator("[data-counts]").all_inner_texts() == ["0", "1", "8", "9"]
    # One render: fetched once, however many trials.
    fetched = [url.removeprefix(f"{site.url}/") for url in visit.requests if ".flac" in url]
    assert fetched == [f"renders/{IDS[0]}/clean.flac", f"renders/{IDS[0]}/base.flac"]
    page.get_by_role("button", name="New test").click()
    expect(page.get_by_role("button", name="Start the test")).to_be_focused()
    assert page.url == address(site)


def test_a_whole_test_by_keyboard(visit: Visit, site: Published) -> None:
    page = visit.open(address(site))

    def tab_to(name: str) -> None:
        wanted = page.locator(name)
        for _ in range(40):
            if wanted.evaluate("element => element === document.activeElement"):
                return
            page.keyboard.press("Tab")
        pytest.fail(f"no way to {name} by the Tab key")

    tab_to("[name=test]:checked")
    page.keyboard.press("ArrowDown")
    tab_to("[name=count]:checked")
    page.keyboard.press("ArrowLeft")
    tab_to("#render")
    page.keyboard.press("ArrowDown")
    tab_to("[data-part=start]")
    page.keyboard.press("Enter")
    for number in range(1, 11):
        ready(page, number, 10)
        page.keyboard.press("Space")
        expect(page.get_by_role("button", name="Pause")).to_be_visible()
        if number == 1:
            tab_to("[name=heard]:checked")
            page.keyboard.press("ArrowRight")
        else:
            page.keyboard.press("2")
        expect(page.get_by_role("radio", name="2", exact=True)).to_be_focused()
        expect(page.locator("[data-part=heard]")).to_have_text("2")
        page.keyboard.press("Space")
        expect(page.get_by_role("button", name="Play")).to_be_visible()
        tab_to("[data-part=choices] button:nth-child(2)")
        page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Result")).to_be_focused()
    assert figures(page) == ["0", "0", "10", "p = 1"]
    assert "nothing to test" in page.locator("[data-part=sentence]").inner_text()


SPY = """
  const noted = [];
  const digest = (buffer) => buffer.getChannelData(0).reduce((sum, one) => sum + one * one, 0);
  globalThis.AudioBufferSourceNode = class extends AudioBufferSourceNode {
    constructor(context, options) {
      super(context, options);
      noted.push(digest(options.buffer));
    }
  };
  const ramp = AudioParam.prototype.linearRampToValueAtTime;
  const gains = [];
  AudioParam.prototype.linearRampToValueAtTime = function (value, time) {
    gains.push(value);
    return ramp.call(this, value, time);
  };
  globalThis.spied = () => ({ noted: noted.splice(0), gains: gains.splice(0) });
"""


@pytest.mark.parametrize("swapped", [0, 1])
@pytest.mark.parametrize("second", [0, 1])
def test_what_sounds_is_what_was_drawn(
    visit: Visit, site: Published, swapped: int, second: int
) -> None:
    """The buffers in the order A, B, X, each with the gain of its build."""
    plant(visit.page, [swapped] * 10 + [second] * 10)
    visit.page.add_init_script(SPY)
    page = visit.open(address(site))
    start(page, "ABX", 10, IDS[0])
    ready(page, 1, 10)
    page.get_by_role("button", name="Play").click()
    a, b, x = page.evaluate("spied().noted")
    # The base has more noise in it, so more energy.
    assert (a > b) == bool(swapped)
    assert x == (b if second else a)
    head, base = 10 ** (-1.5 / 20), 1.0
    for name in "BXA":
        page.get_by_role("radio", name=name, exact=True).check()
        page.wait_for_timeout(100)
        gain = head if {"A": a, "B": b, "X": x}[name] == min(a, b) else base
        gains = page.evaluate("spied().gains")
        assert max(gains[-6:]) == pytest.approx(gain)
        # Before it comes in, everything was out.
        assert 0 in gains[:6]


def trace(browser: Browser, site: Published, test: str, coins: list[int]) -> dict[str, Any]:
    """Everything a listener could look at during three trials, with the same answers to each."""
    context = site.serve(browser.new_context())
    visit = visiting(context)
    plant(visit.page, coins)
    page = visit.open(address(site))
    names, answer = {"ABX": ("ABX", "X is A"), "Preference": ("12", "1")}[test]
    shown: list[Any] = []

    def look() -> None:
        shown.append(
            page.evaluate(
                "() => [document.documentElement.outerHTML, document.title, location.href,"
                " Object.getOwnPropertyNames(window).sort(), JSON.stringify(history.state),"
                " Object.entries(localStorage), Object.entries(sessionStorage), document.cookie,"
                " performance.getEntriesByType('resource').map(({ name }) => name),"
                " [...document.querySelectorAll('blind-test, blind-test *')].map(element =>"
                "  Object.getOwnPropertyNames(element))]"
            )
        )

    look()
    start(page, test, 10)
    for number in (1, 2, 3):
        ready(page, number, 10)
        look()
        for name in names:
            page.get_by_role("radio", name=name, exact=True).check()
            look()
        listen(page, names)
        page.get_by_role("slider", name="Position").press("Home")
        look()
        page.get_by_role("button", name=answer, exact=True).click()
    ready(page, 4, 10)
    look()
    context.close()
    return {"shown": shown, "requests": visit.requests, "complaints": visit.complaints}


@pytest.mark.parametrize("test", ["ABX", "Preference"])
def test_nothing_on_the_page_or_the_wire_tells_the_assignment(
    browser: Browser, site: Published, test: str
) -> None:
    """Opposite draws look the same, which includes that no trial's score shows before the end."""
    traces = [
        trace(browser, site, test, [swapped] * 10 + [second] * 10)
        for swapped, second in ((0, 0), (1, 1), (0, 1))
    ]
    assert len(traces[0]["shown"]) > 10
    assert any("Trial 3 of 10" in look[0] for look in traces[0]["shown"])
    assert [url for url in traces[0]["requests"] if url.endswith(".flac")]
    assert traces[0]["complaints"] == []
    assert traces[1] == traces[0]
    assert traces[2] == traces[0]


def test_the_same_instruments_see_a_page_that_does_tell(browser: Browser, site: Published) -> None:
    """The comparison can fail: here the page is made to write the first coin down."""
    leak = "addEventListener('load', () => { document.body.dataset.leak = coins[0]; });"
    traces = []
    for coin in (0, 1):
        context = site.serve(browser.new_context())
        page = context.new_page()
        page.add_init_script((PLANT + leak) % json.dumps([coin]))
        page.goto(address(site), wait_until="load")
        traces.append(page.evaluate("document.documentElement.outerHTML"))
        context.close()
    assert traces[0] != traces[1]


def test_nothing_plays_before_both_versions_are_here(visit: Visit, site: Published) -> None:
    held: list[Any] = []
    page = visit.page
    page.route(re.compile(r"/base\.flac$"), lambda route: held.append(route))
    visit.open(address(site))
    start(page, "ABX", 10, IDS[0])
    expect(page.get_by_role("heading", name="Trial 1 of 10")).to_be_focused()
    with page.expect_response(re.compile(r"/clean\.flac$")):
        pass
    page.wait_for_timeout(200)
    for name in ("Play", "X is A"):
        expect(page.get_by_role("button", name=name)).to_be_disabled()
    expect(page.get_by_text("Fetching both versions…")).to_be_visible()
    held[0].fallback()
    expect(page.get_by_role("button", name="Play")).to_be_enabled()
    expect(page.get_by_role("button", name="X is A")).to_be_disabled()
    listen(page, "ABX")
    expect(page.get_by_role("button", name="X is A")).to_be_enabled()


def test_a_version_that_cannot_be_fetched_can_be_tried_again(visit: Visit, site: Published) -> None:
    page = visit.page
    page.route(re.compile(r"/base\.flac$"), lambda route: route.fulfill(status=503), times=1)
    visit.open(address(site))
    start(page, "ABX", 10, IDS[0])
    expect(page.get_by_text("base: the server answered 503.")).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    ready(page, 1, 10)
    assert "503" in visit.complaints.pop()


def test_a_stretch_can_be_looped_and_is_kept_for_the_next_trial(
    visit: Visit, site: Published
) -> None:
    page = visit.open(address(site))
    start(page, "ABX", 10, IDS[0])
    ready(page, 1, 10)
    loop, slider = page.locator("[data-part=region]"), page.get_by_role("slider", name="Position")
    expect(loop).to_have_text("all of it")
    slider.fill("0.5")
    page.get_by_role("button", name="From here").click()
    slider.fill("1")
    page.get_by_role("button", name="To here").click()
    expect(loop).to_have_text("0:00.5 to 0:01.0")
    expect(slider).to_have_attribute("aria-valuetext", "0:01 of 0:01")
    page.get_by_role("button", name="Play").click()
    page.wait_for_timeout(700)
    assert 0.49 <= float(slider.input_value()) <= 1.01
    for name in "BX":
        page.get_by_role("radio", name=name, exact=True).check()
    page.get_by_role("button", name="X is A").click()
    ready(page, 2, 10)
    expect(loop).to_have_text("0:00.5 to 0:01.0")
    page.get_by_role("button", name="All of it").click()
    expect(loop).to_have_text("all of it")
    expect(page.get_by_role("checkbox", name="Loop")).to_be_focused()
    page.get_by_role("checkbox", name="Loop").uncheck()
    slider.fill("1.4")
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_stopping_keeps_nothing(visit: Visit, site: Published) -> None:
    page = visit.open(address(site))
    start(page, "ABX", 10)
    ready(page, 1, 10)
    listen(page, "ABX")
    page.get_by_role("button", name="X is A").click()
    ready(page, 2, 10)
    page.get_by_role("button", name="Stop without a result").click()
    expect(page.get_by_role("button", name="Start the test")).to_be_focused()
    start(page, "Preference", 16)
    ready(page, 1, 16)


@pytest.mark.parametrize(
    "fragment",
    [
        "#result=1&test=abx&answers=%3Cimg%20src=x%20onerror=window.pwned=1%3E&head=a&base=b",
        "#result=1&test=abx&answers=11111111111&head=a&base=b&on=2026-11-22",
        "#result=%3Cscript%3E",
        "#result=1&test=preference&answers=hhhhhhhhhh&head=&base=b&on=2026-11-22",
    ],
)
def test_what_is_no_result_is_refused(visit: Visit, site: Published, fragment: str) -> None:
    page = visit.open(address(site, fragment))
    expect(page.get_by_role("alert")).to_contain_text("not a result that the blind test gave")
    expect(page.get_by_role("button", name="Start the test")).to_be_visible()
    expect(page.locator("[data-part=result]")).to_be_hidden()
    assert page.evaluate("typeof window.pwned") == "undefined"


def test_labels_in_a_link_are_only_text(visit: Visit, site: Published) -> None:
    html = "<img src=x onerror=window.pwned=1>"
    fragment = (
        "#result=1&test=preference&answers=hhhhhhhhhb&on=2026-11-22&base=b&"
        "head=%3Cimg+src%3Dx+onerror%3Dwindow.pwned%3D1%3E"
    )
    page = visit.open(address(site, "#tells"))
    expect(page.locator("[data-part=setup]")).to_be_visible()
    page.evaluate("fragment => { location.hash = fragment; }", fragment)
    expect(page.get_by_role("heading", name="Result")).to_be_focused()
    expect(page.get_by_text(f"This result compares {html} with b")).to_be_visible()
    expect(page.locator("[data-part=figures]")).to_contain_text(html)
    assert page.locator("blind-test img").count() == 0
    assert page.evaluate("typeof window.pwned") == "undefined"


RESULT = "#result=1&test=preference&answers=hhnhhbhhnhhb&head=a&base=b&on=2026-11-22"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser: Browser, site: Published, scheme: str) -> None:
    dark = scheme == "dark"
    context = site.serve(browser.new_context(color_scheme="dark" if dark else "light"))
    visit = visiting(context)
    page = visit.open(address(site))
    found = []

    def check() -> None:
        violations = Axe().run(page).response["violations"]
        found.extend(
            (one["id"], [where["html"] for where in one["nodes"]])
            for one in violations
            if one["impact"] in ("serious", "critical")
        )

    check()
    start(page, "ABX", 10)
    ready(page, 1, 10)
    check()
    listen(page, "ABX")
    check()
    page.goto(address(site, RESULT))
    expect(page.locator("[data-part=result]")).to_be_visible()
    check()
    context.close()
    assert found == []


def test_a_phone_has_room_and_thumbs_have_targets(visit: Visit, site: Published) -> None:
    page = visit.open(address(site))

    def check() -> None:
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        small = page.locator(
            "blind-test :is(button, select, textarea, label:has(input), input[type=range],"
            " input[readonly]):visible"
        ).evaluate_all(
            "all => all.filter(one => one.getBoundingClientRect().height < 44)"
            ".map(one => one.outerHTML)"
        )
        assert small == []

    check()
    start(page, "Preference", 10)
    ready(page, 1, 10)
    page.get_by_role("button", name="To here").click()
    check()
    # The whole trial is in view at once: nobody scrolls between hearing and answering.
    expect(page.get_by_role("button", name="No preference")).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("heading", name="Trial 1")).to_be_in_viewport(ratio=1)
    page.goto(address(site, RESULT))
    expect(page.locator("[data-part=result]")).to_be_visible()
    check()


def test_without_scripts_the_page_says_what_it_needs(browser: Browser, site: Published) -> None:
    context = site.serve(browser.new_context(java_script_enabled=False))
    page = context.new_page()
    page.goto(address(site))
    expect(page.get_by_text("The blind test needs JavaScript")).to_be_visible()
    expect(page.get_by_role("heading", name="What it tells")).to_be_visible()
    assert page.locator("blind-test :is(button, input, select):visible").count() == 0
    context.close()


def test_from_a_disk_the_page_says_what_it_needs(browser: Browser, site: Published) -> None:
    context = browser.new_context()
    visit = visiting(context)
    visit.page.goto((site.folder / "blind.html").as_uri())
    expect(visit.page.get_by_text("The blind test needs JavaScript")).to_be_visible()
    assert visit.page.locator("blind-test :is(button, input, select):visible").count() == 0
    context.close()
    assert visit.complaints == []


def test_builds_without_a_render_in_common_have_nothing_to_compare(tmp_path: Path) -> None:
    profile = config.load(resource("config") / "embedded.yaml")
    batch = Batch("embedded", "0" * 64, "2026-11-22T13:50:00Z", "0.1.0", None, (), ())
    view = blind_page([], HEAD, BASE)
    Pages(batch, profile, tmp_path)._write("blind.md", "Blind test", "blind.html", view=view)
    page = (tmp_path / "blind.md").read_text()
    assert "nothing to compare" in page
    assert "data-modules" not in page
