"""What the engine makes sound, sample by sample, in a real browser's audio graph."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from long_page import RECORD
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, Route, expect

from stemsilver.audio import decode, encode_flac16
from stemsilver.records import Audio

from .planted_site import Published

RATE = 24_000
RAW = Path(__file__).parents[2] / "raw"
SECONDS = 8.0
NUMBERS = itertools.count()
ROUNDING = 2**-14
"""What a sample may lose on its way through 16 bits."""

# Renders what an engine plays into a page of samples. `script` is called with the engine and must
# return pairs of a time and what is done then; times are those of whole blocks of 128 samples.
RENDER = """
async ([urls, seconds, rate, fade, orders]) => {
  const { Engine } = await import("/assets/player/engine.js");
  const context = new OfflineAudioContext(1, Math.round(seconds * rate), rate);
  const engine = new Engine(context, seconds, { fade, lead: 0 });
  for (const [name, url] of Object.entries(urls)) {
    const bytes = await (await fetch(url)).arrayBuffer();
    engine.add(name, await context.decodeAudioData(bytes));
  }
  engine.select(Object.keys(urls)[0]);
  engine.play();
  for (const [time, method, ...values] of orders) {
    context.suspend(time).then(() => { engine[method](...values); context.resume(); });
  }
  const rendered = await context.startRendering();
  return Array.from(rendered.getChannelData(0));
}
"""


@pytest.fixture(scope="module")
def page(browser: Browser, published: Published) -> Iterator[Page]:
    """A page of the site, where its modules can be imported."""
    context = published.serve(browser.new_context())
    page = context.new_page()
    page.goto(f"{published.url}/method.html")
    yield page
    context.close()


def render(
    page: Page,
    tracks: dict[str, NDArray[np.float32]],
    orders: Sequence[Sequence[object]],
    seconds: float = SECONDS,
    program: str = RENDER,
) -> NDArray[np.float64]:
    """What `program` hears of these signals, which the page is served as FLAC."""
    urls = {name: f"http://stemsilver.test/{next(NUMBERS)}/{name}.flac" for name in tracks}
    for name, samples in tracks.items():
        page.route(urls[name], answer(encode_flac16(Audio(samples[np.newaxis], RATE))))
    return np.array(page.evaluate(program, [urls, seconds, RATE, 0.015, orders]))


def answer(body: bytes) -> Callable[[Route], None]:
    """Answers any request with these bytes."""
    return lambda route: route.fulfill(body=body)


def block(seconds: float) -> float:
    """The next time that is one of whole blocks."""
    return float(np.ceil(seconds * RATE / 128) * 128 / RATE)


def ramp(seconds: float = SECONDS) -> NDArray[np.float32]:
    """A signal whose value tells its position: 0 at the beginning, 0.9 at the end."""
    return np.linspace(0, 0.9, round(seconds * RATE), dtype=np.float32)


def speech() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A demo render with music, and its speech alone."""
    raw = decode(RAW / "museum_guide.wav", 1)
    truth = decode(RAW / "museum_guide.reference.flac", 1)
    assert raw.rate == RATE
    frames = round(SECONDS * RATE)
    return raw.samples[0, :frames], truth.samples[0, :frames]


def switches(count: int, first: float, gap: float, names: Sequence[str]) -> list[list[object]]:
    times = [block(first + index * gap) for index in range(count)]
    return [[time, "select", names[(i + 1) % len(names)]] for i, time in enumerate(times)]


def test_fifty_switches_leave_the_position_alone(page: Page) -> None:
    """Three tracks that tell their own position: after every switch, at every sample, the one
    that is heard is where an uninterrupted play would be. To the sample, not only to 5 ms."""
    tracks = dict.fromkeys(("raw", "clean", "removed"), ramp())
    switched = render(page, tracks, switches(50, 0.2, 0.15, list(tracks)))
    straight = render(page, tracks, [])
    step = 0.9 / (SECONDS * RATE)
    assert np.abs(straight - ramp()).max() < ROUNDING
    assert np.abs(switched - straight).max() < 1.5 * step


