"""Spectrograms of renders before and after cleaning, and distributions of metrics.

Every spectrogram has the same axes, range and colours, so that raw, clean and removed can be
compared by eye. Plots are made without pyplot, whose global state does not suit workers, and
contain neither date nor version: equal signals give equal bytes. Backgrounds are transparent and
text is mid-grey, for light and dark pages. Raw is amber and hollow, clean is teal and solid: no
distinction depends on colour alone.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
import scipy.fft
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_hex
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter, ScalarFormatter
from numpy.typing import NDArray
from PIL import Image, ImageColor

from stemsilver.config import digest
from stemsilver.records import Signal
from stemsilver.step_cache import CodeFingerprint, Memo
from stemsilver.translation import gettext as _
from stemsilver.translation import localised

CODE = CodeFingerprint(
    modules=("media/plots.py", "evaluation/downmix.py"),
    libraries=("numpy", "scipy", "matplotlib", "pillow"),
)
"""Code and libraries that affect the plots."""

DB_RANGE = (-100.0, -20.0)
"""The levels of a spectrogram's darkest and brightest colour, in dB below a full-scale sine."""

CHANGE, BASE_CHANGE = "change", "base-change"
"""The names of the pictures of changes: from raw to clean, and from another build's clean to it."""

CHANGE_DB = 30.0
"""The change of level with the darkest or lightest colour of a picture of changes, in dB."""

_FAINT_DB = -90.0
"""Levels below this count as this, or the picture of changes would show what nobody hears."""

_TOP_HZ = 12_000.0
_COLUMNS, _ROWS = 1200, 240
_STRIP_SECONDS = 60
_READABLE_SECONDS = 180
_WINDOW_SECONDS = 0.064
_DISTRIBUTION_BINS = 60

_TEXT = "#7d8187"
_STYLE: dict[Any, Any] = {
    "font.size": 16.0,
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],
    "text.color": _TEXT,
    "axes.labelcolor": _TEXT,
    "axes.edgecolor": _TEXT,
    "axes.linewidth": 1.0,
    "xtick.color": _TEXT,
    "ytick.color": _TEXT,
    "svg.fonttype": "none",
    "svg.hashsalt": "stemsilver",
}


@dataclass(frozen=True)
class _Look:
    """The style of a signal in every plot."""

    colour: str
    filled: bool


_LOOKS = {"raw": _Look("#c2803a", filled=False), "clean": _Look("#119488", filled=True)}


def _shades(ends: Sequence[str], count: int) -> tuple[str, ...]:
    shades = LinearSegmentedColormap.from_list("stemsilver", list(ends))
    return tuple(to_hex(colour) for colour in shades(np.linspace(0, 1, count)))


COLOURS = _shades(["#06121b", "#0d3346", "#0f6b78", "#3aa597", "#a5d8a6", "#fdf8da"], 64)
"""The colours of a spectrogram, from the lowest level of `DB_RANGE` to the highest."""

CHANGE_COLOURS = _shades(["#2e1000", "#93470f", "#8b8f94", "#a3c8ea", "#f0f8ff"], 65)
"""The colours of a picture of changes, from `CHANGE_DB` quieter to as much louder.

The middle is the grey of no change. Quieter is darker as well as orange, louder lighter as well as
blue: it can be told without colours.
"""


class _Numbers(ScalarFormatter):
    """Numbers on an axis, with the decimal mark of the site's language."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        return localised(super().__call__(x, pos))


class _Percent(PercentFormatter):
    """Percentages on an axis, with the decimal mark of the site's language."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        return localised(super().__call__(x, pos))


def strips(duration: float) -> int:
    """Return into how many strips the spectrogram of a long render is also cut; 0 for a short one.

    Strips are equal parts of about a minute. The columns of the whole picture are too far apart to
    show words if it lasts more than three.
    """
    return round(duration / _STRIP_SECONDS) if duration > _READABLE_SECONDS else 0


def strip_name(track: str, index: int) -> str:
    """Return the file name of a strip.

    >>> strip_name("clean", 7)
    'clean-007.webp'
    """
    return f"{track}-{index:03}.webp"


