"""Short pairs of raw and clean, for a message, a slide or a review.

Both are cut at the same samples, where clean is voiced most, with gains that make them equally
loud. If another build cleaned the same render, its clean is added as a third file.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field, TypeAdapter

from stemsilver.audio import encode_flac16
from stemsilver.config import AbTests
from stemsilver.dsp.loudness import gain
from stemsilver.records import Audio, Samples

LISTING = "ab.json"
"""The file that describes a render's snippets, next to their audio."""

MAX_COUNT = 20
MAX_BYTES = 64_000
"""Limits of a listing: number of snippets, and bytes."""

FRAMES_PER_SECOND = 100
_SILENCE = 1e-12
_LARGEST = 1 - 2**-15  # the largest 16-bit sample

Signal: TypeAlias = Literal["raw", "clean", "base"]
"""The signal in a snippet's file; `base` is clean as another build made it."""

_Decibels: TypeAlias = Annotated[float, Field(ge=-200, le=200)]
# Ten hours, the maximum length of a render, at the highest rate.
_Position: TypeAlias = Annotated[int, Field(ge=0, le=36_000 * 192_000)]


@dataclass(frozen=True)
class Snippet:
    """A stretch of a render, cut from each signal in `gains_db` with that gain.

    `start` and `stop` are in samples at `rate` Hz. `voiced` is the share of the stretch's 10 ms
    frames in which clean is above the gate.
    """

    number: Annotated[int, Field(ge=1, le=MAX_COUNT)]
    start: _Position
    stop: _Position
    rate: Annotated[int, Field(ge=8_000, le=192_000)]
    gains_db: Mapping[Signal, _Decibels]
    voiced: Annotated[float, Field(ge=0, le=1)]

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)

    def __post_init__(self) -> None:
        if self.start >= self.stop:
            raise ValueError("a snippet ends after it starts")
        if not {"raw", "clean"} <= self.gains_db.keys():
            raise ValueError("a snippet is of raw and clean")

    @property
    def seconds(self) -> tuple[float, float]:
        """Start and stop in the render, in seconds."""
        return self.start / self.rate, self.stop / self.rate

    @property
    def files(self) -> Mapping[Signal, str]:
        """The file name for each signal."""
        return {signal: file_name(self.number, signal) for signal in self.gains_db}


_LISTING = TypeAdapter(tuple[Snippet, ...])


def file_name(number: int, signal: Signal) -> str:
    """Return the name of a snippet's file for one signal.

    >>> file_name(1, "clean")
    'ab-1-clean.flac'
    """
    return f"ab-{number}-{signal}.flac"


