"""Stage A: models that tell vocals from accompaniment, one a file, behind one Protocol.

A new separator is a file here with a class that fits `Separator`, and a line in `SEPARATORS`.
"""

from __future__ import annotations

from functools import cache
from typing import ClassVar, Protocol

from stemsilver.clean.separators.deepfilternet3 import DeepFilterNet3Separator
from stemsilver.clean.separators.spleeter import SpleeterSeparator
from stemsilver.records import Samples


class Separator(Protocol):
    """A model that tells the vocals of a mixture from its accompaniment.

    It gives the vocals alone. The accompaniment is what they leave of the mixture, so the two
    always add up.
    """

    weights: ClassVar[tuple[str, ...]]
    """Names of its weight files in the registry."""

    band_hz: ClassVar[float]
    """The highest frequency the model has an opinion on; above it its vocals are empty and the
    caller extends the mask."""

    def separate(self, mixture: Samples, rate: int) -> Samples:
        """The vocals of `mixture`, aligned with it.

        Shape: (channels, frames) in and out, at any rate, of any length.
        """
        ...


SEPARATORS: dict[str, type[Separator]] = {
    "deepfilternet3": DeepFilterNet3Separator,
    "spleeter-2stems": SpleeterSeparator,
}


@cache
def load(name: str) -> Separator:
    """The separator called `name`, loaded once a process.

    Raises:
        WeightsError: its weights are missing or altered.
    """
    return SEPARATORS[name]()
