"""DeepFilterNet3 as a denoiser."""

from __future__ import annotations

from collections.abc import Iterator

from stemsilver.cleaning import deepfilternet
from stemsilver.records import Samples, Signal


class DeepFilterNet3Denoiser:
    """Speech enhancement at 48 kHz, any number of channels."""

    def __init__(self, name: str) -> None:
        pass

    @staticmethod
    def weights(name: str) -> tuple[str, ...]:
        """Return the names of its weight files."""
        return deepfilternet.WEIGHTS

    def denoise(self, speech: Signal, rate: int) -> Iterator[Samples]:
        """Yield the enhanced signal, aligned with its input."""
        return deepfilternet.enhance(speech, rate)
