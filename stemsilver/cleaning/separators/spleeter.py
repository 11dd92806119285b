"""Spleeter 2stems: two U-Nets on the magnitude spectrogram, one for vocals, one for the rest.

Source: Hennequin, Khlif, Voituret and Moussallam, *Spleeter: a fast and efficient music source
separation tool with pre-trained models*, JOSS 2020.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar

import numpy as np

from stemsilver import weights
from stemsilver.audio import resample
from stemsilver.config import EmbeddedSettings
from stemsilver.dsp.masks import Mask, ratio_mask
from stemsilver.dsp.stft import Stft
from stemsilver.records import Samples
from stemsilver.weights import onnx_network

RATE = 44_100
TRANSFORM = Stft(fft=4096, hop=1024)
BINS = 1024
"""Number of bins in the network input, of 2049: up to 11 kHz."""

CHUNK = 768
"""Windows computed at a time: 17.8 s."""

GRID = 64
"""The number of windows must be a multiple of this, because the networks halve it six times."""

MARGIN = 3 * GRID
"""Windows of context on each side of a chunk, removed from its output: the receptive field of the
networks. With 128, the error at a chunk boundary is up to −29 dB relative to the vocals around it;
with 192, up to −97 dB."""


class SpleeterSeparator:
    """The 2stems model at 44.1 kHz. Stereo is processed as a pair, other layouts per channel."""

    # Without the last bin: half of its spectral leakage is outside the network input.
    band_hz: ClassVar[float] = (BINS - 2) * RATE / TRANSFORM.fft

    def __init__(self, settings: EmbeddedSettings) -> None:
        [name] = self.weights(settings)
        self._networks = onnx_network.load(weights.verified(name))

    @staticmethod
    def weights(settings: EmbeddedSettings) -> tuple[str, ...]:
        """Return the name of its weight file, which contains both networks."""
        return ("spleeter-2stems",)

    def separate(self, mixture: Samples, rate: int, progress: Callable[[float], None]) -> Samples:
        """Return the vocals in `mixture`, from the ratio mask of the two networks' estimates."""
        upsampled = resample(mixture, rate, RATE)
        # In layouts other than stereo, each channel is the input of both network channels.
        parts = [upsampled] if len(upsampled) == 2 else np.split(upsampled, len(upsampled))
        done = []
        for part in parts:
            done.append(self._vocals(part))
            progress(len(done) / len(parts))
        vocals = np.concatenate(done)
        return resample(vocals, RATE, rate, mixture.shape[-1])

    def _vocals(self, signal: Samples) -> Samples:
        """Return the vocals of a (1 or 2, frames) signal at 44.1 kHz."""
        spectrum = TRANSFORM.forward(signal)
        band = spectrum[:, :BINS]
        magnitudes = ({"mixture": chunk} for chunk in _chunks(np.abs(band)))
        masks = [
            ratio_mask(_inner(vocals, len(signal)), _inner(accompaniment, len(signal)))
            for vocals, accompaniment in onnx_network.run(self._networks, magnitudes)
        ]
        # In place, because a spectrum is eight times as large as its signal.
        band *= np.concatenate(masks, axis=-1)[..., : band.shape[-1]]
        spectrum[:, BINS:] = 0
        return TRANSFORM.inverse(spectrum, signal.shape[-1])


def _chunks(magnitudes: Mask) -> Iterator[Mask]:
    """Yield chunks of CHUNK windows, with MARGIN more windows on each side.

    Shape: (1 or 2, bins, windows) in, (1, 2, windows, bins) out, the input of the networks.
    """
    windows = magnitudes.shape[-1]
    step = min(CHUNK, -(-windows // GRID) * GRID)
    padded = np.pad(magnitudes, ((0, 0), (0, 0), (MARGIN, MARGIN + -windows % step)))
    for start in range(0, windows, step):
        chunk = padded[..., start : start + step + 2 * MARGIN].swapaxes(1, 2)
        yield np.ascontiguousarray(np.broadcast_to(chunk, (2, *chunk.shape[1:])))[None]


def _inner(estimate: Mask, channels: int) -> Mask:
    """Remove the margins from a network's estimate; shape (channels, bins, windows) out."""
    inner: Mask = estimate[0, :channels, MARGIN:-MARGIN].swapaxes(1, 2)
    return inner