def test_a_switch_does_not_click(page: Page) -> None:
    """No step between samples is larger than the two signals' own."""
    raw, clean = speech()
    tracks = {"raw": raw, "clean": clean}
    orders = switches(50, 0.2, 0.15, list(tracks))
    heard = render(page, tracks, orders)
    own = max(np.abs(np.diff(signal)).max() for signal in (raw, clean))
    assert np.abs(np.diff(heard)).max() <= own + ROUNDING
    # And near each switch: the two signals' own steps there, and the slope of the fade.
    for time, *_ in orders:
        near = slice(round(float(str(time)) * RATE) - 2, round((float(str(time)) + 0.016) * RATE))
        steps = max(np.abs(np.diff(signal[near])).max() for signal in (raw, clean))
        slope = np.abs(raw[near] - clean[near]).max() / (0.015 * RATE)
        assert np.abs(np.diff(heard[near])).max() <= steps + slope + ROUNDING
    # Nor do switches that come before the last fade has ended.
    heard = render(page, tracks, switches(100, 0.7, 128 / RATE, list(tracks)))
    assert np.abs(np.diff(heard)).max() <= own + ROUNDING
    assert np.abs(heard[-RATE:] - raw[-RATE:]).max() < ROUNDING


def test_a_loop_repeats_to_the_sample_in_every_track(page: Page) -> None:
    tracks = dict.fromkeys(("raw", "clean"), ramp())
    # Off the samples, as a finger leaves it: the engine must put it on them.
    start, end = 1.0000104, 1.5000312
    orders = [
        [block(0.1), "loop", {"start": start, "end": end}],
        [block(0.2), "seek", start],
        *switches(20, 0.4, 0.21, list(tracks)),
    ]
    heard = render(page, tracks, orders, 6)
    began = round(block(0.2) * RATE)
    settled = began + round(0.02 * RATE)
    length = round(end * RATE) - round(start * RATE)
    expected = ramp()[round(start * RATE) + np.arange(6 * RATE - began) % length]
    # At the very seam a browser may interpolate between the last sample and the first.
    away = np.abs(heard[settled:] - expected[settled - began :])
    seams = (np.arange(settled - began, 6 * RATE - began) % length) < 2
    assert away[~seams].max() < ROUNDING


def test_a_seek_fades_and_gains_are_applied(page: Page) -> None:
    at = block(1.0)
    heard = render(page, {"raw": ramp()}, [[at, "seek", 6.0]])
    first, last = round(at * RATE), round((at + 0.016) * RATE)
    assert heard[first - 10] == pytest.approx(0.9 * (at - 10 / RATE) / SECONDS, abs=1e-4)
    assert heard[last] == pytest.approx(0.9 * (6.0 + 0.016) / SECONDS, abs=1e-4)
    assert np.abs(np.diff(heard[: last + RATE])).max() < 2 * 0.6 / (0.015 * RATE)

    tone = np.full(round(SECONDS * RATE), 0.5, np.float32)
    orders = [[block(1.0), "level", "raw", 0.25], [block(2.0), "pause"]]
    heard = render(page, {"raw": tone}, orders, 3)
    moments = [heard[round(second * RATE)] for second in (0.5, 1.5, 2.5)]
    assert moments == pytest.approx([0.5, 0.125, 0], abs=1e-4)


def test_tracks_come_late_and_go_without_stopping_the_others(page: Page) -> None:
    program = RENDER.replace(
        "for (const [time,",
        "const late = await context.decodeAudioData(await (await fetch(urls.late)).arrayBuffer());"
        "engine.remove('late');"
        "context.suspend(1.024).then(() => { engine.add('late', late, 1); context.resume(); });"
        "for (const [time,",
    )
    tracks = {"raw": ramp(), "late": ramp()}
    heard = render(page, tracks, [[block(1.5), "select", "late"]], program=program)
    assert np.abs(heard - ramp()).max() < ROUNDING

    program = RENDER.replace(
        "const rendered", "let ends = 0; engine.onend = () => { ends += 1; }; const rendered"
    ).replace("return Array", "return [engine.playing, ends, engine.ready('clean')]; return Array")
    program = program.replace("new Engine(context, seconds", "new Engine(context, 2 * seconds")
    tracks = dict.fromkeys(("raw", "clean"), ramp())
    for order in (["remove", "clean"], ["drop", "clean", 0]):
        found = render(page, tracks, [[block(0.5), *order]], 2, program)
        assert found.tolist() == [1, 0, 0]


