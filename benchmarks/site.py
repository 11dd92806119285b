"""Measure the size and speed of a site with many renders.

    python benchmarks/site.py [COUNT …]

Builds a site for each COUNT of synthetic renders (default: 100, 300 and 1,000), which share one
second of audio. A local server serves it, and headless Chromium (the one named in
STEMSILVER_CHROMIUM, else Playwright's) opens the overview with an empty cache. 5 % of the renders
fail a gate and 5 % are not cleaned.

Prints the build time; the size of the page, plain and gzipped; all bytes that the first visit
loads; the times from the start of the visit until something is painted and until a click on a
heading has sorted the table; and the time of a search. Browser times are medians of five visits.
"""

from __future__ import annotations

import argparse
import gzip
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import soundfile
from playwright.sync_api import Browser, sync_playwright
from rich.console import Console
from rich.table import Table

from stemsilver import microsite
from stemsilver.evaluation.catalogue import METRICS
from stemsilver.media import snippets
from stemsilver.media.playback import LISTENING, measure_tracks, to_json
from stemsilver.media.plots import spectrogram_webp
from stemsilver.profiles import load_profile
from stemsilver.records import Audio, Evidence, Failure, ItemResult, Score
from stemsilver.report import judge

COUNTS = (100, 300, 1000)
VISITS = 5
RATE = 24_000
MAX_MEGABYTES = 1000.0

# Both wait for the frame in which the result is visible.
_SORT = """async () => {
  const frame = () => new Promise(requestAnimationFrame);
  const heading = () => document.querySelector("th.st-num:has(.st-sort)");
  while (!heading()) await frame();
  heading().click();
  while (!heading().hasAttribute("aria-sort")) await frame();
  await frame();
  await frame();
  return performance.now();
}"""
_SEARCH = """async () => {
  const frame = () => new Promise(requestAnimationFrame);
  const field = document.querySelector("input[type=search]");
  const started = performance.now();
  field.value = "render 0042";
  field.dispatchEvent(new Event("input", { bubbles: true }));
  while (document.querySelectorAll("table[data-scorecard] tbody tr").length > 1) await frame();
  await frame();
  await frame();
  return performance.now() - started;
}"""
_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


@dataclass(frozen=True)
class Visit:
    """A first visit to the overview: what was loaded, and times in seconds."""

    requests: int
    bytes: int
    painted: float
    sorted: float
    searched: float


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("counts", type=int, nargs="*", default=COUNTS, metavar="COUNT")
    console = Console(highlight=False, width=110)
    table = Table(
        *("renders", "build s", "ms a render", "overview kB", "gzip kB", "requests"),
        *("first visit kB", "paint s", "sorts s", "search s"),
    )
    with (
        tempfile.TemporaryDirectory() as folder,
        sync_playwright() as playwright,
        console.status("building and visiting"),
    ):
        root = Path(folder)
        media = _media(root / "media")
        # Draw plots and diagram before the measurement, as in a build with a warm cache.
        _build(1, media, root / "warm")
        chromium = os.environ.get("STEMSILVER_CHROMIUM")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for count in parser.parse_args().counts:
            site = root / f"site-{count}"
            started = time.perf_counter()
            _build(count, media, site)
            built = time.perf_counter() - started
            page = (site / "index.html").read_bytes()
            with _served(site) as url:
                visits = [_visit(browser, url) for _ in range(VISITS)]
            painted, ready, searched = (
                statistics.median(getattr(visit, name) for visit in visits)
                for name in ("painted", "sorted", "searched")
            )
            table.add_row(
                *(f"{count:,}", f"{built:.1f}", f"{1000 * built / count:.0f}"),
                *(f"{len(page) / 1000:.0f}", f"{len(gzip.compress(page)) / 1000:.0f}"),
                *(str(visits[0].requests), f"{visits[0].bytes / 1000:.0f}"),
                *(f"{painted:.2f}", f"{ready:.2f}", f"{searched:.2f}"),
            )
        browser.close()
    console.print(table)


def _item(index: int) -> ItemResult:
    """Return a synthetic render; its number determines its scores and whether it fails."""
    id_, path = f"render-{index:04}", f"chapter {index // 50:02}/render {index:04}.wav"
    if index % 20 == 19:
        failure = Failure("unreadable", f"{path}: not audio, it begins with zeros", "Export again.")
        return ItemResult(id_, path, f"{id_}.wav", failure=failure)
    chance = np.random.default_rng(index)
    ranges = {"fraction": (0.0, 0.1), "MOS 1–5": (2.0, 4.0)}
    scores = {
        name: Score(float(chance.uniform(*ranges.get(metric.unit, (-30.0, -20.0)))))
        for name, metric in METRICS.items()
    }
    scores |= {
        "raw_music_presence": Score(float(chance.uniform(0.5, 1))),
        "clean_music_presence": Score(float(chance.uniform(0, 0.05))),
        "clean_lufs": Score(-16.0),
        "stoi_vs_stage_a": Score(0.85 if index % 20 == 9 else 0.95),
    }
    return ItemResult(
        id_, path, f"{id_}.wav", evidence=Evidence(scores), rate=RATE, channels=1, frames=RATE
    )


def _media(folder: Path) -> Path:
    """Write one second of audio and its plots, in the layout that `microsite.build` needs."""
    folder.mkdir()
    wave = np.float32(0.25) * np.sin(2 * np.pi * 220 * np.arange(RATE) / RATE, dtype=np.float32)
    signals = {name: Audio(wave[np.newaxis], RATE) for name in ("raw", "clean", "removed")}
    for name, audio in signals.items():
        soundfile.write(folder / f"{name}.flac", audio.array.T, RATE, subtype="PCM_16")
        (folder / f"{name}.webp").write_bytes(spectrogram_webp(audio.samples, RATE))
    (folder / LISTENING).write_bytes(to_json(measure_tracks(signals)))
    pair: dict[snippets.Signal, Audio] = {"raw": signals["raw"], "clean": signals["clean"]}
    settings = load_profile().ab_tests
    level: dict[snippets.Signal, float] = dict.fromkeys(pair, 0.0)
    chosen = snippets.choose(pair["clean"], signals["removed"], level, settings)
    for name, content in snippets.files(chosen, pair, settings.fade_ms).items():
        (folder / name).write_bytes(content)
    return folder


def _build(count: int, media: Path, target: Path) -> None:
    profile = load_profile()
    items = [_item(index) for index in range(count)]
    build = judge(items, profile, created="2026-01-01T00:00:00Z", tool_version="0")
    folders = {item.id: media for item in items if item.failure is None}
    microsite.build(build, profile, {}, folders, (), target, MAX_MEGABYTES)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Do not log requests."""


@contextmanager
def _served(site: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/index.html"
        server.shutdown()


def _visit(browser: Browser, url: str) -> Visit:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    sizes: list[int] = []
    page.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"]))
    page.goto(url, wait_until="commit")
    ready = page.evaluate(_SORT)
    searched = page.evaluate(_SEARCH)
    page.wait_for_load_state("networkidle")
    visit = Visit(
        len(sizes), sum(sizes), page.evaluate(_PAINT) / 1000, ready / 1000, searched / 1000
    )
    context.close()
    return visit


if __name__ == "__main__":
    main()
