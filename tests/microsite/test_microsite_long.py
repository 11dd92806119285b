"""A render too long to decode as a whole: its player fetches parts of the files as it plays."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page, Route, expect

from stemsilver import signals
from stemsilver.audio import encode_flac16
from stemsilver.records import Audio

from .listening import PAGE, play, position, status
from .planted_site import INTRO, Published, answer_range
from .visits import Visit

RATE = 24_000
SECONDS = 40
HOURS = 'data-duration="40.0" data-rate="24000" data-samples="345600000"'
EDGES = [4096 * (10 * RATE * index // 4096) / RATE for index in range(4)]
"""The seconds at which the parts of the files begin."""


@dataclass
class Files:
    """Raw and clean as long files, and what was asked for: the seconds where each part begins."""

    content: dict[str, bytes]
    asked: list[tuple[str, float | str]] = field(default_factory=list)
    held: list[Route] = field(default_factory=list)
    hold: tuple[str, float] | None = None

    def answer(self, route: Route) -> None:
        """Answer with the bytes that were asked for; but what is to be held waits in `held`."""
        name = route.request.url.split("/")[-1].removesuffix(".flac")
        first = int(route.request.headers["range"].removeprefix("bytes=").split("-")[0])
        asked = (name, self._second(name, first))
        self.asked.append(asked)
        if asked == self.hold:
            self.held.append(route)
        else:
            answer_range(route, self.content[name])

    def release(self) -> None:
        """Answer what was held."""
        self.hold = None
        for route in self.held:
            answer_range(route, self.content[route.request.url.split("/")[-1][:-5]])

    def _second(self, name: str, first: int) -> float | str:
        data = self.content[name]
        if first == 0:
            return "head"
        audio = data.index(b"\xff\xf8", 42 + 4 + 18 * len(EDGES))
        offsets = [int.from_bytes(data[54 + 18 * i :][:8], "big") for i in range(len(EDGES))]
        return EDGES[offsets.index(first - audio)]


def noise(seed: int) -> NDArray[np.float32]:
    steps = np.random.default_rng(seed).integers(-8192, 8192, SECONDS * RATE)
    return (steps / 2**15).astype(np.float32)


@pytest.fixture(scope="module")
def content() -> Iterator[dict[str, bytes]]:
    """Forty seconds of noise, encoded as something long."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signals, "STRETCH", SECONDS * RATE - 1)
        yield {
            name: encode_flac16(Audio(noise(seed)[np.newaxis], RATE))
            for seed, name in enumerate(("raw", "clean"))
        }


@pytest.fixture
def files(content: dict[str, bytes], published: Published, visit: Visit) -> Files:
    """The long files, which the visitor is served in the place of a render's own."""
    files = Files(content)
    for name in ("index.html", PAGE):
        text = (published.folder / name).read_text("utf-8")
        longer, changes = re.subn(
            r'data-duration="1.5" data-rate="24000" data-samples="36000"', HOURS, text
        )
        assert changes
        visit.page.route(f"**/{name}", serving(longer))
    visit.page.route(f"**/{INTRO}/*.flac", files.answer)
    return files


def serving(text: str) -> object:
    return lambda route: route.fulfill(body=text, content_type="text/html")


def to(page: Page, seconds: float) -> None:
    page.evaluate("seconds => document.querySelector('stem-ab').seek(seconds)", seconds)


# What an engine plays of parts, from `start`, and the same samples of the whole file. Then `orders`
# is called with the engine, at times of whole blocks of 128 samples.
RENDER = """
async ([url, rate, signal, start, loop, seconds]) => {
  const { Engine } = await import("/assets/player/engine.js");
  const { Tracks } = await import("/assets/player/tracks.js");
  const context = new OfflineAudioContext(1, Math.round(seconds * rate), rate);
  const tracks = new Tracks(context, { raw: url }, { long: true });
  const engine = new Engine(context, signal, { lead: 0 });
  for (let spot = 0; spot < signal; spot += 5) {
    const part = await tracks.load("raw", spot);
    engine.add("raw", part.buffer, 1, part);
  }
  engine.select("raw");
  engine.seek(start);
  engine.loop(loop);
  engine.play();
  const rendered = await context.startRendering();
  const whole = await context.decodeAudioData(await (await fetch("/whole.flac")).arrayBuffer());
  return [rendered, whole].map((one) => Array.from(one.getChannelData(0)));
}
"""


