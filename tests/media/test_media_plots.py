from __future__ import annotations

import io
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from stemsilver.media.plots import distribution_svg, height_of, spectrogram_webp, top_hz
from stemsilver.records import Samples

RATE = 24_000


def tone(hz: float, seconds: float = 1.0, rate: int = RATE, level: float = 0.5) -> Samples:
    time = np.arange(round(seconds * rate)) / rate
    return (level * np.sin(2 * np.pi * hz * time)).astype(np.float32)[np.newaxis]


def brightness(png: bytes) -> NDArray[np.float64]:
    """Luminance; shape (rows, columns), top row first."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("L"), dtype=np.float64)


def texts(svg: bytes) -> list[str]:
    root = ElementTree.fromstring(svg)
    return [node.text or "" for node in root.iter("{http://www.w3.org/2000/svg}text")]


def test_a_spectrogram_is_a_small_webp_without_metadata() -> None:
    noise = np.random.default_rng(3).normal(0, 0.1, (1, 5 * RATE)).astype(np.float32)
    webp = spectrogram_webp(noise, RATE)
    image = Image.open(io.BytesIO(webp))
    assert (image.format, image.size) == ("WEBP", (1200, 240))
    assert not {"exif", "icc_profile", "xmp"} & set(image.info)
    assert len(webp) < 150_000


def test_a_higher_tone_stands_higher_and_only_there() -> None:
    rows = []
    for hz in (500, 1000, 2000, 4000, 8000):
        profile = brightness(spectrogram_webp(tone(hz), RATE)).mean(axis=1)
        rows.append(int(profile.argmax()))
        assert np.median(profile) < 0.3 * profile.max()
    assert rows == sorted(rows, reverse=True)
    # A mel scale: octaves grow wider from bottom to top, but less than doubling.
    steps = -np.diff(rows)
    assert all(steps[1:] > steps[:-1])
    assert all(steps[1:] < 2 * steps[:-1])


def test_time_runs_along_the_axis() -> None:
    late = np.concatenate([np.zeros((1, RATE), np.float32), tone(1000)], axis=1)
    columns = brightness(spectrogram_webp(late, RATE)).max(axis=0)
    bright = np.flatnonzero(columns > 0.8 * columns.max())
    assert bright[0] / columns.size == pytest.approx(0.5, abs=0.03)
    assert bright[-1] / columns.size == pytest.approx(1, abs=0.03)


def test_the_range_is_fixed_not_fitted() -> None:
    loud, quiet = (brightness(spectrogram_webp(tone(1000, level=g), RATE)) for g in (0.5, 0.0005))
    assert loud.max() > 1.5 * quiet.max()
    silent = brightness(spectrogram_webp(np.zeros((1, RATE), np.float32), RATE))
    assert np.ptp(silent) == 0
    assert silent.max() < quiet.max()


def test_channels_are_mixed() -> None:
    stereo = np.concatenate([tone(1000), tone(1000)])
    assert spectrogram_webp(stereo, RATE) == spectrogram_webp(tone(1000), RATE)


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 44100, 48000, 96000])
def test_every_rate_has_a_spectrogram(rate: int) -> None:
    assert brightness(spectrogram_webp(tone(1000, 0.5, rate), rate)).max() > 150


@pytest.mark.parametrize("frames", [0, 1, 100])
def test_a_short_file_has_a_spectrogram(frames: int) -> None:
    samples = np.full((1, frames), 0.25, np.float32)
    assert Image.open(io.BytesIO(spectrogram_webp(samples, RATE))).size == (1200, 240)


@pytest.mark.parametrize("rate", [8000, 24_000, 48_000])
def test_a_tone_lies_where_its_mark_stands(rate: int) -> None:
    for hz in (500.0, 1000.0, 0.8 * top_hz(rate)):
        rows = brightness(spectrogram_webp(tone(hz, 0.5, rate, 0.01), rate)).mean(axis=1)
        assert 1 - rows.argmax() / rows.size == pytest.approx(height_of(hz, rate), abs=0.012)


def test_an_hour_costs_no_more_than_a_minute() -> None:
    # One sample in memory stands for 1.4 GB: any copy of the whole would show.
    hour = np.broadcast_to(np.float32(0.1), (2, 3600 * 48_000))
    assert Image.open(io.BytesIO(spectrogram_webp(hour, 48_000))).size == (1200, 240)


def test_a_distribution_shows_both_rows_and_the_gate() -> None:
    svg = distribution_svg("Pause floor", "dB", [-20.0, -25.0], [-50.0, -40.0], -30.0)
    shown = [text.strip() for text in texts(svg)]
    assert {"raw", "clean", "gate", "Pause floor (dB)"} <= set(shown)
    clean_only = [text.strip() for text in texts(distribution_svg("STOI", "0–1", [], [0.9]))]
    assert "clean" in clean_only
    assert {"raw", "gate"}.isdisjoint(clean_only)
    assert "not measured" in texts(distribution_svg("STOI", "0–1", [], []))


def test_a_distribution_of_a_thousand_stays_small() -> None:
    values = np.random.default_rng(7).normal(3, 0.4, (2, 1000)).tolist()
    assert len(distribution_svg("DNSMOS", "MOS", *values)) < 25_000
    assert len(distribution_svg("DNSMOS", "MOS", [3.0] * 1000, [3.0] * 1000)) < 10_000


def test_a_label_is_text() -> None:
    svg = distribution_svg("<script>$x^$", "&", [1.0], [2.0])
    assert "<script>$x^$ (&)" in texts(svg)


def draw_spectrogram() -> bytes:
    return spectrogram_webp(tone(1000), RATE)


def draw_distribution() -> bytes:
    return distribution_svg("WER", "%", [1.0, 2.0], [0.5, 0.4], 1.5)


@pytest.mark.parametrize("draw", [draw_spectrogram, draw_distribution])
def test_bytes_depend_on_the_signals_only(draw: Callable[[], bytes]) -> None:
    first = draw()
    with matplotlib.rc_context({"font.size": 5, "savefig.dpi": 30, "lines.linewidth": 9}):
        assert draw() == first
    assert b"Matplotlib" not in first, "no version or date"


def test_an_svg_loads_nothing_and_fits_any_page() -> None:
    svg = draw_distribution()
    ElementTree.fromstring(svg)
    text = svg.decode()
    assert text.startswith("<svg")
    assert set(re.findall(r"https?://[^\"]*", text)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert "#ffffff" not in text.lower(), "the background is the page's"


def test_pyplot_is_never_loaded() -> None:
    program = (
        "import sys, stemsilver.media.plots as p; p.distribution_svg('a', 'b', [1.0], [2.0]);"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", program], check=True, cwd=root)
