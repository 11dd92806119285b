"""Stage B: denoisers on the fused vocals, one a file, behind one Protocol.

A new denoiser is a file here with a class that fits `Denoiser`, and a line in `DENOISERS`.
"""

from __future__ import annotations

from functools import cache
from typing import ClassVar, Protocol

from stemsilver.clean.denoisers.deepfilternet3 import DeepFilterNet3Denoiser
from stemsilver.records import Samples


class Denoiser(Protocol):
    """A model that takes noise out of speech."""

    weights: ClassVar[tuple[str, ...]]
    """Names of its weight files in the registry."""

    def denoise(self, speech: Samples, rate: int) -> Samples:
        """The speech without noise; every rate, channel count and length is given back."""
        ...


DENOISERS: dict[str, type[Denoiser]] = {"deepfilternet3": DeepFilterNet3Denoiser}


@cache
def load(name: str) -> Denoiser:
    """The denoiser called `name`, loaded once a process.

    Raises:
        WeightsError: its weights are missing or altered.
    """
    return DENOISERS[name]()
