"""Measure the page of a long render: its size before playback, and its switch of tracks.

    python benchmarks/long_page.py [--minutes 60] [--switches 20]

Builds a site of one synthetic render: noise as raw, other noise as clean, 150 words a minute in
three transcripts, and a music probability every 10 ms. `stemsilver serve`'s application serves it,
and headless Chromium (the one named in STEMSILVER_CHROMIUM, else Playwright's) opens the page with
an empty cache and scrolls to its end.

Prints all bytes that were loaded before playback, of which the page, plain and gzipped. Then it
plays from five sixths of the render, clicks Raw and Clean in turn, and records every sample that
goes to the speakers. Printed are the time from a click to the first sample that the other track has
changed, and to the last that the former track has; and by how many samples any track leaves the
clock on which the first was heard, found by comparing what was recorded with raw and clean.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import os
import statistics
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import uvicorn
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console
from scipy.signal import correlate

from stemsilver import microsite
from stemsilver.audio import write_flac16
from stemsilver.cli.server import app
from stemsilver.evaluation.catalogue import METRICS
from stemsilver.media import snippets
from stemsilver.media.playback import LISTENING, TrackLevels, outlined, to_json
from stemsilver.media.plots import CHANGE, change_webp, spectrogram_webp, strip_name, strips
from stemsilver.profiles import load_profile
from stemsilver.records import (
    AlignedWord,
    Alignment,
    Artefact,
    Audio,
    Evidence,
    ItemResult,
    MusicRange,
    Score,
    Timeline,
)
from stemsilver.report import judge

RATE = 24_000
WORDS_PER_MINUTE = 150
ID = "long-00000001"
PAGE = f"renders/{ID}.html"

# Records all that goes to the speakers, with the number of its first sample on the clock.
RECORD = """
(() => {
  const recorder = `registerProcessor("tap", class extends AudioWorkletProcessor {
    process([input]) {
      this.port.postMessage([currentFrame, input[0] ? input[0].slice() : new Float32Array(128)]);
      return true;
    }
  })`;
  window.heard = [];
  window.clicks = [];
  const { connect } = AudioNode.prototype;
  AudioNode.prototype.connect = function (target, ...more) {
    const { tap, destination } = this.context;
    if (tap && target === destination) connect.call(this, tap);
    return connect.call(this, target, ...more);
  };
  const Own = window.AudioContext;
  window.AudioContext = class extends Own {
    constructor(...options) {
      super(...options);
      const module = new Blob([recorder], { type: "text/javascript" });
      this.audioWorklet.addModule(URL.createObjectURL(module)).then(() => {
        this.tap = new AudioWorkletNode(this, "tap", { outputChannelCount: [1] });
        this.tap.port.onmessage = ({ data }) => heard.push(data);
      });
      addEventListener("change", () => clicks.push(this.currentTime * this.sampleRate), true);
      window.context = this;
    }
  };
})();
"""
_RECORDED = """() => {
  const samples = heard.flatMap(([, block]) => [...block]);
  return { first: heard[0][0], samples, clicks, latency: context.baseLatency };
}"""


@dataclass(frozen=True)
class Recording:
    """What was played: `samples` begin at the sample `first` on the clock, clicks are on it too."""

    first: int
    samples: NDArray[np.float64]
    clicks: list[float]
    latency: float


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--switches", type=int, default=20)
    asked = parser.parse_args()
    minutes = asked.minutes
    console = Console(highlight=False, width=110)
    signals = {name: _noise(seed, minutes) for seed, name in enumerate(("raw", "clean"))}
    with (
        tempfile.TemporaryDirectory() as folder,
        sync_playwright() as playwright,
        console.status("building and visiting"),
    ):
        site = _site(Path(folder), signals, minutes)
        chromium = os.environ.get("STEMSILVER_CHROMIUM")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        with _served(site) as url:
            kilobytes = _before_playback(browser, f"{url}/{PAGE}")
            recording = _switched(
                browser, f"{url}/{PAGE}#v=clean&t={50 * minutes:.0f}", asked.switches
            )
        page = (site / PAGE).read_bytes()
        browser.close()
    console.print(
        f"{minutes:g} minutes: {kilobytes:,.0f} kB before playback, of which the page "
        f"{len(page) / 1000:.0f} kB, gzipped {len(gzip.compress(page)) / 1000:.0f} kB"
    )
    begun, done, places = zip(*_switches(recording, signals, minutes), strict=True)
    off = np.ptp(places)
    console.print(
        f"{len(begun)} switches at {minutes * 5 / 6:.0f}:00, from the click: "
        f"begun after {_milliseconds(begun)}, done after {_milliseconds(done)} "
        f"(a buffer of the browser has {1000 * recording.latency:.0f} ms)"
    )
    console.print(
        f"off the clock by at most {off} samples in {recording.samples.size / RATE:.0f} s"
    )


def _noise(seed: int, minutes: float) -> Audio:
    """Return noise of 9 bits, which FLAC compresses like speech."""
    steps = np.random.default_rng(seed).integers(-256, 256, round(60 * minutes * RATE), np.int16)
    return Audio(np.divide(steps[np.newaxis], 2**15, dtype=np.float32), RATE)


def _site(folder: Path, pair: dict[str, Audio], minutes: float) -> Path:
    media, site = folder / "media", folder / "site"
    media.mkdir()
    frames = round(60 * minutes * RATE)
    silence = Audio(np.broadcast_to(np.float32(0), (1, frames)), RATE)
    tracks = pair | {"removed": silence}
    for name, audio in tracks.items():
        with (media / f"{name}.flac").open("w+b") as file:
            write_flac16(audio, file)
    pictures = {name: spectrogram_webp(audio.samples, RATE) for name, audio in tracks.items()}
    raw, clean = (pair[name].samples for name in ("raw", "clean"))
    pictures[CHANGE] = change_webp(raw, clean, RATE, 0.0)
    for name, picture in pictures.items():
        (media / f"{name}.webp").write_bytes(picture)
        for index in range(strips(60 * minutes)):
            # Noise looks the same everywhere.
            (media / strip_name(name, index)).write_bytes(picture)
    levels = {name: TrackLevels(outlined(audio.samples), -20.0) for name, audio in tracks.items()}
    (media / LISTENING).write_bytes(to_json(levels))
    (media / snippets.LISTING).write_bytes(snippets.to_json(()))
    chance = np.random.default_rng(2)
    evidence = Evidence(
        {name: Score.missing("too_short") for name in METRICS},
        alignments=tuple(
            _alignment(name, minutes, chance)
            for name in ("raw → clean", "script → raw", "script → clean")
        ),
        music={
            name: Timeline(0.01, tuple(chance.uniform(0, 1, round(6000 * minutes)).tolist()))
            for name in ("raw", "clean")
        },
        music_ranges={
            name: tuple(MusicRange(60.0 * at, 60.0 * at + 9) for at in range(round(minutes)))
            for name in ("raw", "clean")
        },
        departure=Timeline(0.1, tuple(chance.uniform(0, 20, round(600 * minutes)).tolist())),
        artefacts=tuple(Artefact(60.0 * at, 60.0 * at + 1, 12.0) for at in range(3)),
    )
    item = ItemResult(
        ID, "long.wav", f"{ID}.wav", evidence=evidence, rate=RATE, channels=1, frames=frames
    )
    profile = load_profile()
    build = judge([item], profile, created="2026-01-01T00:00:00Z", tool_version="0")
    microsite.build(build, profile, {ID: evidence}, {ID: media}, (), site, 10_000)
    return site


def _alignment(name: str, minutes: float, chance: np.random.Generator) -> Alignment:
    """Return words of three to eight letters, of which 3 % were substituted."""
    count = round(WORDS_PER_MINUTE * minutes)
    letters = np.array(list("etaoinshrdlu"))
    texts = ["".join(chance.choice(letters, size)) for size in chance.integers(3, 9, count)]
    wrong = chance.uniform(size=count) < 0.03
    words = tuple(
        AlignedWord(
            "substitute" if changed else "equal",
            text,
            text[::-1] if changed else text,
            index * 60 / WORDS_PER_MINUTE,
        )
        for index, (text, changed) in enumerate(zip(texts, wrong, strict=True))
    )
    return Alignment(name, words, int(wrong.sum()), 0, 0, count)


@contextmanager
def _served(site: Path) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(app(site, "127.0.0.1"), port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


def _before_playback(browser: Browser, url: str) -> float:
    """Return the kB that a first visit loads, with every picture, before playback."""
    # The server's policy stops the scripts of the measurement.
    context = browser.new_context(bypass_csp=True, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    sizes: list[int] = []
    page.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"]))
    page.goto(url, wait_until="networkidle")
    for picture in page.locator(".ab-spectrum img").all():
        picture.scroll_into_view_if_needed()
    page.wait_for_load_state("networkidle")
    context.close()
    return sum(sizes) / 1000


def _switched(browser: Browser, url: str, count: int) -> Recording:
    context = browser.new_context(bypass_csp=True, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.add_init_script(RECORD)
    page.goto(url)
    page.get_by_label("Loudness").select_option("none")
    # Once to wake the recorder, and then for good.
    _press(page, "Play")
    page.wait_for_function("window.context?.tap && document.querySelector('stem-ab').playing")
    _press(page, "Pause")
    page.wait_for_timeout(200)
    page.evaluate("() => { heard.length = 0; clicks.length = 0; }")
    _press(page, "Play")
    page.wait_for_function("document.querySelector('stem-ab').engine.ready('raw')")
    for name in itertools.islice(itertools.cycle(("raw", "clean")), count):
        page.wait_for_timeout(700)
        page.locator(f".ab-pick.ab-{name}").click()
    page.wait_for_function("heard.at(-1)[0] > clicks.at(-1) + context.sampleRate / 2")
    found = page.evaluate(_RECORDED)
    context.close()
    return Recording(found["first"], np.array(found["samples"]), found["clicks"], found["latency"])


def _press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def _switches(
    recording: Recording, signals: dict[str, Audio], minutes: float
) -> Iterator[tuple[float, float, tuple[int, int]]]:
    """Yield for each switch when it began and was done, in seconds from the click, and how many
    samples the former and the new track are ahead of the clock.
    """
    heard = recording.samples
    names = itertools.cycle(("clean", "raw"))
    begin = round(50 * minutes * RATE) - RATE
    nearby = {
        name: audio.samples[:, begin : begin + heard.size + 60 * RATE][0]
        for name, audio in signals.items()
    }
    for click, (old, new) in zip(recording.clicks, itertools.pairwise(names), strict=False):
        at = round(click) - recording.first
        before = _place(heard, at - RATE // 4, nearby[old]) - (at - RATE // 4)
        after = _place(heard, at + RATE // 4, nearby[new]) - (at + RATE // 4)
        # Noise differs from other noise at nearly every sample.
        span = slice(at, at + RATE // 4)
        former, latter = (
            np.abs(heard[span] - nearby[name][span.start + place : span.stop + place]) < 1e-4
            for name, place in ((old, before), (new, after))
        )
        yield (
            np.argmin(former) / RATE,
            (latter.size - np.argmin(latter[::-1])) / RATE,
            (before, after),
        )


def _place(heard: NDArray[np.float64], at: int, signal: NDArray[np.float32]) -> int:
    """Return where in `signal` the tenth of a second heard at `at` is."""
    return int(correlate(signal, heard[at : at + RATE // 10], "valid", "fft").argmax())


def _milliseconds(seconds: tuple[float, ...]) -> str:
    return f"{1000 * statistics.median(seconds):.1f} ms (at most {1000 * max(seconds):.1f})"


if __name__ == "__main__":
    main()
