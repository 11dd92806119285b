"""The blind test: exact statistics, whole sessions with real audio, links, and who can use it."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from playwright._impl._driver import compute_driver_executable
from playwright.sync_api import Browser, Page, expect
from scipy.stats import binom, binomtest

from stemsilver.microsite.baseline import Base
from stemsilver.microsite.pages.blind import BlindPair, blind_page
from stemsilver.microsite.pages.writer import Pages
from stemsilver.resources import resource

from .accessible import serious
from .blind_site import BASE, HEAD, IDS, PATHS, listen, opened, other_build, plant, ready, start
from .fonts import widths
from .planted_site import Planted, Published
from .visits import Visit, visiting

MODULE = (resource("site_src") / "assets/blind/binomial.js").as_uri()


def figures(page: Page) -> list[str]:
    return page.locator("[data-part=figures] .st-figure").all_inner_texts()


def test_every_p_is_scipys() -> None:
    script = (
        f"import {{ detectable, oneSided, twoSided }} from {json.dumps(MODULE)};"
        "const all = [];"
        "for (let n = 1; n <= 40; n++) for (let k = 0; k <= n; k++)"
        " all.push([n, k, oneSided(k, n), twoSided(k, n - k), k ? detectable(n, k) : 0]);"
        "console.log(JSON.stringify(all));"
    )
    # In the Node that Playwright brings along.
    node = [compute_driver_executable()[0], "--input-type=module", "--eval", script]
    done = subprocess.run(node, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert len(found) == sum(n + 1 for n in range(1, 41))
    for n, k, one, two, seen in found:
        assert one == pytest.approx(binomtest(k, n, alternative="greater").pvalue, rel=1e-12)
        assert two == pytest.approx(binomtest(k, n).pvalue, rel=1e-12)
        # The chance of a right answer with which `k` of `n` are reached with 80 % power.
        assert k == 0 or binom.sf(k - 1, n, seen) == pytest.approx(0.8, rel=1e-9)


def test_the_page_says_what_a_trial_costs() -> None:
    pairs = [
        BlindPair("a-1", "a.wav", 1, 24_000, "h", "b", 1_000_000, 500_000, 0, -1),
        BlindPair("b-2", "b.wav", 1, 24_000, "h", "b", 2_000_000, 500_000, 0, -1),
    ]
    view = blind_page(pairs, HEAD, BASE)
    assert view.fetch == "About 2.0 MB per trial."
    assert view.pairs[0].fetch == "1.5 MB, fetched once."
    with pytest.raises(ValueError, match="only attenuate"):
        replace(pairs[0], head_gain_db=0.5)


def test_a_whole_abx_gives_the_exact_p_and_a_link_that_opens_it_again(
    listener: Visit, blinded: Published
) -> None:
    # A is this build in every trial, and X is A and B by turns.
    plant(listener.page, [0] * 12 + [0, 1] * 6)
    page = opened(listener)
    page.get_by_role("radio", name="12", exact=True).check()
    expect(page.locator("[data-part=enough]")).to_contain_text("10 of 12 right is p = 0.019")
    start(page, "ABX", 12)
    heard = []
    for number in range(1, 13):
        ready(page, number, 12)
        heard.append(page.locator("[data-part=path]").inner_text())
        listen(page, "ABX")
        right = "AB"[(number - 1) % 2]
        wrong = "BA"[(number - 1) % 2]
        page.get_by_role("button", name=f"X is {right if number > 2 else wrong}").click()
    expect(page.get_by_role("heading", name="Result")).to_be_focused()
    p = binomtest(10, 12, alternative="greater").pvalue
    assert figures(page) == ["10 of 12", f"p = {p:.3f}"]
    given = page.locator("[data-part=answers-given] li")
    assert given.locator("bdi").all_inner_texts() == heard
    assert set(heard) == set(PATHS)
    verdicts = given.locator("b").all_inner_texts()
    assert verdicts == ["✗ wrong"] * 2 + ["✓ right"] * 10
    expect(given.nth(0)).to_contain_text("A = ● Build · B = ○ Base · X = ● Build · answer: X is B")
    expect(given.nth(3)).to_contain_text("A = ● Build · B = ○ Base · X = ○ Base · answer: X is B")
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

    again = Visit(page.context.new_page(), blinded.url)
    again.page.goto(link)
    expect(again.page.get_by_role("heading", name="Result")).to_be_focused()
    assert figures(again.page) == figures(page)
    assert again.page.locator("[data-part=text]").input_value() == text
    assert not [url for url in again.requests if url.endswith(".flac") or "answers=" in url]
    assert again.complaints == []


def test_a_whole_preference_counts_for_the_builds(listener: Visit) -> None:
    # 1 is the base in the first five trials, and this build in the other five.
    plant(listener.page, [1] * 5 + [0] * 15)
    page = opened(listener)
    start(page, "Preference", 10, IDS[0])
    for number in range(1, 11):
        ready(page, number, 10)
        listen(page, "21")
        # Always this build, but for one tie and one for the base.
        choice = {3: "No difference", 7: "2"}.get(number, "2" if number <= 5 else "1")
        page.get_by_role("button", name=choice, exact=True).click()
    assert figures(page) == ["8", "1", "1", f"p = {binomtest(8, 9).pvalue:.3f}"]
    text = page.locator("[data-part=text]").input_value()
    assert f"{HEAD}: 8\n{BASE}: 1\nno difference: 1\n" in text
    assert f"Heard: {PATHS[0]}" in text
    given = page.locator("[data-part=answers-given] li")
    expect(given.nth(0)).to_contain_text("1 = ○ Base · 2 = ● Build · answer: 2")
    expect(given.nth(2).locator("b")).to_have_text("– no difference")
    expect(given.nth(6).locator("b")).to_have_text("○ Base")
    assert page.locator("[data-counts]").all_inner_texts() == ["0", "1", "8", "9"]
    # One render: fetched once, however many trials.
    assert listener.audio() == [f"{IDS[0]}/clean.flac", f"{IDS[0]}/base.flac"]
    page.get_by_role("button", name="New test").click()
    expect(page.get_by_role("button", name="Start the test")).to_be_focused()
    assert page.url == f"{listener.url}/blind.html"


def test_a_whole_test_by_keyboard(listener: Visit) -> None:
    page = opened(listener)

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
    assert "no difference in any of 10 trials" in page.locator("[data-part=sentence]").inner_text()


def test_fetching_again_looping_and_stopping(listener: Visit) -> None:
    page = listener.page
    page.route("**/base.flac", lambda route: route.fulfill(status=503), times=1)
    opened(listener)
    start(page, "ABX", 10, IDS[0])
    expect(page.get_by_text("The other version: the server answered 503.")).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    ready(page, 1, 10)
    assert all("base.flac" in one or "503" in one for one in listener.complaints)
    listener.complaints.clear()
    # A stretch can be looped, and is kept for the next trial.
    loop, slider = page.locator("[data-part=region]"), page.get_by_role("slider", name="Position")
    expect(loop).to_have_text("all of it")
    slider.fill("0.5")
    page.get_by_role("button", name="From here").click()
    slider.fill("1")
    page.get_by_role("button", name="To here").click()
    expect(loop).to_have_text("0:00.5 to 0:01.0")
    # The end of the stretch is where it begins again.
    expect(slider).to_have_value("0.5")
    expect(slider).to_have_attribute("aria-valuetext", "0:00 of 0:01")
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
    # Stopping keeps nothing.
    page.get_by_role("button", name="Stop without a result").click()
    expect(page.get_by_role("button", name="Start the test")).to_be_focused()
    start(page, "Preference", 16)
    ready(page, 1, 16)


def test_what_is_no_result_is_refused_and_labels_are_only_text(listener: Visit) -> None:
    html = "<img src=x onerror=window.pwned=1>"
    fragment = (
        "#result=2&test=preference&answers=hhhhhhhhhb&on=2026-11-22&base=b&"
        "first=hhhhhhhhhh&renders=gone&order=0000000000&"
        "head=%3Cimg+src%3Dx+onerror%3Dwindow.pwned%3D1%3E"
    )
    answers = "%3Cimg%20src=x%20onerror=window.pwned=1%3E"
    page = opened(listener, f"#result=2&test=abx&answers={answers}&head=a&base=b")
    expect(page.get_by_role("alert")).to_contain_text("not a result that the blind test gave")
    expect(page.get_by_role("button", name="Start the test")).to_be_visible()
    expect(page.locator("[data-part=result]")).to_be_hidden()
    assert page.evaluate("typeof window.pwned") == "undefined"
    page.evaluate("fragment => { location.hash = fragment; }", fragment)
    expect(page.get_by_role("heading", name="Result")).to_be_focused()
    expect(page.get_by_text(f"This result compares {html} with b")).to_be_visible()
    expect(page.locator("[data-part=figures]")).to_contain_text(html)
    assert page.locator("blind-test img").count() == 0
    assert page.evaluate("typeof window.pwned") == "undefined"


RESULT = (
    "#result=2&test=preference&answers=hhnhhbhhnhhb&first=hhhhhhbbbbbb&head=a&base=b&on=2026-11-22"
    f"&renders={'.'.join(IDS)}&order=010101010101"
)


def test_every_state_of_the_test_is_for_everybody(browser: Browser, blinded: Published) -> None:
    # As tall as the page: the theme fades its tabs out where one scrolls.
    tall = {"width": 1280, "height": 2600}
    with visiting(browser, blinded, reduced_motion="reduce", viewport=tall) as listener:
        page = opened(listener)

        def check() -> None:
            page.emulate_media(color_scheme="light")
            assert serious(page) == []
            page.emulate_media(color_scheme="dark")
            assert serious(page) == []

        check()
        start(page, "ABX", 10)
        ready(page, 1, 10)
        check()
        listen(page, "ABX")
        check()
        opened(listener, RESULT)
        expect(page.locator("[data-part=result]")).to_be_visible()
        check()


def test_a_phone_has_room_and_thumbs_have_targets(listener: Visit) -> None:
    page = opened(listener)

    def check() -> None:
        assert widths(page) == [390] * 3
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
    expect(page.get_by_role("button", name="No difference")).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("heading", name="Trial 1")).to_be_in_viewport(ratio=1)
    opened(listener, RESULT)
    expect(page.locator("[data-part=result]")).to_be_visible()
    check()


def test_without_scripts_or_a_server_the_page_says_what_it_needs(
    browser: Browser, blinded: Published
) -> None:
    with visiting(browser, blinded, java_script_enabled=False) as listener:
        page = listener.open("blind.html")
        expect(page.get_by_text("The blind test needs JavaScript")).to_be_visible()
        expect(page.get_by_role("heading", name="What it tells")).to_be_visible()
        assert page.locator("blind-test :is(button, input, select):visible").count() == 0
    with browser.new_context() as context:
        listener = Visit(context.new_page(), blinded.folder.as_uri())
        page = listener.open("blind.html")
        expect(page.get_by_text("The blind test needs JavaScript")).to_be_visible()
        assert page.locator("blind-test :is(button, input, select):visible").count() == 0
    assert listener.complaints == []


def test_builds_without_a_render_in_common_have_nothing_to_compare(
    planted: Planted, tmp_path: Path
) -> None:
    base = Base(other_build(planted), {})
    Pages(planted.scorecard, planted.profile, tmp_path).write_comparison({}, {}, base, {})
    page = (tmp_path / "blind.md").read_text()
    assert "nothing to compare" in page
    assert "data-modules" not in page
