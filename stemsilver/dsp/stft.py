"""The short-time Fourier transform to which all masks are applied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft

from stemsilver.records import Samples
from stemsilver.signals import fit, joined

REFERENCE_RATE = 44_100
"""The rate, in Hz, at which profiles state their transform sizes."""

BLOCK = 64
"""Number of windows transformed at a time. Results depend on it only by rounding errors."""

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

    def windows(self, frames: int) -> int:
        """Return the number of windows over a signal of `frames` frames.

        One more than needed: with the smallest overlap, the last frames would otherwise be covered
        by only one window, near its end where it is almost zero.
        """
        return 2 + frames // self.hop

    def forward(self, samples: Samples) -> Spectrum:
        """Transform (channels, frames) into (channels, bins, windows)."""
        channels, frames = samples.shape
        # Each window is contiguous in memory, because windows are transformed and added singly.
        whole = np.empty((channels, self.windows(frames), self.fft // 2 + 1), np.complex64)
        start = 0
        for some in self.analyse([samples], channels, frames):
            whole[:, start : start + some.shape[-1]] = some.swapaxes(1, 2)
            start += some.shape[-1]
        return whole.swapaxes(1, 2)

    def inverse(self, spectrum: Spectrum, frames: int) -> Samples:
        """Transform (channels, bins, windows) back into (channels, frames)."""
        return joined(self.synthesise([spectrum], frames))

    def analyse(self, blocks: Iterable[Samples], channels: int, frames: int) -> Iterator[Spectrum]:
        """Transform a signal that comes in blocks; yield the spectrum of `BLOCK` windows at a time.

        Args:
            blocks: The signal, each block of shape (channels, any number of frames).
            channels: The number of channels.
            frames: The length of the signal.
        """
        left = self.windows(frames)
        half = self.fft // 2
        window = self._window()

        def transform(held: Samples, count: int) -> Spectrum:
            frame = sliding_window_view(held, self.fft, axis=-1)[:, :: self.hop][:, :count]
            spectrum: Spectrum = rfft(frame * window).swapaxes(1, 2)
            return spectrum

        held = np.zeros((channels, half), np.float32)
        size = (BLOCK - 1) * self.hop + self.fft
        for block in fit(blocks, (left - 1) * self.hop + self.fft - half):
            held = np.concatenate([held, block], axis=-1)
            while held.shape[-1] >= size:
                yield transform(held, BLOCK)
                held = held[:, BLOCK * self.hop :]
                left -= BLOCK
        if left:
            yield transform(held, left)

    def synthesise(self, spectra: Iterable[Spectrum], frames: int) -> Iterator[Samples]:
        """Transform consecutive spectra back into the blocks of a signal of `frames` frames."""
        return fit(self._overlap_added(spectra), frames)

    def _overlap_added(self, spectra: Iterable[Spectrum]) -> Iterator[Samples]:
        """Yield the signal of windows that follow each other, from the middle of the first."""
        overlaps = self.fft // self.hop
        window = self._window()
        hops = window.reshape(overlaps, self.hop)
        # The sums that the next windows still add to.
        summed = weight = None
        skip = self.fft // 2
        for spectrum in spectra:
            channels, _, count = spectrum.shape
            for block in _blocks(count):
                parts = irfft(spectrum[..., block].swapaxes(1, 2), self.fft) * window
                some = parts.reshape(channels, -1, overlaps, self.hop)
                new = some.shape[1]
                summed = _longer(summed, (channels, new + overlaps - 1, self.hop))
                weight = _longer(weight, (1, new + overlaps - 1, self.hop))
                for place in range(overlaps):
                    summed[:, place : place + new] += some[:, :, place]
                    weight[:, place : place + new] += hops[place] ** 2
                yield _divided(summed[:, :new], weight[:, :new], skip)
                skip = max(0, skip - new * self.hop)
                summed, weight = summed[:, new:], weight[:, new:]
        if summed is not None and weight is not None:
            yield _divided(summed, weight, skip)

    def _window(self) -> NDArray[np.float32]:
        turns = np.arange(self.fft) / self.fft
        window: NDArray[np.float32] = (0.5 - 0.5 * np.cos(2 * np.pi * turns)).astype(np.float32)
        return window


def _blocks(count: int) -> Iterator[slice]:
    """Yield slices of `BLOCK` windows: a block copies overlapping samples, so it must be small."""
    for start in range(0, count, BLOCK):
        yield slice(start, min(start + BLOCK, count))


def _longer(sums: NDArray[np.float32] | None, shape: tuple[int, int, int]) -> NDArray[np.float32]:
    """Return the sums, if there are any, followed by zeros."""
    longer = np.zeros(shape, np.float32)
    if sums is not None:
        longer[:, : sums.shape[1]] = sums
    return longer


def _divided(summed: NDArray[np.float32], weight: NDArray[np.float32], skip: int) -> Samples:
    """Return summed windows divided by their weight, without the first `skip` frames."""
    signal = summed.reshape(len(summed), -1)[:, skip:] / weight.reshape(-1)[skip:]
    return signal.astype(np.float32, copy=False)