def pictures(
    name: str, draw: Callable[[int, int], bytes], key: str, duration: float, memo: Memo
) -> dict[str, bytes]:
    """Return the picture NAME.webp of a render, and those of its strips, by their file names.

    Args:
        name: the name of the track, or of what else is drawn.
        draw: takes `index` and `count`, as `spectrogram_webp` does.
        key: a digest of what is drawn.
        duration: the length of the render in seconds.
        memo: the cache of pictures.
    """
    count = strips(duration)
    parts = {f"{name}.webp": (0, 1)}
    parts |= {strip_name(name, index): (index, count) for index in range(count)}
    return {
        file: memo.file(f"draw {name}", CODE, digest(key, *part), partial(draw, *part))
        for file, part in parts.items()
    }


def spectrogram_webp(signal: Signal, rate: int, index: int = 0, count: int = 1) -> bytes:
    """Return the spectrogram of `signal` as WebP, 1200 × 240 pixels; the page draws the axes.

    Shape: `signal` is (1, frames), from `one_channel`; `rate` in Hz. The x axis is time, the
    y axis is frequency on a mel scale up to `top_hz`, and the colour is the level over `DB_RANGE`.
    Of `count` equal parts of the signal, the one at `index` is drawn. Time and memory do not grow
    with the length: there is one transform per pixel column.
    """
    return _webp(_mel_levels(signal, rate, index, count), DB_RANGE, COLOURS)


def change_webp(
    before: Signal, after: Signal, rate: int, gain_db: float, index: int = 0, count: int = 1
) -> bytes:
    """Return how the level changed from one signal to another as WebP, drawn as a spectrogram.

    Shape: both are (1, frames) at `rate` Hz, sample-aligned. `gain_db` is added to `after`, so that
    equal speech has no change. The colours are `CHANGE_COLOURS`.
    """
    was, now = (
        np.maximum(_mel_levels(signal, rate, index, count) + gain, _FAINT_DB)
        for signal, gain in ((before, 0.0), (after, gain_db))
    )
    return _webp(now - was, (-CHANGE_DB, CHANGE_DB), CHANGE_COLOURS)


def top_hz(rate: int) -> float:
    """Return the frequency at the upper edge of a spectrogram."""
    return min(rate / 2, _TOP_HZ)


def height_of(hz: float, rate: int) -> float:
    """Return the position of a frequency in a spectrogram: 0 at the lower edge, 1 at the upper.

    >>> height_of(0, 24_000), height_of(12_000, 24_000)
    (0.0, 1.0)
    """
    return _mel(hz) / _mel(top_hz(rate))


def distribution_svg(
    label: str,
    unit: str,
    raw: Sequence[float],
    clean: Sequence[float],
    threshold: float | None = None,
) -> bytes:
    """Plot a metric's values over the renders of a batch as SVG, a row for raw and one for clean.

    A dot is a render; a larger dot is several renders with nearly the same value. The bar is the
    median. An empty row is left out, as for a metric of the cleaning only. Words and numbers are in
    the current language.

    Args:
        label: the metric's name on the axis.
        unit: with "%", values and threshold are fractions and the axis shows per cent.
        raw: the values of the raw signals, in `unit`; may be empty.
        clean: the same of the cleaned signals.
        threshold: the limit of the gate, if there is one.
    """
    rows = [(name, values) for name, values in (("clean", clean), ("raw", raw)) if len(values)]
    inches = 0.75 + 0.42 * max(len(rows), 1)
    with style.context([_STYLE, {"font.size": 11.0}], after_reset=True):
        figure = Figure(figsize=(4.6, inches), facecolor="none")
        axes = figure.add_axes((0.13, 0.6 / inches, 0.83, 1 - 0.65 / inches), facecolor="none")
        axes.set_xlabel(f"{label} ({unit})", parse_math=False)
        axes.set_yticks(range(len(rows)), [_(name) for name, __ in rows])
        axes.tick_params(axis="y", length=0)
        axes.spines[["top", "right", "left"]].set_visible(False)
        if not rows:
            axes.set_xticks([])
            axes.text(
                0.5, 0.5, _("not measured"), transform=axes.transAxes, ha="center", va="center"
            )
            return _svg(figure)
        shown = [*raw, *clean, *([] if threshold is None else [threshold])]
        margin = 0.06 * (max(shown) - min(shown)) or 0.5
        span = (min(shown) - margin, max(shown) + margin)
        for height, (name, values) in enumerate(rows):
            _draw_dots(axes, height, np.asarray(values), span, _LOOKS[name])
        if threshold is not None:
            axes.axvline(threshold, color=_TEXT, linestyle=":", linewidth=1.6)
            side: Literal["left", "right"] = "left" if threshold < sum(span) / 2 else "right"
            at_top = axes.get_xaxis_transform()
            axes.text(threshold, 1, f"\u00a0{_('gate')}\u00a0", ha=side, va="top", transform=at_top)
        axes.set_xlim(span)
        axes.set_ylim(-0.6, len(rows) - 0.2)
        axes.xaxis.set_major_locator(MaxNLocator(6))
        axes.xaxis.set_major_formatter(_Percent(1, symbol="") if unit == "%" else _Numbers())
        return _svg(figure)


