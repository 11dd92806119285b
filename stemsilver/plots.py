"""Level 4: what a render looks like, before and after.

Every spectrogram has the same axes, range and colours, so that raw, clean and removed can be
compared by eye. Plots are made without pyplot, whose global state does not suit workers, and
carry neither date nor version: equal signals give equal bytes. Backgrounds are transparent and
text is mid-grey, for light and dark pages alike. Raw is amber and dashed or hollow, clean is
teal and solid: no distinction rests on colour alone.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import scipy.fft
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator
from numpy.typing import NDArray
from PIL import Image

from stemsilver.records import Audio, Samples, Timeline

PLOT_LEFT, PLOT_RIGHT = 0.08, 0.985
"""Where the time axis begins and ends in a spectrogram or timeline, as shares of its width."""

DB_RANGE = (-100.0, -20.0)
"""The levels of a spectrogram's darkest and brightest colour, in dB below a full-scale sine."""

TOP_HZ = 12_000.0

_DPI = 100
_WIDTH, _HEIGHT = 1200, 320
_COLUMNS = round(_WIDTH * (PLOT_RIGHT - PLOT_LEFT))
_BOTTOM, _TOP = 0.26, 0.97
_ROWS = round(_HEIGHT * (_TOP - _BOTTOM))
_WINDOW_SECONDS = 0.064
_ENVELOPE_POINTS = 540
_SMOOTHING_SECONDS = 0.1
_DISTRIBUTION_BINS = 60
_SHORTEST = 0.01  # seconds: an axis needs a width even where a file has none

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
    """How a signal is drawn, everywhere alike."""

    name: str
    colour: str
    line: Literal["-", "--"]
    alpha: float
    filled: bool

    def handle(self) -> Line2D:
        """Its line for a legend."""
        return Line2D([], [], color=self.colour, ls=self.line, lw=4, label=self.name)


_LOOKS = {
    "raw": _Look("raw", "#c2803a", "--", 0.55, filled=False),
    "clean": _Look("clean", "#119488", "-", 0.9, filled=True),
}
_COLOURS = LinearSegmentedColormap.from_list(
    "stemsilver", ["#06121b", "#0d3346", "#0f6b78", "#3aa597", "#a5d8a6", "#fdf8da"], N=64
)


def spectrogram_png(samples: Samples, rate: int) -> bytes:
    """The spectrogram of `samples` as PNG, 1200 × 320 pixels.

    Shape: `samples` is (channels, frames), mixed to mono; `rate` in Hz. Time runs along x,
    frequency on a mel scale up to 12 kHz or half the rate, level from −100 to −20 dB. Work and
    memory do not grow with the length: one transform a pixel column.
    """
    levels, top = _mel_levels(samples, rate)
    with style.context(_STYLE, after_reset=True):
        figure = Figure(figsize=(_WIDTH / _DPI, _HEIGHT / _DPI), dpi=_DPI, facecolor="none")
        axes = figure.add_axes(_box(_BOTTOM, _TOP))
        duration = max(samples.shape[-1] / rate, _SHORTEST)
        axes.imshow(
            levels,
            cmap=_COLOURS,
            vmin=DB_RANGE[0],
            vmax=DB_RANGE[1],
            aspect="auto",
            origin="lower",
            interpolation="nearest",
            extent=(0, duration, 0, _mel(top)),
        )
        ticks = [hz for hz in (500.0, 1000.0, 2000.0, 4000.0, 8000.0) if hz < 0.9 * top]
        axes.set_yticks([_mel(hz) for hz in ticks], [f"{hz / 1000:g}" for hz in ticks])
        axes.set_ylabel("kHz")
        _time_axis(axes, duration)
        pixels = io.BytesIO()
        figure.savefig(pixels, format="rgba")
    # The colours number few: a palette takes less than half the bytes and looks the same.
    image = Image.frombytes("RGBA", (_WIDTH, _HEIGHT), pixels.getvalue()).quantize(
        256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
    )
    target = io.BytesIO()
    image.save(target, "PNG", optimize=True)
    return target.getvalue()


