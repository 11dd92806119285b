"""The short-time Fourier transform to which all masks are applied."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft

from stemsilver.records import Samples

REFERENCE_RATE = 44_100
"""The rate, in Hz, at which profiles state their transform sizes."""

BLOCK = 64
"""Number of windows transformed at a time."""

Spectrum = NDArray[np.complex64]
"""Complex spectrum of shape (channels, bins, windows)."""


@dataclass(frozen=True)
class Stft:
    """A centred STFT with a periodic Hann window, and its inverse.

    `fft` and `hop` are in samples. `fft` is a multiple of `hop`, at least 2 · `hop`, so the inverse
    is exact.
    """

    fft: int
    hop: int

    @classmethod
    def at_rate(cls, fft: int, hop: int, rate: int) -> Stft:
        """Return the transform with the durations at `rate` that `fft` and `hop` have at 44.1 kHz.

        A fixed window length in samples would smear speech in time at 8 kHz and not resolve its
        harmonics at 96 kHz. The hop is rounded up to a size with a fast FFT.

        >>> Stft.at_rate(4096, 1024, 44_100)
        Stft(fft=4096, hop=1024)
        >>> Stft.at_rate(4096, 1024, 24_000)
        Stft(fft=2240, hop=560)
        """
        if rate == REFERENCE_RATE:
            return cls(fft, hop)
        scaled = next_fast_len(max(1, round(hop * rate / REFERENCE_RATE)))
        return cls(scaled * (fft // hop), scaled)

    def frequencies(self, rate: int) -> NDArray[np.float64]:
        """Return the centre frequency of each bin in Hz; shape (bins,)."""
        frequencies: NDArray[np.float64] = np.fft.rfftfreq(self.fft, 1 / rate).astype(np.float64)
        return frequencies

    def forward(self, samples: Samples) -> Spectrum:
        """Transform (channels, frames) into (channels, bins, windows)."""
        # One extra window: with the smallest overlap, the last frames would otherwise be covered
        # by only one window, near its end where it is almost zero.
        channels, frames = samples.shape
        count = 2 + frames // self.hop
        half = self.fft // 2
        padded = np.pad(samples, ((0, 0), (half, half + self.hop)))
        frame = sliding_window_view(padded, self.fft, axis=-1)[:, :: self.hop]
        window = self._window()
        # Each window is contiguous in memory, because windows are transformed and added singly.
        spectrum = np.empty((channels, count, half + 1), np.complex64)
        for block in _blocks(count):
            spectrum[:, block] = rfft(frame[:, block] * window)
        return spectrum.swapaxes(1, 2)

    def inverse(self, spectrum: Spectrum, frames: int) -> Samples:
        """Transform (channels, bins, windows) back into (channels, frames)."""
        channels, _, count = spectrum.shape
        overlaps = self.fft // self.hop
        window = self._window()
        hops = window.reshape(overlaps, self.hop)
        summed = np.zeros((channels, count + overlaps - 1, self.hop), np.float32)
        weight = np.zeros(summed.shape[1:], np.float32)
        for block in _blocks(count):
            parts = irfft(spectrum[..., block].swapaxes(1, 2), self.fft) * window
            some = parts.reshape(channels, -1, overlaps, self.hop)
            for place in range(overlaps):
                there = slice(block.start + place, block.start + place + some.shape[1])
                summed[:, there] += some[:, :, place]
                weight[there] += hops[place] ** 2
        first = self.fft // 2
        kept = slice(first, first + frames)
        signal = summed.reshape(channels, -1)[:, kept] / weight.reshape(-1)[kept]
        return signal.astype(np.float32, copy=False)

    def _window(self) -> NDArray[np.float32]:
        turns = np.arange(self.fft) / self.fft
        window: NDArray[np.float32] = (0.5 - 0.5 * np.cos(2 * np.pi * turns)).astype(np.float32)
        return window


def _blocks(count: int) -> Iterator[slice]:
    """Yield slices of `BLOCK` windows: a block copies overlapping samples, so it must be small."""
    for start in range(0, count, BLOCK):
        yield slice(start, min(start + BLOCK, count))