def choose(
    clean: Audio, removed: Audio, gains_db: Mapping[Signal, float], settings: AbTests
) -> tuple[Snippet, ...]:
    """Choose the snippets of a render: one in each of its equal parts, as many as fit.

    Each snippet is where clean is voiced most; a tie goes to where most was removed, then to the
    earliest. A render shorter than a snippet is taken whole. A part without voice has no snippet.
    """
    frames = clean.samples.shape[-1]
    width = min(frames, round(settings.snippet_seconds * clean.rate))
    count = min(settings.snippet_count, frames // width)
    bounds = _bounds(frames, clean.rate)
    voiced = _power(clean, bounds) > 10 ** (settings.voiced_gate_db / 10)
    music = _power(removed, bounds)
    found: list[Snippet] = []
    for part in range(count):
        low, high = (frames * edge // count for edge in (part, part + 1))
        within = bounds[(bounds > low) & (bounds + width <= high)]
        starts = np.append(low, within)
        shares = _means(voiced, bounds, starts, width)
        # Rounded below, so that rounding errors of the sums do not decide a tie.
        levels = np.log10(np.maximum(_means(music, bounds, starts, width), _SILENCE))
        best = np.lexsort((starts, -levels.round(6), -shares))[0]
        if shares[best]:
            start, share = int(starts[best]), round(float(shares[best]), 4)
            found.append(Snippet(len(found) + 1, start, start + width, clean.rate, gains_db, share))
    return tuple(found)


def with_base(snippet: Snippet, base: Audio, gain_db: float) -> Snippet:
    """Return the snippet with another build's clean at `gain_db`, or less if that would clip."""
    peak = float(np.abs(base.samples[:, snippet.start : snippet.stop]).max(initial=_SILENCE))
    held = min(gain_db, 20 * math.log10(_LARGEST / peak))
    # Rounded down: the nearest value may clip.
    return replace(snippet, gains_db={**snippet.gains_db, "base": math.floor(held * 100) / 100})


def cut(audio: Audio, snippet: Snippet, signal: Signal, fade_ms: float) -> bytes:
    """Return a snippet of `audio` as a 16-bit FLAC file, with its gain, faded from and to zero."""
    piece = gain(audio.samples[:, snippet.start : snippet.stop], snippet.gains_db[signal])
    return encode_flac16(Audio(_faded(piece, round(fade_ms / 1000 * audio.rate)), audio.rate))


def files(
    snippets: Sequence[Snippet], signals: Mapping[Signal, Audio], fade_ms: float
) -> dict[str, bytes]:
    """Return the files of a render's snippets by name, with their listing."""
    audio = {
        file_name(one.number, signal): cut(whole, one, signal, fade_ms)
        for one in snippets
        for signal, whole in signals.items()
    }
    return {**audio, LISTING: to_json(snippets)}


def to_json(snippets: Sequence[Snippet]) -> bytes:
    """Return the listing of a render's snippets as JSON."""
    return _LISTING.dump_json(tuple(snippets), indent=2) + b"\n"


def read(folder: Path) -> tuple[Snippet, ...]:
    """Read the snippets described in `folder`, without checking that their files exist.

    Raises:
        OSError: there is no listing, or it cannot be read.
        ValueError: it is not a listing of at most `MAX_COUNT` snippets of one render, in order.
    """
    with (folder / LISTING).open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError(f"{LISTING}: it has more than {MAX_BYTES} bytes")
    snippets = _LISTING.validate_json(content)
    if [one.number for one in snippets] != list(range(1, len(snippets) + 1)):
        raise ValueError(f"{LISTING}: its snippets are not numbered from 1")
    for one, other in pairwise(snippets):
        if one.rate != other.rate or one.stop > other.start:
            raise ValueError(f"{LISTING}: its snippets overlap, or differ in rate")
    return snippets


def _bounds(frames: int, rate: int) -> NDArray[np.int64]:
    """Return where each 10 ms frame starts, in samples, and where the last ends."""
    count = -(-frames * FRAMES_PER_SECOND // rate)
    return np.append(np.arange(count, dtype=np.int64) * rate // FRAMES_PER_SECOND, frames)


def _power(audio: Audio, bounds: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the mean square of each frame, over all channels."""
    found = []
    # One second at a time, so that memory does not grow with the length.
    for first in range(0, bounds.size - 1, FRAMES_PER_SECOND):
        edges = bounds[first : first + FRAMES_PER_SECOND + 1]
        second = audio.samples[:, edges[0] : edges[-1]]
        energy = np.square(second, dtype=np.float64).mean(axis=0)
        found.append(np.add.reduceat(energy, edges[:-1] - edges[0]) / np.diff(edges))
    return np.concatenate(found)


def _means(
    values: NDArray[np.bool_] | NDArray[np.float64],
    bounds: NDArray[np.int64],
    starts: NDArray[np.int64],
    width: int,
) -> NDArray[np.float64]:
    """Return the mean of the frames inside each stretch of `width` samples."""
    sums = np.concatenate(([0], np.cumsum(values)))
    first = np.searchsorted(bounds, starts, side="left")
    last = np.searchsorted(bounds, starts + width, side="right") - 1
    means: NDArray[np.float64] = (sums[last] - sums[first]) / (last - first)
    return means


def _faded(samples: Samples, frames: int) -> Samples:
    length = samples.shape[-1]
    frames = min(frames, length // 2)
    ramp = np.linspace(0, 1, frames, endpoint=False, dtype=np.float32)
    envelope = np.ones(length, np.float32)
    envelope[:frames] = ramp
    envelope[length - frames :] = ramp[::-1]
    return samples * envelope