def _webp(
    levels: NDArray[np.float32], limits: tuple[float, float], colours: Sequence[str]
) -> bytes:
    """Draw levels of shape (rows, columns) over `limits`, the first row at the bottom."""
    low, high = limits
    share = np.clip((levels - low) / (high - low), 0, 1)
    palette = np.array([ImageColor.getrgb(colour) for colour in colours], np.uint8)
    pixels = palette[np.rint(share * (len(colours) - 1)).astype(np.intp)]
    target = io.BytesIO()
    # A third of the size of PNG: on a phone these pictures are most of the page.
    Image.fromarray(np.flipud(pixels)).save(target, "WEBP", quality=80, method=6)
    return target.getvalue()


def _mel_levels(signal: Signal, rate: int, index: int, count: int) -> NDArray[np.float32]:
    """Return levels in dB, shape (rows, columns), low frequencies first."""
    frames = signal.shape[-1]
    size = 2 ** round(np.log2(_WINDOW_SECONDS * rate))
    window = np.hanning(size).astype(np.float32)
    blocks = np.zeros((_COLUMNS, size), np.float32)
    for column in range(_COLUMNS):
        middle = (index * _COLUMNS + column + 0.5) * frames / (count * _COLUMNS)
        start = round(middle) - size // 2
        first, last = max(start, 0), min(start + size, frames)
        blocks[column, first - start : last - start] = signal[:, first:last][0]
    spectrum = scipy.fft.rfft(blocks * window, axis=1)
    power = (np.abs(spectrum) * (2 / window.sum())) ** 2
    # A row is the mean power between its edges: the difference of the running sum at the edges.
    # A bin covers half a bin to either side of its frequency.
    edges = _hz(np.linspace(0, _mel(top_hz(rate)), _ROWS + 1)) * size / rate + 0.5
    running = np.pad(np.cumsum(power, axis=1, dtype=np.float64), ((0, 0), (1, 0)))
    whole = np.minimum(edges.astype(int), running.shape[1] - 2)
    at_edges = running[:, whole] + (edges - whole) * power[:, whole]
    rows = np.diff(at_edges, axis=1) / np.diff(edges)
    floor = 10 ** (DB_RANGE[0] / 10)
    levels: NDArray[np.float32] = 10 * np.log10(np.maximum(rows.T, floor)).astype(np.float32)
    return levels


def _mel(hz: float) -> float:
    return float(2595 * np.log10(1 + hz / 700))


def _hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    return 700 * (10 ** (mel / 2595) - 1)


def _draw_dots(
    axes: Axes, height: float, values: NDArray[np.float64], span: tuple[float, float], look: _Look
) -> None:
    # Close values share a dot of one of three sizes, which limits the file size for any batch.
    bins = np.floor((values - span[0]) / (span[1] - span[0]) * _DISTRIBUTION_BINS)
    groups = [values[bins == one] for one in np.unique(bins)]
    largest = max(map(len, groups))
    for size in (1, 2, 3):
        dots = [group.mean() for group in groups if math.ceil(3 * len(group) / largest) == size]
        axes.plot(
            dots,
            [height] * len(dots),
            "o",
            color=look.colour,
            markerfacecolor=look.colour if look.filled else "none",
            markersize=2 + 1.7 * size,
            markeredgewidth=1.5,
            alpha=0.85,
        )
    axes.vlines(np.median(values), height - 0.36, height + 0.36, color=look.colour, linewidth=2.4)


def _svg(figure: Figure) -> bytes:
    target = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(target, format="svg", metadata=nothing)
    text = target.getvalue()
    # A tenth of a point is finer than a pixel; further decimals would be half the file. Browsers
    # do not need the XML prologue, and an inlined image must not have one.
    return re.sub(
        r'\bd="[^"]*"',
        lambda path: re.sub(r"(\.\d)\d+", r"\1", path[0]),
        text[text.index("<svg") :],
    ).encode()
