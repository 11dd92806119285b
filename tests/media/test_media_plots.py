from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from stemsilver.media.plots import (
    change_webp,
    distribution_svg,
    height_of,
    spectrogram_webp,
    strips,
    top_hz,
)
from stemsilver.records import Samples

RATE = 24_000


def tone(hz: float, seconds: float = 1.0, rate: int = RATE, level: float = 0.5) -> Samples:
    time = np.arange(round(seconds * rate)) / rate
    return (level * np.sin(2 * np.pi * hz * time)).astype(np.float32)[np.newaxis]


def brightness(samples: Samples, rate: int = RATE) -> NDArray[np.float64]:
    """Luminance of the spectrogram; shape (rows, columns), top row first."""
    image = Image.open(io.BytesIO(spectrogram_webp(samples, rate)))
    assert image.size == (1200, 240)
    return np.asarray(image.convert("L"), dtype=np.float64)


def texts(svg: bytes) -> list[str]:
    nodes = ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    return [(node.text or "").strip() for node in nodes]


def test_a_spectrogram_is_a_small_webp_without_metadata() -> None:
    noise = np.random.default_rng(3).normal(0, 0.1, (1, 5 * RATE)).astype(np.float32)
    webp = spectrogram_webp(noise, RATE)
    image = Image.open(io.BytesIO(webp))
    assert image.format == "WEBP"
    assert not {"exif", "icc_profile", "xmp"} & set(image.info)
    assert len(webp) < 150_000


@pytest.mark.parametrize("rate", [8000, 24_000, 96_000])
def test_a_tone_lies_where_its_mark_stands_and_only_there(rate: int) -> None:
    # 1,000 of 3,266 mel.
    assert height_of(1000, RATE) == pytest.approx(0.306, abs=0.001)
    for hz in (500.0, 1000.0, 0.8 * top_hz(rate)):
        rows = brightness(tone(hz, 0.5, rate, 0.01), rate).mean(axis=1)
        assert np.median(rows) < 0.3 * rows.max()
        assert 1 - rows.argmax() / rows.size == pytest.approx(height_of(hz, rate), abs=0.012)


def test_time_runs_along_the_axis() -> None:
    late = np.concatenate([np.zeros((1, RATE), np.float32), tone(1000)], axis=1)
    columns = brightness(late).max(axis=0)
    bright = np.flatnonzero(columns > 0.8 * columns.max())
    assert bright[0] / columns.size == pytest.approx(0.5, abs=0.03)
    assert bright[-1] / columns.size == pytest.approx(1, abs=0.03)


def test_strips_are_equal_parts_without_seams() -> None:
    assert [strips(seconds) for seconds in (1, 180, 181, 250, 3600)] == [0, 0, 3, 4, 60]
    rising = np.concatenate([tone(1000, 5, level=level) for level in (0.001, 0.5)], axis=1)
    parts = [
        np.asarray(Image.open(io.BytesIO(spectrogram_webp(rising, RATE, index, 4))).convert("L"))
        for index in range(4)
    ]
    first, second, third, _ = (part.max(axis=0).astype(int) for part in parts)
    assert abs(first[-1] - first[600]) < 5
    assert abs(second[0] - first[600]) < 5
    assert third.min() > 1.5 * first.max()


def test_the_range_is_fixed_not_fitted() -> None:
    loud, quiet = (brightness(tone(1000, level=level)) for level in (0.5, 0.0005))
    assert loud.max() > 1.5 * quiet.max()
    silent = brightness(np.zeros((1, RATE), np.float32))
    assert np.ptp(silent) == 0
    assert silent.max() < quiet.max()


@pytest.mark.parametrize("frames", [0, 1, 100, 3600 * 48_000])
def test_a_file_of_any_length_has_a_spectrogram(frames: int) -> None:
    # One sample in memory stands for 1.4 GB: any copy of the whole would show.
    brightness(np.broadcast_to(np.float32(0.25), (1, frames)), 48_000)


def test_a_change_is_darker_where_something_is_gone_and_lighter_where_it_came() -> None:
    kept, other = tone(500, level=0.1), tone(4000, level=0.1)

    def changed(before: Samples, after: Samples) -> NDArray[np.float64]:
        image = Image.open(io.BytesIO(change_webp(before, after, RATE, 6.0)))
        assert image.size == (1200, 240)
        return np.asarray(image.convert("L"), dtype=np.float64)

    same = changed(kept, kept / 2)
    assert np.ptp(same) < 5, "half the level and 6 dB of gain are no change"
    grey = same.mean()
    gone, came = changed(kept + other, kept / 2), changed(kept, (kept + other) / 2)
    at = round(240 * (1 - height_of(4000, RATE)))
    assert gone[at].max() < grey / 2
    assert came[at].min() > 1.3 * grey
    assert abs(gone[round(240 * (1 - height_of(500, RATE)))].mean() - grey) < 10
    assert np.ptp(changed(0 * kept, 1e-6 * other)) == 0, "nobody hears that"


def test_a_distribution_shows_both_rows_and_the_gate() -> None:
    both = texts(distribution_svg("Pause floor", "dB", [-20.0, -25.0], [-50.0, -40.0], -30.0))
    assert {"raw", "clean", "gate", "Pause floor (dB)"} <= set(both)
    clean_only = texts(distribution_svg("STOI", "0–1", [], [0.9]))
    assert "clean" in clean_only
    assert {"raw", "gate"}.isdisjoint(clean_only)
    assert "not measured" in texts(distribution_svg("STOI", "0–1", [], []))
    assert "<script>$x^$ (&)" in texts(distribution_svg("<script>$x^$", "&", [1.0], [2.0]))


def test_a_distribution_of_a_thousand_stays_small() -> None:
    values = np.random.default_rng(7).normal(3, 0.4, (2, 1000)).tolist()
    assert len(distribution_svg("DNSMOS", "MOS", *values)) < 25_000
    assert len(distribution_svg("DNSMOS", "MOS", [3.0] * 1000, [3.0] * 1000)) < 10_000


def test_bytes_depend_on_the_values_only_and_an_svg_loads_nothing_and_fits_any_page() -> None:
    def draw() -> str:
        return distribution_svg("WER", "%", [1.0, 2.0], [0.5, 0.4], 1.5).decode()

    text = draw()
    with matplotlib.rc_context({"font.size": 5, "savefig.dpi": 30, "lines.linewidth": 9}):
        assert draw() == text
    assert "Matplotlib" not in text, "no version or date"
    assert text.startswith("<svg")
    hosts = {f"http://www.w3.org/{name}" for name in ("2000/svg", "1999/xlink")}
    assert set(re.findall(r"https?://[^\"]*", text)) <= hosts
    assert "#ffffff" not in text.lower(), "the background is the page's"


def test_pyplot_is_never_loaded() -> None:
    program = (
        "import sys, stemsilver.media.plots as p; p.distribution_svg('a', 'b', [1.0], [2.0]);"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", program], check=True, cwd=root)