@pytest.mark.parametrize(
    ("start", "loop"),
    [(7.5, None), (9.0, {"start": 9.25, "end": 20.5}), (9.0, {"start": 10.5, "end": 11.25})],
)
def test_parts_follow_each_other_to_the_sample(
    files: Files, visit: Visit, start: float, loop: dict[str, float] | None
) -> None:
    """As if the whole file had been decoded: over two edges, and in loops over them and between."""
    page = visit.open("method.html")
    page.route("**/whole.flac", lambda route: route.fulfill(body=files.content["raw"]))
    url = f"{visit.url}/renders/{INTRO}/raw.flac"
    found = page.evaluate(RENDER, [url, RATE, SECONDS, start, loop, 14])
    heard, whole = map(np.array, found)
    expected = round(start * RATE) + np.arange(14 * RATE)
    if loop:
        first, end = round(loop["start"] * RATE), round(loop["end"] * RATE)
        expected = np.where(expected < end, expected, first + (expected - first) % (end - first))
    faded_in = round(0.015 * RATE) + 1
    np.testing.assert_array_equal(heard[faded_in:], whole[expected[faded_in:]])


def test_only_what_is_played_is_fetched_and_a_switch_waits_for_nothing(
    files: Files, visit: Visit
) -> None:
    page = visit.open(f"{PAGE}#t=31")
    expect(status(page)).to_have_text(
        re.compile(r"^Play fetches raw and clean in parts, about [\d.]+ kB a minute\.$")
    )
    assert files.asked == []
    play(page)
    expect(status(page)).to_have_text("Playing clean")
    page.wait_for_function("document.querySelector('stem-ab').engine.ready('raw')")
    last = EDGES[3]
    assert files.asked == [("clean", "head"), ("clean", last), ("raw", "head"), ("raw", last)]
    page.get_by_role("radio", name="Raw", exact=True).check(force=True)
    expect(status(page)).to_have_text("Playing raw")
    # A spot elsewhere is fetched first, then what follows it.
    files.asked.clear()
    files.hold = ("raw", 0)
    to(page, 3)
    expect(status(page)).to_have_text("Fetching raw, at 0:03…")
    assert position(page) == 3
    files.release()
    expect(status(page)).to_have_text("Playing raw")
    page.wait_for_function("document.querySelector('stem-ab').position > 3.05")
    page.wait_for_function("document.querySelector('stem-ab').engine.ready('clean')")
    assert files.asked[0] == ("raw", 0)
    assert {("raw", EDGES[1]), ("clean", 0)} <= set(files.asked)
    to(page, 39.5)
    expect(status(page)).to_have_text("The end")
    assert position(page) == SECONDS


def test_what_comes_late_is_waited_for_where_it_is_missing(files: Files, visit: Visit) -> None:
    page = visit.open(f"{PAGE}#t={EDGES[1] - 2.2:.2f}")
    files.hold = ("clean", EDGES[1])
    play(page)
    expect(status(page)).to_have_text("Fetching clean, at 0:09…")
    assert position(page) == EDGES[1]
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    files.release()
    expect(status(page)).to_have_text("Playing clean")
    page.wait_for_function(
        "edge => document.querySelector('stem-ab').position > edge", arg=EDGES[1]
    )


@pytest.mark.parametrize(
    ("ranges", "reason"), [(False, "the server does not send parts of files"), (True, "no seek")]
)
def test_what_cannot_be_played_in_parts_is_left_to_the_browser(
    files: Files, published: Published, visit: Visit, ranges: bool, reason: str
) -> None:
    """A server without byte ranges, and a file that another program made."""
    plain = published.folder / "renders" / INTRO / "clean.flac"
    visit.page.route(
        "**/clean.flac",
        lambda route: (
            answer_range(route, plain.read_bytes()) if ranges else route.fulfill(path=plain)
        ),
    )
    page = visit.open("index.html")
    page.locator(f"tr[data-item={INTRO}] button[data-track=clean]").click()
    # The scorecard leads to the page of the render, whose player cannot do better.
    expect(page.locator(".ab-live")).to_have_count(1)
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.locator("audio").first).to_be_visible()
    expect(page.locator(".ab-deck")).to_be_hidden()
    expect(page.locator(".ab-plain")).to_have_text(
        re.compile(f"^clean: .*{reason}.* Here each track plays separately\\.$")
    )


def test_the_scorecard_plays_a_long_render(files: Files, visit: Visit) -> None:
    page = visit.open("index.html")
    for track in ("clean", "raw"):
        page.locator(f"tr[data-item={INTRO}] button[data-track={track}]").click()
        expect(page.get_by_role("status").last).to_have_text(
            f"Playing {track}: narration/intro one.wav"
        )
    assert {seconds for _, seconds in files.asked} <= {"head", *EDGES[:2]}
