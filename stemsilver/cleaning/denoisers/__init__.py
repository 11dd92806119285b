"""Stage B: denoisers on the fused vocals, one a file, behind one Protocol.

A new denoiser is a file here with a class that fits `Denoiser`, and a line in `DENOISERS`.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Protocol

from stemsilver.cleaning.denoisers.deepfilternet3 import DeepFilterNet3Denoiser
from stemsilver.cleaning.denoisers.demucs import DemucsDenoiser
from stemsilver.records import Samples


class Denoiser(Protocol):
    """A model that takes noise out of speech. It is made from its name, which loads its weights."""

    @staticmethod
    def weights(name: str) -> tuple[str, ...]:
        """Names of the weight files in the registry that the denoiser called `name` loads."""
        ...

    def denoise(self, speech: Samples, rate: int) -> Samples:
        """The speech without noise; every rate, channel count and length is given back."""
        ...


DENOISERS: dict[str, Any] = {
    "deepfilternet3": DeepFilterNet3Denoiser,
    "dns48": DemucsDenoiser,
    "dns64": DemucsDenoiser,
    "master64": DemucsDenoiser,
}
"""The class of each denoiser by its `model_name`."""


def used_weights(name: str) -> tuple[str, ...]:
    """Names of the weight files that a denoiser loads, found without loading anything."""
    if name == "none":
        return ()
    names: tuple[str, ...] = DENOISERS[name].weights(name)
    return names


@cache
def load(name: str) -> Denoiser:
    """The denoiser called `name`, loaded once a process.

    Raises:
        WeightsError: its weights are missing or altered.
        EnvironmentFault: the packages that run it are not installed.
    """
    denoiser: Denoiser = DENOISERS[name](name)
    return denoiser
