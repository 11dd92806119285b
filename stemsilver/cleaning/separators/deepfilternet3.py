"""DeepFilterNet3 as a separator: a speech enhancer treats music as noise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar

from stemsilver.cleaning import deepfilternet
from stemsilver.config import EmbeddedSettings
from stemsilver.records import Samples, Signal
from stemsilver.signals import reported


class DeepFilterNet3Separator:
    """Speech enhancement at 48 kHz, full band, any number of channels, each separately."""

    band_hz: ClassVar[float] = deepfilternet.RATE / 2

    def __init__(self, settings: EmbeddedSettings) -> None:
        pass

    @staticmethod
    def weights(settings: EmbeddedSettings) -> tuple[str, ...]:
        """Return the names of its weight files."""
        return deepfilternet.WEIGHTS

    def separate(
        self, mixture: Signal, rate: int, progress: Callable[[float], None]
    ) -> Iterator[Samples]:
        """Yield the speech in `mixture`, aligned with it."""
        return reported(deepfilternet.enhance(mixture, rate), mixture.shape[-1], progress)
