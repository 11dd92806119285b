"""Stage A: models that separate vocals from accompaniment, one per file, with one Protocol.

To add a separator, add a file here with a class that implements `Separator`, a settings class in
`config.models`, and a line in `SEPARATORS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, ClassVar, Protocol, TypeAlias

from stemsilver import weights
from stemsilver.cleaning.separators.deepfilternet3 import DeepFilterNet3Separator
from stemsilver.cleaning.separators.demucs import DemucsSeparator
from stemsilver.cleaning.separators.mdx_net import MdxNetSeparator
from stemsilver.cleaning.separators.spleeter import SpleeterSeparator
from stemsilver.config import SeparatorModel
from stemsilver.fsio import sha256_file
from stemsilver.records import Samples, Signal

Progress: TypeAlias = Callable[[float], None]
"""Callback that receives the progress, as a fraction from 0 to 1."""


class Separator(Protocol):
    """A model that separates the vocals of a mixture from its accompaniment.

    It returns only the vocals. The accompaniment is the mixture minus the vocals, so their sum is
    exact. The constructor takes the settings and loads the weights. A class that reads other files
    has a static method `beside(settings)` that returns their paths.
    """

    band_hz: ClassVar[float]
    """The highest frequency in Hz that the model processes. Above it the vocals are empty, and the
    caller extends the mask."""

    @staticmethod
    def weights(settings: Any) -> tuple[str, ...]:
        """Return the registry names of the weight files that a model with `settings` loads."""
        ...

    def separate(self, mixture: Signal, rate: int, progress: Progress) -> Iterator[Samples]:
        """Yield the vocals of `mixture`, aligned with it, in blocks.

        Shape: (channels, frames) in and out, at any rate, of any length. Memory must not grow with
        the length.
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
    """Return the names of the weight files of a separator, without loading it."""
    names: tuple[str, ...] = SEPARATORS[model.model_name].weights(model)
    return names


def digest(model: SeparatorModel) -> str:
    """Return a digest of every file that determines the vocals of a separator, for cache keys.

    Raises:
        WeightsError: a file is missing or altered.
    """
    kind = SEPARATORS[model.model_name]
    beside = kind.beside(model) if hasattr(kind, "beside") else ()
    return " ".join([weights.digest(used_weights(model)), *map(sha256_file, beside)])


def band_hz(model: SeparatorModel) -> float:
    """Return the highest frequency in Hz that a separator processes, without loading it."""
    band: float = SEPARATORS[model.model_name].band_hz
    return band


@cache
def load(model: SeparatorModel) -> Separator:
    """Return the separator with these settings; it is loaded once per process.

    Raises:
        WeightsError: its weights are missing or altered.
        EnvironmentFault: the packages that run it are not installed.
    """
    separator: Separator = SEPARATORS[model.model_name](model)
    return separator
