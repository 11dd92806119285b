"""The input signal of the evaluation models: one channel, at the sample rate of each model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stemsilver.audio import mono, resample_blocks, resampled_length
from stemsilver.records import Audio
from stemsilver.signals import blocks, joined


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
            samples, own = self._audio.samples, self._audio.rate
            length = resampled_length(samples.shape[-1], own, rate)
            downmixed = (mono(block) for block in blocks(samples))
            resampled = resample_blocks(downmixed, own, rate, length)
            self._at[rate] = joined(resampled)[0]
        return self._at[rate]
