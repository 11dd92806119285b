"""Nothing on the page of the blind test, or on the wire, gives the order away.

What no test can see: a listener who opens the debugger, where the sound graph can be read.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from .blind_site import IDS, QUIETER_DB, listen, opened, plant, ready, start
from .planted_site import Published
from .visits import Visit

SPY = """
  const noted = [];
  const digest = (buffer) => buffer.getChannelData(0).reduce((sum, one) => sum + one * one, 0);
  const seams = [];
  globalThis.AudioBufferSourceNode = class extends AudioBufferSourceNode {
    constructor(context, options) {
      super(context, options);
      noted.push(digest(options.buffer));
      const samples = options.buffer.getChannelData(0);
      const from = Math.round(0.5 * options.buffer.sampleRate);
      seams.push([samples[from], samples[2 * from - 1], samples[0], samples.at(-1)]);
    }
  };
  const ramp = AudioParam.prototype.linearRampToValueAtTime;
  const gains = [];
  AudioParam.prototype.linearRampToValueAtTime = function (value, time) {
    gains.push(value);
    return ramp.call(this, value, time);
  };
  globalThis.spied = () => ({ noted: noted.splice(0), gains: gains.splice(0),
    seams: seams.splice(0) });
"""


@pytest.mark.parametrize(("swapped", "second"), [(0, 1), (1, 0), (1, 1)])
def test_what_sounds_is_what_was_drawn(listener: Visit, swapped: int, second: int) -> None:
    """The buffers in the order A, B, X, each with the gain of its build."""
    plant(listener.page, [swapped] * 10 + [second] * 10)
    listener.page.add_init_script(SPY)
    page = opened(listener)
    start(page, "ABX", 10, IDS[0])
    ready(page, 1, 10)
    page.get_by_role("button", name="Play").click()
    a, b, x = page.evaluate("spied().noted")
    # The base has more noise in it, so more energy.
    assert (a > b) == bool(swapped)
    assert x == (b if second else a)
    head, base = 10 ** (QUIETER_DB / 20), 1.0
    for name in "BXA":
        page.get_by_role("radio", name=name, exact=True).check()
        page.wait_for_timeout(100)
        gain = head if {"A": a, "B": b, "X": x}[name] == min(a, b) else base
        gains = page.evaluate("spied().gains")
        assert max(gains[-6:]) == pytest.approx(gain)
        # Before it comes in, everything was out.
        assert 0 in gains[:6]


def test_the_seam_of_a_loop_is_silent_in_every_version(listener: Visit) -> None:
    """A jump there would click, and not in the same way for both."""
    listener.page.add_init_script(SPY)
    page = opened(listener)
    start(page, "ABX", 10, IDS[0])
    ready(page, 1, 10)
    play = page.get_by_role("button", name="Play")
    play.click()
    whole = page.evaluate("spied().seams")
    # The planted audio is noise, so that nothing is silent by itself.
    assert [seam[2:] for seam in whole] == [[0, 0]] * 3
    assert all(seam[0] and seam[1] for seam in whole)
    page.get_by_role("button", name="Pause").click()
    slider = page.get_by_role("slider", name="Position")
    for position, button in (("0.5", "From here"), ("1", "To here")):
        slider.fill(position)
        page.get_by_role("button", name=button).click()
    page.evaluate("spied()")
    play.click()
    seams = page.evaluate("spied().seams")
    assert [seam[:2] for seam in seams] == [[0, 0]] * 3
    assert all(seam[2] and seam[3] for seam in seams)
    # Without a loop, nothing is faded.
    page.get_by_role("checkbox", name="Loop").uncheck()
    seams = page.evaluate("spied().seams")
    assert len(seams) == 3 and all(map(all, seams))


LOOK = """() => ({
  page: document.documentElement.outerHTML.split("\\n"),
  values: [...document.querySelectorAll("blind-test :is(input, select, progress, textarea)")].map(
    ({ value, checked, disabled }) => [value, checked, disabled]),
  own: [...document.querySelectorAll("blind-test, blind-test *")].map(Object.getOwnPropertyNames),
  title: document.title,
  address: [location.href, history.length, JSON.stringify(history.state)],
  globals: Object.getOwnPropertyNames(window).sort(),
  kept: [Object.entries(localStorage), Object.entries(sessionStorage), document.cookie],
  fetched: performance.getEntriesByType("resource").map(({ name }) => name)
    .filter((name) => name.endsWith(".flac")).sort(),
})"""


def trace(
    browser: Browser,
    blinded: Published,
    test: str,
    coins: list[int],
    leak: str = "",
    count: int = 3,
) -> dict[str, Any]:
    """Everything there is to look at during the first trials, with the same answers to each.

    `leak` is a script that runs in the page where `coins` is in sight.
    """
    # As tall as the page: the theme keeps house, in its own time, where one scrolls.
    context = blinded.serve(browser.new_context(viewport={"width": 1280, "height": 2600}))
    listener = Visit(context.new_page(), blinded.url)
    said: list[str] = []
    listener.page.on("console", lambda message: said.append(message.text))
    plant(listener.page, coins, leak)
    page = opened(listener)
    names, answer = {"ABX": ("ABX", "X is A"), "Preference": ("12", "1")}[test]
    looks = [page.evaluate(LOOK)]
    start(page, test, 10)
    for number in range(1, count + 1):
        ready(page, number, 10)
        looks.append(page.evaluate(LOOK))
        for name in names:
            page.get_by_role("radio", name=name, exact=True).check()
            looks.append(page.evaluate(LOOK))
        listen(page, names)
        page.get_by_role("slider", name="Position").press("Home")
        looks.append(page.evaluate(LOOK))
        page.get_by_role("button", name=answer, exact=True).click()
    ready(page, count + 1, 10)
    looks.append(page.evaluate(LOOK))
    context.close()
    # Modules ask for modules as they arrive; only the order of the audio is the page's own.
    rest = sorted(url for url in listener.requests if not url.endswith(".flac"))
    return {"looks": looks, "audio": listener.audio(), "rest": rest, "said": said}


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[Any]:
    """Where two traces differ: what, in which look, and both."""
    found: list[Any] = [
        (key, one[key], other[key]) for key in ("audio", "rest", "said") if one[key] != other[key]
    ]
    for number, (this, that) in enumerate(zip(one["looks"], other["looks"], strict=True)):
        for key in this.keys() - {"page"}:
            if this[key] != that[key]:
                found.append((key, number, this[key], that[key]))
        for lines in zip_longest(this["page"], that["page"], fillvalue=""):
            if lines[0] != lines[1]:
                found.append(("page", number, *lines))
    return found


@pytest.mark.parametrize("test", ["ABX", "Preference"])
def test_nothing_on_the_page_or_the_wire_tells_the_assignment(
    browser: Browser, blinded: Published, test: str
) -> None:
    """Opposite draws look the same, which includes that no trial's score shows before the end."""
    one, *others = (
        trace(browser, blinded, test, [swapped] * 10 + [second] * 10)
        for swapped, second in ((0, 0), (1, 1), (0, 1))
    )
    assert any("Trial 3 of 10" in line for look in one["looks"] for line in look["page"])
    assert [name.split("/")[1] for name in one["audio"]] == ["clean.flac", "base.flac"] * 4
    assert one["said"] == []
    for other in others:
        assert differences(one, other) == []