def timeline_svg(raw: Audio, clean: Audio, music: Mapping[str, Timeline]) -> bytes:
    """Waveforms of `raw` and `clean` over each other, and their music presence below, as SVG.

    `music` maps `raw` and `clean` to probabilities over time; a missing one is not drawn, and
    with neither the panel says so. Curves are smoothed over 0.1 s, then the highest value of
    each pixel is kept, so that a short burst of music shows even in an hour. The time axis lies
    where that of `spectrogram_png` lies.
    """
    duration = max(raw.duration, clean.duration, _SHORTEST)
    with style.context(_STYLE, after_reset=True):
        figure = Figure(figsize=(12, 4.1), facecolor="none")
        wave = figure.add_axes(_box(0.54, 0.90), facecolor="none")
        presence = figure.add_axes(_box(0.21, 0.48), facecolor="none")
        for signal, audio in (("raw", raw), ("clean", clean)):
            _draw_envelope(wave, audio, _LOOKS[signal])
            if signal in music:
                _draw_presence(presence, music[signal], _LOOKS[signal])
        reach = max(map(abs, wave.get_ylim()))
        wave.set_ylim(-reach, reach)
        wave.set_xlim(0, duration)
        wave.set_xticks([])
        wave.set_yticks([])
        wave.spines[:].set_visible(False)
        presence.set_ylim(-0.05, 1.05)
        presence.set_yticks([0, 1])
        presence.spines[["top", "right"]].set_visible(False)
        if not music:
            presence.text(0.5, 0.4, "not measured", transform=presence.transAxes, ha="center")
        _time_axis(presence, duration)
        for axes, label in ((wave, "level"), (presence, "music")):
            axes.set_ylabel(label)
            axes.yaxis.set_label_coords(-0.045, 0.5)
        figure.legend(
            handles=[look.handle() for look in _LOOKS.values()],
            loc="upper right",
            bbox_to_anchor=(PLOT_RIGHT, 1.02),
            ncols=2,
            frameon=False,
            borderaxespad=0,
        )
        return _svg(figure)


def distribution_svg(
    label: str,
    unit: str,
    raw: Sequence[float],
    clean: Sequence[float],
    threshold: float | None = None,
) -> bytes:
    """A metric's values over the renders of a batch, one row for raw and one for clean, as SVG.

    A dot is a render, or a larger dot several with nearly the same value; the bar is the median.
    An empty row is left out, as for a metric of the cleaning alone. `threshold` is the gate.
    """
    rows = [(name, values) for name, values in (("clean", clean), ("raw", raw)) if len(values)]
    inches = 0.75 + 0.42 * max(len(rows), 1)
    with style.context([_STYLE, {"font.size": 11.0}], after_reset=True):
        figure = Figure(figsize=(6, inches), facecolor="none")
        axes = figure.add_axes((0.12, 0.6 / inches, 0.84, 1 - 0.65 / inches), facecolor="none")
        axes.set_xlabel(f"{label} ({unit})", parse_math=False)
        axes.set_yticks(range(len(rows)), [name for name, _ in rows])
        axes.tick_params(axis="y", length=0)
        axes.spines[["top", "right", "left"]].set_visible(False)
        if not rows:
            axes.set_xticks([])
            axes.text(0.5, 0.5, "not measured", transform=axes.transAxes, ha="center", va="center")
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
            axes.text(threshold, 1, "\u00a0gate\u00a0", ha=side, va="top", transform=at_top)
        axes.set_xlim(span)
        axes.set_ylim(-0.6, len(rows) - 0.2)
        axes.xaxis.set_major_locator(MaxNLocator(6))
        return _svg(figure)


