"""DeepFilterNet3 as a separator: a speech enhancer takes music for noise."""

from __future__ import annotations

from typing import ClassVar

from stemsilver.clean import deepfilternet
from stemsilver.records import Samples


class DeepFilterNet3Separator:
    """48 kHz full band, any number of channels, each by itself."""

    weights: ClassVar[tuple[str, ...]] = deepfilternet.WEIGHTS
    band_hz: ClassVar[float] = deepfilternet.RATE / 2

    def separate(self, mixture: Samples, rate: int) -> Samples:
        """The speech in `mixture`, aligned with it."""
        return deepfilternet.enhance(mixture, rate)
