"""The one channel in which a signal is measured, at the sample rate of each evaluation model.

The mean of the channels is not always that channel: left and right can cancel each other out, and a
silent channel makes the mean quieter than the speech.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from stemsilver.audio import resample_blocks, resampled_length
from stemsilver.evaluation import vad
from stemsilver.records import Audio, Samples, Signal
from stemsilver.signals import blocks, derive, inner, joined

SILENT_DB = -40.0
"""A channel so far below the loudest is left out."""

CANCELLED_DB = -10.0
"""If the mean is so far below the loudest channel, the channels cancel each other out. The mean of
six unrelated channels that are equally loud is only 8 dB below each of them."""


class Downmix:
    """One channel of a signal, resampled once for each rate, on first use.

    Its speech is also found once.
    """

    def __init__(self, audio: Audio) -> None:
        self._audio = audio
        self._at: dict[int, NDArray[np.float32]] = {}

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self._audio.duration

    @cached_property
    def _channel(self) -> Signal:
        return one_channel(self._audio.samples)

    def at(self, rate: int) -> NDArray[np.float32]:
        """Return the signal at `rate` Hz; shape (frames,)."""
        if rate not in self._at:
            self._at[rate] = joined(self._resampled(rate))[0]
        return self._at[rate]

    def _resampled(self, rate: int) -> Iterator[Samples]:
        length = resampled_length(self._channel.shape[-1], self._audio.rate, rate)
        return resample_blocks(blocks(self._channel), self._audio.rate, rate, length)

    @cached_property
    def heard(self) -> vad.Heard:
        """What is in each frame of 10 ms; it takes little memory, however long the signal is.

        Raises:
            Undefined: the signal is too short.
        """
        return vad.hear(self._resampled(vad.RATE))


def one_channel(signal: Signal, like: Signal | None = None) -> Signal:
    """Return the channel in which a signal is measured: the mean of its channels that have sound.

    If they cancel each other out, it is the loudest channel. A signal that is compared with another
    one sample by sample has to be mixed `like` that.

    Shape: (channels, frames) → (1, frames).
    """
    if signal.shape[0] == 1:
        return signal
    mix = _mix(signal if like is None else like)
    return derive(partial(_mixed, mix.shares), signal)


def mix_note(signal: Signal) -> str | None:
    """Return a sentence if the measured channel is not the mean of all channels."""
    if signal.shape[0] == 1:
        return None
    mix = _mix(signal)
    if mix.cancelled:
        loudest = int(mix.shares.argmax()) + 1
        return (
            f"The channels cancel each other out, so the speech is measured in channel {loudest}."
        )
    silent = ", ".join(str(channel + 1) for channel in np.flatnonzero(mix.shares == 0))
    return f"Silent, so not used to measure the speech: channel {silent}." if silent else None


@dataclass(frozen=True)
class _Mix:
    """The share of each channel in the measured one, of shape (channels,)."""

    shares: NDArray[np.float32]
    cancelled: bool


def _mix(signal: Signal) -> _Mix:
    count, frames = signal.shape
    products, sums = np.zeros((count, count)), np.zeros(count)
    for block in blocks(signal):
        exact = block.astype(np.float64)
        products += [[inner(one, other) for other in exact] for one in exact]
        sums += exact.sum(axis=1)
    # A constant offset is not sound.
    common = products - np.outer(sums, sums) / max(1, frames)
    energy = np.diagonal(common)
    loudest = energy.max()
    heard = energy >= loudest * 10 ** (SILENT_DB / 10)
    shares = heard / heard.sum()
    left = (np.outer(shares, shares) * common).sum()
    cancelled = bool(left < loudest * 10 ** (CANCELLED_DB / 10))
    if cancelled:
        shares = np.arange(count) == energy.argmax()
    return _Mix(shares.astype(np.float32), cancelled)


def _mixed(shares: NDArray[np.float32], samples: Samples) -> Samples:
    mixed: Samples = (shares[:, np.newaxis] * samples).sum(axis=0, keepdims=True)
    return mixed
