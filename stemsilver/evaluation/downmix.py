"""The input signal of the evaluation models: one channel, at the sample rate of each model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stemsilver.audio import mono, resample
from stemsilver.records import Audio


class Downmix:
    """The mean of a signal's channels, resampled once for each rate, on first use."""

    def __init__(self, audio: Audio) -> None:
        self._audio = audio
        self._at: dict[int, NDArray[np.float32]] = {}

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self._audio.duration

    def at(self, rate: int) -> NDArray[np.float32]:
        """Return the signal at `rate` Hz; shape (frames,)."""
        if rate not in self._at:
            self._at[rate] = resample(mono(self._audio.samples), self._audio.rate, rate)[0]
        return self._at[rate]
