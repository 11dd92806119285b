"""Stage A: models that tell vocals from accompaniment, one a file, behind one Protocol.

A new separator is a file here with a class that fits `Separator`, a kind of settings in
`config.models`, and a line in `SEPARATORS`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, ClassVar, Protocol, TypeAlias

from stemsilver import weights
from stemsilver.cleaning.separators.deepfilternet3 import DeepFilterNet3Separator
from stemsilver.cleaning.separators.demucs import DemucsSeparator
from stemsilver.cleaning.separators.mdx_net import MdxNetSeparator
from stemsilver.cleaning.separators.spleeter import SpleeterSeparator
from stemsilver.config import SeparatorModel
from stemsilver.fsio import sha256_file
from stemsilver.records import Samples

Progress: TypeAlias = Callable[[float], None]
"""Is told the share of the work that is done, from 0 to 1, now and then."""


class Separator(Protocol):
    """A model that tells the vocals of a mixture from its accompaniment.

    It gives the vocals alone. The accompaniment is what they leave of the mixture, so the two
    always add up. It is made from its settings, which loads its weights.
    """

    band_hz: ClassVar[float]
    """The highest frequency the model has an opinion on; above it its vocals are empty and the
    caller extends the mask."""

    @staticmethod
    def weights(settings: Any) -> tuple[str, ...]:
        """Names of the weight files in the registry that the model loads with these settings."""
        ...

    # And where it reads files beside its weights, `beside(settings)`, their paths.

    def separate(self, mixture: Samples, rate: int, progress: Progress) -> Samples:
        """The vocals of `mixture`, aligned with it.

        Shape: (channels, frames) in and out, at any rate, of any length.
        """
        ...


SEPARATORS: dict[str, Any] = {
    "deepfilternet3": DeepFilterNet3Separator,
    "htdemucs_ft": DemucsSeparator,
    "mdx_extra_q": DemucsSeparator,
    "spleeter-2stems": SpleeterSeparator,
    "UVR-MDX-NET-Inst_HQ_3": MdxNetSeparator,
}
"""The class of each separator by its `model_name`."""


def used_weights(model: SeparatorModel) -> tuple[str, ...]:
    """Names of the weight files that a separator loads, found without loading anything."""
    names: tuple[str, ...] = SEPARATORS[model.model_name].weights(model)
    return names


def digest(model: SeparatorModel) -> str:
    """A digest of every file that decides what a separator gives, for the key of its vocals.

    Raises:
        WeightsError: one is missing, or is not the file it should be.
    """
    kind = SEPARATORS[model.model_name]
    beside = kind.beside(model) if hasattr(kind, "beside") else ()
    return " ".join([weights.digest(used_weights(model)), *map(sha256_file, beside)])


def band_hz(model: SeparatorModel) -> float:
    """The highest frequency a separator has an opinion on, found without loading anything."""
    band: float = SEPARATORS[model.model_name].band_hz
    return band


@cache
def load(model: SeparatorModel) -> Separator:
    """The separator with these settings, loaded once a process.

    Raises:
        WeightsError: its weights are missing or altered.
        EnvironmentFault: the packages that run it are not installed.
    """
    separator: Separator = SEPARATORS[model.model_name](model)
    return separator
