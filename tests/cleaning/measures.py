"""How far signals lie apart, and the signals that every model must give back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from stemsilver.records import Audio, Samples

Excerpt = Callable[[str, float, float], Audio]
"""`excerpt(file, start, seconds)`; its fixture is in conftest.py."""

EVERY_LAYOUT = pytest.mark.parametrize(
    ("rate", "channels", "frames"),
    [(8_000, 1, 1), (16_000, 3, 1), (11_025, 1, 1_102), (24_000, 2, 479), (96_000, 6, 4_801)],
)


def noise(channels: int, frames: int, seed: int = 0) -> Samples:
    return np.random.default_rng(seed).normal(0, 0.1, (channels, frames)).astype(np.float32)


def db(power: Any) -> float:
    return 10 * float(np.log10(power))


def level_db(signal: Samples, reference: Samples) -> float:
    return db(np.square(signal).mean() / np.square(reference).mean())


def distance_db(estimate: Samples, truth: Samples) -> float:
    """Level of the difference, relative to the truth."""
    return level_db(estimate - truth, truth)


def lag(signal: Samples, reference: Samples) -> int:
    """Frames by which one channel follows another, by the peak of their cross-correlation."""
    size = signal.size + reference.size
    product = np.fft.rfft(signal, size) * np.conj(np.fft.rfft(reference, size))
    best = int(np.fft.irfft(product, size).argmax())
    return best if best < size // 2 else best - size


def assert_comes_back(found: Samples, given: Samples) -> None:
    """A result has the layout of what was given, and nothing but numbers."""
    assert (found.shape, found.dtype) == (given.shape, np.float32)
    assert np.isfinite(found).all()