LISTEN = """
(() => {
  // Everything a page sends to its speakers is also written down, where the audio is rendered.
  const recorder = `registerProcessor("tap", class extends AudioWorkletProcessor {
    process([input]) {
      this.port.postMessage(input[0] ? input[0].slice() : new Float32Array(128));
      return true;
    }
  })`;
  window.heard = [];
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (target, ...more) {
    const { tap, destination } = this.context;
    if (tap && target === destination) connect.call(this, tap);
    return connect.call(this, target, ...more);
  };
  const Own = window.AudioContext;
  window.AudioContext = class extends Own {
    constructor(...options) {
      super(...options);
      this.audioWorklet.addModule(URL.createObjectURL(new Blob([recorder],
        { type: "text/javascript" }))).then(() => {
        this.tap = new AudioWorkletNode(this, "tap", { outputChannelCount: [1] });
        this.tap.port.onmessage = ({ data }) => heard.push(...data);
        window.listening = true;
      });
    }
  };
})();
"""


HELD_UP = """
const { start } = AudioBufferSourceNode.prototype;
AudioBufferSourceNode.prototype.start = function (...when) {
  for (const until = performance.now() + MILLISECONDS; performance.now() < until; );
  return start.apply(this, when);
};
"""


@pytest.mark.parametrize("held_up", [0, 100], ids=["in time", "always late"])
def test_fifty_switches_by_hand_leave_the_position_alone(
    browser: Browser, published: Published, held_up: int
) -> None:
    """On the page itself, in real time: what goes to the speakers is one unbroken line, also in a
    browser that is too slow to start a track in time."""
    seconds = 40.0  # longer than a busy browser takes
    silent = "heard.length > 40 && heard.slice(-40).flatMap(one => [...one[1]]).every(one => !one)"
    # Recording where audio is rendered takes a secure address.
    published = replace(published, url="https://stemsilver.test")
    context = published.serve(browser.new_context())
    page = context.new_page()
    page.add_init_script(RECORD)
    page.add_init_script(HELD_UP.replace("MILLISECONDS", str(held_up)))
    page.route("**/*.flac", answer(encode_flac16(Audio(ramp(seconds)[np.newaxis], RATE))))
    path = published.folder / "renders" / "intro-one-00000001.html"
    longer = path.read_text(encoding="utf-8").replace(
        'data-duration="1.5"', f'data-duration="{seconds}"'
    )
    page.route("**/intro-one-00000001.html", answer(longer.encode()))
    page.goto(f"{published.url}/renders/intro-one-00000001.html")
    page.get_by_label("Loudness").select_option("none")
    # Once to wake the recorder, and then for good.
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_function("window.context?.tap")
    page.get_by_role("button", name="Pause").click()
    page.wait_for_function(silent)
    page.evaluate("() => { heard.length = 0; }")
    page.get_by_role("button", name="Play", exact=True).click()
    for index in range(50):
        page.locator(".ab-pick input").nth(index % 3).check(force=True)
        page.wait_for_timeout(25)
    expect(page.get_by_role("status")).to_have_text("Playing clean")
    page.get_by_role("button", name="Pause").click()
    shown = page.evaluate("document.querySelector('stem-ab').position")
    page.wait_for_function(silent)
    heard = np.array(page.evaluate("heard.flatMap(([, block]) => [...block])"))
    context.close()
    # From the spot that was asked for, once it has faded in, until it begins to fade out.
    sounding = np.flatnonzero(heard > 0)
    begin, end = sounding[0] + round(0.05 * RATE), sounding[-1] - round(0.016 * RATE)
    position = heard[begin:end] / 0.9 * seconds
    uninterrupted = position[0] + np.arange(position.size) / RATE
    assert position.size > RATE
    # A busy browser may begin the two halves of a crossfade one after the other, and then the level
    # dips until both have ended; a track that is off the clock would be off until the next switch.
    on_the_line = np.flatnonzero(np.abs(position - uninterrupted) < 0.005)
    assert np.diff(on_the_line).max() < 0.02 * RATE
    assert on_the_line.size > 0.95 * position.size
    assert shown == pytest.approx(position[-1], abs=0.005)
