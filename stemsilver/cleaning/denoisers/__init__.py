"""Stage B: denoisers for the fused vocals, one per file, with one Protocol.

To add a denoiser, add a file here with a class that implements `Denoiser`, and a line in
`DENOISERS`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, Protocol

from stemsilver.cleaning.denoisers.deepfilternet3 import DeepFilterNet3Denoiser
from stemsilver.cleaning.denoisers.demucs import DemucsDenoiser
from stemsilver.records import Samples, Signal


class Denoiser(Protocol):
    """A model that removes noise from speech. Its constructor takes the name and loads weights."""

    @staticmethod
    def weights(name: str) -> tuple[str, ...]:
        """Return the registry names of the weight files that the denoiser `name` loads."""
        ...

    def denoise(self, speech: Signal, rate: int) -> Iterator[Samples]:
        """Yield the speech without noise in blocks, with the rate, channels and length of `speech`.

        Memory must not grow with the length.
        """
        ...


DENOISERS: dict[str, Any] = {
    "deepfilternet3": DeepFilterNet3Denoiser,
    "dns48": DemucsDenoiser,
    "dns64": DemucsDenoiser,
    "master64": DemucsDenoiser,
}
"""The class of each denoiser by its `model_name`."""


def used_weights(name: str) -> tuple[str, ...]:
    """Return the names of the weight files of a denoiser, without loading it."""
    if name == "none":
        return ()
    names: tuple[str, ...] = DENOISERS[name].weights(name)
    return names


@cache
def load(name: str) -> Denoiser:
    """Return the denoiser called `name`; it is loaded once per process.

    Raises:
        WeightsError: its weights are missing or altered.
        EnvironmentFault: the packages that run it are not installed.
    """
    denoiser: Denoiser = DENOISERS[name](name)
    return denoiser