def _mel_levels(samples: Samples, rate: int) -> tuple[NDArray[np.float32], float]:
    """Levels in dB, shape (rows, columns), low frequencies first; and the top frequency in Hz."""
    frames = samples.shape[-1]
    size = 2 ** round(np.log2(_WINDOW_SECONDS * rate))
    window = np.hanning(size).astype(np.float32)
    blocks = np.zeros((_COLUMNS, size), np.float32)
    for column in range(_COLUMNS):
        start = round((column + 0.5) * frames / _COLUMNS) - size // 2
        first, last = max(start, 0), min(start + size, frames)
        blocks[column, first - start : last - start] = samples[:, first:last].mean(axis=0)
    spectrum = scipy.fft.rfft(blocks * window, axis=1)
    power = (np.abs(spectrum) * (2 / window.sum())) ** 2
    # A row has the mean power between its edges: the difference of the running sum there. A bin
    # reaches half a bin to either side of its frequency.
    top = min(rate / 2, TOP_HZ)
    edges = _hz(np.linspace(0, _mel(top), _ROWS + 1)) * size / rate + 0.5
    running = np.pad(np.cumsum(power, axis=1, dtype=np.float64), ((0, 0), (1, 0)))
    whole = np.minimum(edges.astype(int), running.shape[1] - 2)
    at_edges = running[:, whole] + (edges - whole) * power[:, whole]
    rows = np.diff(at_edges, axis=1) / np.diff(edges)
    floor = 10 ** (DB_RANGE[0] / 10)
    return 10 * np.log10(np.maximum(rows.T, floor)).astype(np.float32), top


def _mel(hz: float) -> float:
    return float(2595 * np.log10(1 + hz / 700))


def _hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    return 700 * (10 ** (mel / 2595) - 1)


def _box(bottom: float, top: float) -> tuple[float, float, float, float]:
    """Axes on the common time span, between two heights given as shares of the figure's."""
    return (PLOT_LEFT, bottom, PLOT_RIGHT - PLOT_LEFT, top - bottom)


def _time_axis(axes: Axes, duration: float) -> None:
    axes.set_xlim(0, duration)
    if duration <= 180:
        axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 3, 5, 10]))
        axes.set_xlabel("seconds")
        return
    steps = (30, 60, 120, 300, 600, 1200, 3600)
    step = next((step for step in steps if duration / step <= 8), steps[-1])
    axes.xaxis.set_major_locator(MultipleLocator(step))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda at, _: f"{at // 60:.0f}:{at % 60:02.0f}"))
    axes.set_xlabel("minutes")


def _draw_envelope(axes: Axes, audio: Audio, look: _Look) -> None:
    """The lowest and highest sample of each pixel column, over all channels."""
    frames = audio.samples.shape[-1]
    if not frames:
        return
    starts = _bin_starts(frames)
    low = np.minimum.reduceat(audio.samples, starts, axis=1).min(axis=0)
    high = np.maximum.reduceat(audio.samples, starts, axis=1).max(axis=0)
    axes.fill_between(starts / audio.rate, low, high, color=look.colour, alpha=look.alpha, lw=0.8)


def _draw_presence(axes: Axes, timeline: Timeline, look: _Look) -> None:
    values = np.asarray(timeline.values)
    if not values.size:
        return
    width = max(1, round(_SMOOTHING_SECONDS / timeline.hop))
    kernel = np.ones(min(width, values.size))
    # Divided by how much of the kernel lies on the signal, or the ends would sink.
    covered = np.convolve(np.ones(values.size), kernel, "same")
    smooth = np.convolve(values, kernel, "same") / covered
    starts = _bin_starts(smooth.size)
    axes.plot(
        starts * timeline.hop,
        np.maximum.reduceat(smooth, starts),
        color=look.colour,
        linestyle=look.line,
        linewidth=1.8,
    )


def _draw_dots(
    axes: Axes, height: float, values: NDArray[np.float64], span: tuple[float, float], look: _Look
) -> None:
    # Near values share a dot of one of three sizes, which bounds the file for any batch.
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


def _bin_starts(length: int) -> NDArray[np.int64]:
    """Where each of at most `_ENVELOPE_POINTS` equal parts of `length` samples begins."""
    parts = min(length, _ENVELOPE_POINTS)
    return np.arange(parts, dtype=np.int64) * length // parts


def _svg(figure: Figure) -> bytes:
    target = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(target, format="svg", metadata=nothing)
    text = target.getvalue()
    # A tenth of a point is finer than a pixel; the other decimals would be half the file. The
    # prologue is of no use to a browser and would be in the way of an inlined image.
    return re.sub(
        r'\bd="[^"]*"',
        lambda path: re.sub(r"(\.\d)\d+", r"\1", path[0]),
        text[text.index("<svg") :],
    ).encode()
