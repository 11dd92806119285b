"""Spleeter 2stems: two U-Nets on the magnitude spectrogram, one for vocals, one for the rest.

Source: Hennequin, Khlif, Voituret and Moussallam, *Spleeter: a fast and efficient music source
separation tool with pre-trained models*, JOSS 2020.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import ClassVar

import numpy as np

from stemsilver import weights
from stemsilver.audio import resample_blocks, resampled_length
from stemsilver.config import EmbeddedSettings
from stemsilver.dsp.masks import Mask, ratio_mask
from stemsilver.dsp.stft import Spectrum, Stft
from stemsilver.records import Samples, Signal
from stemsilver.signals import channels, reported
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

    def separate(
        self, mixture: Signal, rate: int, progress: Callable[[float], None]
    ) -> Iterator[Samples]:
        """Yield the vocals in `mixture`, from the ratio mask of the two networks' estimates."""
        count, frames = mixture.shape
        # In layouts other than stereo, each channel is the input of both network channels.
        width = 2 if count == 2 else 1
        parts = [
            self._vocals(channels(mixture, first, width), width, rate, frames)
            for first in range(0, count, width)
        ]
        together = (np.concatenate(pair) for pair in zip(*parts, strict=True))
        return reported(together, frames, progress)

    def _vocals(
        self, blocks: Iterable[Samples], width: int, rate: int, frames: int
    ) -> Iterator[Samples]:
        """Yield the vocals of a signal that comes in blocks of shape (1 or 2, any)."""
        length = resampled_length(frames, rate, RATE)
        upsampled = resample_blocks(blocks, rate, RATE, length)
        spectra = self._separated(TRANSFORM.analyse(upsampled, width, length), length)
        return resample_blocks(TRANSFORM.synthesise(spectra, length), RATE, rate, frames)

    def _separated(self, spectra: Iterable[Spectrum], frames: int) -> Iterator[Spectrum]:
        """Yield the spectra of the vocals, of at most CHUNK windows each."""
        windows = TRANSFORM.windows(frames)
        # The spectra whose magnitudes the networks have been given.
        waiting: deque[Spectrum] = deque()

        def magnitudes() -> Iterator[Mapping[str, Mask]]:
            for spectrum, shown in _chunks(spectra, windows):
                waiting.append(spectrum)
                yield {"mixture": shown}

        for vocals, accompaniment in onnx_network.run(self._networks, magnitudes()):
            spectrum = waiting.popleft()
            width, _, count = spectrum.shape
            mask = ratio_mask(_inner(vocals, width), _inner(accompaniment, width))
            spectrum[:, :BINS] *= mask[..., :count]
            spectrum[:, BINS:] = 0
            yield spectrum


def _chunks(spectra: Iterable[Spectrum], windows: int) -> Iterator[tuple[Spectrum, Mask]]:
    """Yield CHUNK windows at a time, and their magnitudes with MARGIN more windows on each side.

    Shape: (1 or 2, bins, windows), and (1, 2, windows, bins), the input of the networks.
    """
    step = min(CHUNK, -(-windows // GRID) * GRID)
    coming = iter(spectra)
    held: list[Spectrum] = []
    before: Mask | None = None
    for start in range(0, windows, step):
        count = min(step, windows - start)
        wanted = min(count + MARGIN, windows - start)
        while sum(one.shape[-1] for one in held) < wanted:
            held.append(next(coming))
        joined = np.concatenate([one.swapaxes(1, 2) for one in held], axis=1).swapaxes(1, 2)
        chunk, held = joined[..., :count], [joined[..., count:]]
        magnitudes = np.abs(joined[:, :BINS, : count + MARGIN])
        if before is None:
            before = np.zeros((*magnitudes.shape[:2], MARGIN), np.float32)
        shown = np.concatenate([before, magnitudes], axis=-1)
        before = shown[..., count : count + MARGIN]
        missing = step + 2 * MARGIN - shown.shape[-1]
        shown = np.pad(shown, ((0, 0), (0, 0), (0, missing))).swapaxes(1, 2)
        yield chunk, np.ascontiguousarray(np.broadcast_to(shown, (2, *shown.shape[1:])))[None]


def _inner(estimate: Mask, channels: int) -> Mask:
    """Remove the margins from a network's estimate; shape (channels, bins, windows) out."""
    inner: Mask = estimate[0, :channels, MARGIN:-MARGIN].swapaxes(1, 2)
    return inner
