"""The short-time Fourier transform every mask lives on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.fft import next_fast_len

from stemsilver.records import Samples

REFERENCE_RATE = 44_100
"""The rate, in Hz, at which profiles state their transform sizes."""

Spectrum = NDArray[np.complex64]
"""Complex spectrum of shape (channels, bins, frames)."""


@dataclass(frozen=True)
class Stft:
    """A centred STFT with a periodic Hann window, and its inverse.

    `fft` and `hop` are in samples; `fft` is a multiple of `hop`, at least twice it, so the
    inverse is exact.
    """

    fft: int
    hop: int

    @classmethod
    def at_rate(cls, fft: int, hop: int, rate: int) -> Stft:
        """The transform that lasts as long at `rate` as `fft`/`hop` last at 44.1 kHz.

        A window of fixed length in samples would smear speech at 8 kHz and miss its harmonics at
        96 kHz. The hop is rounded up to a size that transforms fast.

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
        """Centre frequency of each bin in Hz; shape (bins,)."""
        frequencies: NDArray[np.float64] = np.fft.rfftfreq(self.fft, 1 / rate).astype(np.float64)
        return frequencies

    def forward(self, samples: Samples) -> Spectrum:
        """Transform (channels, frames) into (channels, bins, windows)."""
        # One window more than the frames need: with the fewest overlaps, the last frames would
        # otherwise lie where the only window that sees them is all but zero.
        padded = np.pad(samples, ((0, 0), (0, self.hop)))
        spectrum: Spectrum = torch.stft(
            torch.from_numpy(padded),
            self.fft,
            self.hop,
            window=self._window(),
            center=True,
            pad_mode="constant",
            return_complex=True,
        ).numpy()
        return spectrum

    def inverse(self, spectrum: Spectrum, frames: int) -> Samples:
        """Transform (channels, bins, windows) back into (channels, frames)."""
        samples: Samples = torch.istft(
            torch.from_numpy(np.ascontiguousarray(spectrum)),
            self.fft,
            self.hop,
            window=self._window(),
            center=True,
            length=frames,
        ).numpy()
        return samples

    def _window(self) -> torch.Tensor:
        # Not torch.hann_window: the first cosine a process takes of a tensor that two threads
        # share is now and then the approximate one (MKL sets its accuracy too late), and two
        # runs then differ.
        turns = np.arange(self.fft) / self.fft
        return torch.from_numpy((0.5 - 0.5 * np.cos(2 * np.pi * turns)).astype(np.float32))
