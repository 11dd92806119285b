"""Signals of any length, processed in blocks so that memory does not grow with the length.

A signal of at most `STRETCH` samples is an array. A longer one lies on disk, or is computed from
others when it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from stemsilver.records import Samples, Signal

BLOCK = 65_536
"""Frames read at a time."""

STRETCH = 2**22
"""Samples (frames times channels) held in memory: three minutes of one channel at 24 kHz."""


def is_long(shape: tuple[int, ...]) -> bool:
    """Return whether a signal of this shape has to lie on disk."""
    channels, frames = shape
    return channels * frames > STRETCH


def blocks(signal: Signal, frames: int = BLOCK) -> Iterator[Samples]:
    """Yield the signal from its start to its end, in blocks of shape (channels, `frames`)."""
    for start in range(0, signal.shape[-1], frames):
        yield signal[:, start : start + frames]


def channels(signal: Signal, first: int, count: int = 1) -> Iterator[Samples]:
    """Yield the blocks of `count` channels of a signal."""
    return (block[first : first + count] for block in blocks(signal))


def inner(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return the sum of the products of two arrays.

    Not with `@`: BLAS adds in another order where it has another number of cores.
    """
    return float((one * other).sum())


def rechunk(some: Iterable[Samples], frames: int) -> Iterator[Samples]:
    """Yield the same samples in blocks of `frames`; the last block may be shorter."""
    waiting: list[Samples] = []
    held = 0
    for block in some:
        waiting.append(block)
        held += block.shape[-1]
        if held >= frames:
            joined = np.concatenate(waiting, axis=-1)
            whole = held - held % frames
            for start in range(0, whole, frames):
                yield joined[:, start : start + frames]
            waiting, held = [joined[:, whole:]], held - whole
    if held:
        yield np.concatenate(waiting, axis=-1)


def fit(some: Iterable[Samples], frames: int, skip: int = 0) -> Iterator[Samples]:
    """Drop the first `skip` frames, then cut or pad with zeros to `frames`."""
    left = frames
    width = 1
    for block in some:
        width = len(block)
        part = block[:, skip:][:, :left]
        skip = max(0, skip - block.shape[-1])
        left -= part.shape[-1]
        if part.shape[-1]:
            yield part
    while left:
        yield np.zeros((width, min(left, BLOCK)), np.float32)
        left -= min(left, BLOCK)


def joined(some: Iterable[Samples]) -> Samples:
    """Return the blocks as one array."""
    return np.concatenate(list(some), axis=-1)


def reported(
    some: Iterable[Samples], frames: int, progress: Callable[[float], None]
) -> Iterator[Samples]:
    """Yield the blocks, and report which share of `frames` has passed."""
    done = 0
    for block in some:
        done += block.shape[-1]
        progress(done / frames)
        yield block


def part(signal: Signal, start: int, stop: int) -> Signal:
    """Return the frames of a signal from `start` to `stop`; of a long one, without reading them."""
    return signal[:, start:stop] if isinstance(signal, np.ndarray) else _Part(signal, start, stop)


def derive(function: Callable[..., Samples], *signals: Signal) -> Signal:
    """Return the signal that `function` makes of others, sample by sample.

    It is an array if the others are; else it is computed each time it is read.
    """
    derived = _Derived(function, signals)
    arrays = all(isinstance(one, np.ndarray) for one in signals)
    return derived[:, :] if arrays else derived


class _Part:
    """Some frames of another signal."""

    def __init__(self, signal: Signal, start: int, stop: int) -> None:
        self._signal = signal
        self._range = range(start, stop)

    @property
    def shape(self) -> tuple[int, ...]:
        return (self._signal.shape[0], len(self._range))

    def __getitem__(self, index: tuple[slice, slice], /) -> Samples:
        frames = self._range[index[1]]
        return self._signal[index[0], frames.start : frames.stop]


class _Derived:
    """A signal that is computed from others of its length when it is read."""

    def __init__(self, function: Callable[..., Samples], signals: tuple[Signal, ...]) -> None:
        self._function = function
        self._signals = signals

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self[:, :0]), self._signals[0].shape[-1])

    def __getitem__(self, index: tuple[slice, slice], /) -> Samples:
        return self._function(*(signal[:, index[1]] for signal in self._signals))[index[0]]


def in_stretches(
    function: Callable[[Samples], Samples],
    signal: Signal,
    context: int,
    *,
    fade: int = 0,
    stretch: int | None = None,
) -> Iterator[Samples]:
    """Apply a function of whole arrays to a signal of any length, one stretch after another.

    A signal of at most `stretch` samples is one stretch, so the function gets the whole signal.

    Args:
        function: Returns an array of the shape of its argument.
        signal: Shape (channels, frames).
        context: Frames of the signal before and after a stretch that the function also gets.
        fade: Frames over which two stretches are crossfaded; at most twice the context.
        stretch: Largest number of samples in a stretch, without the context; `STRETCH` if None.
    """
    wide, frames = signal.shape
    count = max(1, -(-wide * frames // (stretch or STRETCH)))
    edges = [frames * number // count for number in range(count + 1)]
    half = fade // 2
    rise = ((np.arange(2 * half) + 0.5) / max(1, 2 * half)).astype(np.float32)
    tail: Samples | None = None
    for start, stop in pairwise(edges):
        first, last = max(0, start - context), min(frames, stop + context)
        begin, end = max(0, start - half), min(frames, stop + half)
        found = function(signal[:, first:last])[:, begin - first : end - first]
        if tail is not None and half:
            mixed = tail * (1 - rise) + found[:, : 2 * half] * rise
            found = np.concatenate([mixed, found[:, 2 * half :]], axis=-1)
        kept = found.shape[-1] if stop == frames else found.shape[-1] - 2 * half
        yield found[:, :kept]
        tail = found[:, kept:]
