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
from stemsilver.config import EmbeddedSeparator
from stemsilver.dsp.masks import Mask, ratio_mask
from stemsilver.dsp.stft import Stft
from stemsilver.records import Samples
from stemsilver.weights import network

RATE = 44_100
TRANSFORM = Stft(fft=4096, hop=1024)
BINS = 1024
"""Bins the networks see, of 2049: nothing above 11 kHz."""

CHUNK = 512
"""Windows the networks were trained on at a time: 11.9 s."""

MARGIN = 128
"""Windows of context on each side of a chunk, discarded from its output; a multiple of the 64
that six halvings need. The networks see some 190 windows each way: with 64 of them a seam is as
little as 23 dB below quiet vocals, with 128 it is 35 dB below and nowhere to be heard."""


class SpleeterSeparator:
    """The 2stems model. 44.1 kHz stereo; other layouts go channel by channel."""

    # The last bin is left out: half of what the window spreads it over is not seen.
    band_hz: ClassVar[float] = (BINS - 2) * RATE / TRANSFORM.fft

    def __init__(self, settings: EmbeddedSeparator) -> None:
        [name] = self.weights(settings)
        self._networks = network.load(weights.verified(name))

    @staticmethod
    def weights(settings: EmbeddedSeparator) -> tuple[str, ...]:
        """The name of its weight file, which holds both networks."""
        return ("spleeter-2stems",)

    def separate(self, mixture: Samples, rate: int, progress: Callable[[float], None]) -> Samples:
        """The vocals in `mixture` by the ratio of the two networks' estimates."""
        upsampled = resample(mixture, rate, RATE)
        # Stereo goes in whole; of any other layout each channel is shown to both inputs.
        parts = [upsampled] if len(upsampled) == 2 else np.split(upsampled, len(upsampled))
        done = []
        for part in parts:
            done.append(self._vocals(part))
            progress(len(done) / len(parts))
        vocals = np.concatenate(done)
        return resample(vocals, RATE, rate, mixture.shape[-1])

    def _vocals(self, signal: Samples) -> Samples:
        """The vocals of a (1 or 2, frames) signal at 44.1 kHz."""
        spectrum = TRANSFORM.forward(signal)
        band = spectrum[:, :BINS]
        masks = [self._mask(chunk) for chunk in _chunks(np.abs(band))]
        # In place: a spectrum is eight times as large as its signal.
        band *= np.concatenate(masks, axis=-1)[..., : band.shape[-1]]
        spectrum[:, BINS:] = 0
        return TRANSFORM.inverse(spectrum, signal.shape[-1])

    def _mask(self, magnitudes: Mask) -> Mask:
        """The vocals' share of one padded chunk, without its margins.

        Shape: (1 or 2, bins, windows) in, as many channels × bins × (windows − 2 · margin) out.
        """
        channels, bins, windows = magnitudes.shape
        shown = np.empty((1, 2, windows, bins), np.float32)
        shown[0] = magnitudes.swapaxes(1, 2)
        vocals, accompaniment = (
            found[0, :channels, MARGIN:-MARGIN].swapaxes(1, 2)
            for found in self._networks.run(None, {"mixture": shown})
        )
        return ratio_mask(vocals, accompaniment)


def _chunks(magnitudes: Mask) -> Iterator[Mask]:
    """Chunks of CHUNK windows with MARGIN windows of their neighbours on each side."""
    windows = magnitudes.shape[-1]
    step = min(CHUNK, -(-windows // MARGIN) * MARGIN)
    padded = np.pad(magnitudes, ((0, 0), (0, 0), (MARGIN, MARGIN + -windows % step)))
    for start in range(0, windows, step):
        yield padded[..., start : start + step + 2 * MARGIN]
