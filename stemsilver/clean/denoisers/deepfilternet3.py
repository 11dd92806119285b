"""DeepFilterNet3 as a denoiser."""

from __future__ import annotations

from typing import ClassVar

from stemsilver.clean import deepfilternet
from stemsilver.records import Samples


class DeepFilterNet3Denoiser:
    """Speech enhancement at 48 kHz, any number of channels."""

    weights: ClassVar[tuple[str, ...]] = deepfilternet.WEIGHTS

    def denoise(self, speech: Samples, rate: int) -> Samples:
        """The enhanced signal, aligned with its input."""
        return deepfilternet.enhance(speech, rate)