def test_a_page_that_did_tell_would_be_seen(browser: Browser, blinded: Published) -> None:
    """The comparison above can fail, by each of the ways it watches."""
    leaks = {
        "page": "document.documentElement.dataset.leak = coins[0];",
        "globals": "window['leak' + coins[0]] = 1;",
        "said": "console.log(coins[0]);",
        "rest": "fetch('index.html?' + coins[0]);",
        "address": "history.replaceState({ leak: coins[0] }, '');",
    }
    script = f"addEventListener('submit', () => {{ {''.join(leaks.values())} }});"
    one, other = (trace(browser, blinded, "Preference", [coin], script, 1) for coin in (0, 1))
    assert {found[0] for found in differences(one, other)} == leaks.keys()


def test_nothing_plays_before_both_versions_are_here(listener: Visit) -> None:
    held: list[Any] = []
    page = listener.page
    page.route("**/base.flac", lambda route: held.append(route))
    opened(listener)
    with page.expect_response("**/clean.flac"):
        start(page, "ABX", 10, IDS[0])
    expect(page.get_by_role("heading", name="Trial 1 of 10")).to_be_focused()
    page.wait_for_timeout(200)
    for name in ("Play", "X is A"):
        expect(page.get_by_role("button", name=name)).to_be_disabled()
    expect(page.get_by_text("Fetching both versions…")).to_be_visible()
    held[0].fallback()
    expect(page.get_by_role("button", name="Play")).to_be_enabled()
    expect(page.get_by_role("button", name="X is A")).to_be_disabled()
    listen(page, "ABX")
    expect(page.get_by_role("button", name="X is A")).to_be_enabled()
