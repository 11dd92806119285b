"""MDX-Net of the Ultimate Vocal Remover, a U-Net on the complex spectrogram.

Source: Kim, Choi, Chung, Lee and Jung, *KUIELab-MDX-Net: a two-stream neural network for music
demixing*, MDX Workshop at ISMIR 2021; trained by Anjok07 and aufr33. The parameters are those that
the Ultimate Vocal Remover lists for this file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from stemsilver import weights
from stemsilver.audio import resample
from stemsilver.cleaning.stretches import in_long_stretches
from stemsilver.config import MdxSettings
from stemsilver.device import device
from stemsilver.dsp.masks import ratio_mask
from stemsilver.dsp.stft import Spectrum, Stft
from stemsilver.errors import WeightsError
from stemsilver.records import Samples, Signal
from stemsilver.weights import onnx_network

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

RATE = 44_100
TRANSFORM = Stft(fft=6144, hop=1024)
BINS = 3072
"""Number of bins in the network input, of 3073."""

INPUT = "input"

DEAF = 3
"""Number of lowest bins, up to 18 Hz, that are zeros in the network input, as in training. Their
content stays in the vocals; the high-pass of the equaliser removes it."""

WINDOWS = 256
CHUNK = TRANSFORM.hop * (WINDOWS - 1)
"""Frames of a chunk with `WINDOWS` windows: 5.9 s."""

EDGE = TRANSFORM.fft // 2
"""Frames at each end of a chunk whose windows extend beyond the chunk."""

COMPENSATE = np.float32(1.022)
"""Correction factor for the estimated accompaniment, which is too quiet; listed for this file."""

GPU_BATCH = 4
"""Chunks computed at a time on a GPU; on a CPU, one chunk uses all cores."""


class MdxNetSeparator:
    """Inst HQ 3 at 44.1 kHz. Stereo is processed as a pair, other layouts per channel.

    It runs on an NVIDIA GPU if onnxruntime-gpu is installed instead of onnxruntime.
    """

    band_hz: ClassVar[float] = (BINS - 2) * RATE / TRANSFORM.fft

    def __init__(self, settings: MdxSettings) -> None:
        self._overlap = settings.overlap
        self._soft_masking = settings.soft_masking
        [name] = self.weights(settings)
        self._session = _load(weights.verified(name))
        on_gpu = self._session.get_providers()[0] == "CUDAExecutionProvider"
        any_number = not isinstance(self._session.get_inputs()[0].shape[0], int)
        self._batch = GPU_BATCH if on_gpu and any_number else 1

    @staticmethod
    def weights(settings: MdxSettings) -> tuple[str, ...]:
        """Return the name of its weight file."""
        return ("uvr-mdx-net-inst-hq-3",)

    def separate(
        self, mixture: Signal, rate: int, progress: Callable[[float], None]
    ) -> Iterator[Samples]:
        """Yield `mixture` without the accompaniment that the network estimates."""
        return in_long_stretches(self._stretch, mixture, rate, progress)

    def _stretch(self, mixture: Samples, rate: int, progress: Callable[[float], None]) -> Samples:
        upsampled = resample(mixture, rate, RATE)
        # In layouts other than stereo, each channel is the input of both network channels.
        parts = [upsampled] if len(upsampled) == 2 else np.split(upsampled, len(upsampled))
        vocals = []
        for number, part in enumerate(parts):

            def part_progress(share: float, before: int = number) -> None:
                progress((before + share) / len(parts))

            stereo = np.broadcast_to(part, (2, part.shape[-1]))
            vocals.append(self._vocals(stereo, part_progress)[: len(part)])
        return resample(np.concatenate(vocals), RATE, rate, mixture.shape[-1])

    def _vocals(self, stereo: Samples, progress: Callable[[float], None]) -> Samples:
        """Return the vocals of a (2, frames) signal at 44.1 kHz, by overlap-add of chunks."""
        frames = stereo.shape[-1]
        step = max(1, round((1 - self._overlap) * CHUNK))
        chunks = 1 + max(0, -(-(frames + 2 * EDGE - CHUNK) // step))
        padded = np.zeros((2, (chunks - 1) * step + CHUNK), np.float32)
        padded[:, EDGE : EDGE + frames] = stereo
        # Hann without the zeros at its ends, to avoid a division by 0 if chunks do not overlap.
        fade = np.hanning(CHUNK + 2)[1:-1].astype(np.float32)
        vocals = np.zeros_like(padded)
        weight = np.zeros(padded.shape[-1], np.float32)
        for first in range(0, chunks, self._batch):
            starts = [n * step for n in range(first, min(first + self._batch, chunks))]
            batch = np.stack([padded[:, start : start + CHUNK] for start in starts])
            for start, chunk in zip(starts, self._chunks(batch), strict=True):
                vocals[:, start : start + CHUNK] += fade * chunk
                weight[start : start + CHUNK] += fade
            progress((first + len(starts)) / chunks)
        vocals /= weight
        return vocals[:, EDGE : EDGE + frames]

    def _chunks(self, mixture: Samples) -> Samples:
        """Return the vocals of some chunks. Shape: (chunks, 2, CHUNK) in and out."""
        channels = mixture.reshape(-1, CHUNK)
        # As in training, chunks are mirrored at their ends. The windows outside are dropped.
        mirrored = np.pad(channels, ((0, 0), (EDGE, EDGE)), "reflect")
        beyond = EDGE // TRANSFORM.hop
        spectrum = TRANSFORM.forward(mirrored)[..., beyond : beyond + WINDOWS]
        accompaniment = self._accompaniment(spectrum)
        vocals = spectrum - accompaniment
        if self._soft_masking:
            vocals = spectrum * ratio_mask(vocals, accompaniment)
        return TRANSFORM.inverse(vocals, CHUNK).reshape(mixture.shape)

    def _accompaniment(self, spectrum: Spectrum) -> Spectrum:
        """Return the network's estimate. Shape: (2 · chunks, bins, windows) in and out."""
        chunks = len(spectrum) // 2
        # Input channels: real and imaginary part of left, then of right.
        shown = np.stack([spectrum.real, spectrum.imag], axis=1)[:, :, :BINS]
        shown = shown.reshape(chunks, 4, BINS, WINDOWS)
        shown[:, :, :DEAF] = 0
        [estimate] = self._session.run(None, {INPUT: shown})
        estimate = estimate.reshape(len(spectrum), 2, BINS, WINDOWS)
        accompaniment = np.zeros_like(spectrum)
        accompaniment[:, :BINS].real = COMPENSATE * estimate[:, 0]
        accompaniment[:, :BINS].imag = COMPENSATE * estimate[:, 1]
        return accompaniment


def _load(path: Path) -> InferenceSession:
    """Load the network, on the GPU if onnxruntime can use one."""
    session = onnx_network.load(path, gpu=device() == "cuda")
    inputs = [(given.name, given.shape[1:]) for given in session.get_inputs()]
    if inputs != [(INPUT, [4, BINS, WINDOWS])]:
        raise WeightsError(f"{path} does not take the spectrogram of an MDX-Net, but {inputs}.")
    return session
