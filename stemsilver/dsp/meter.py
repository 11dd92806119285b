"""Measure loudness and true peak by the standards, of signals of any length.

pyloudnorm has the filters of the K-weighting. The rest of its meter works on whole signals; here
the filters run from block to block, so that memory does not grow with the length. The results are
those of pyloudnorm (`tests/dsp/test_meter.py`).
"""

from __future__ import annotations

import math
from functools import reduce

import numpy as np
from numpy.typing import NDArray
from pyloudnorm.iirfilter import IIRfilter
from scipy.signal import lfilter, resample_poly

from stemsilver.records import Samples, Signal
from stemsilver.signals import blocks, fit, in_stretches

BLOCK_SECONDS = 0.4
"""Gating block of ITU-R BS.1770: a shorter signal has no integrated loudness."""

BLOCK_STEP = 0.25
"""Share of a gating block after which the next one starts."""

SHORTEST_SECONDS = 0.1
"""A shorter signal is no word, and has no loudness of any kind."""

SHORT_TERM_SECONDS = 3.0
"""Short-term window of EBU Tech 3342: a shorter signal has no loudness range."""

SHORT_TERM_STEP = 1 - 0.97
SHORT_TERM_SILENCE_SECONDS = 1.5
"""Silence that follows the signal when its loudness range is measured."""

RANGE_GATE_LU = -20.0
RANGE_PERCENTILES = (10, 95)

MAX_CHANNELS = 6
"""BS.1770 defines channel weights up to 5.1."""

CHANNEL_WEIGHTS = np.array([1.0, 1.0, 1.0, 1.41, 1.41])
LFE_CHANNEL = 3
OFFSET_LU = -0.691
SILENCE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0

FAINT_LUFS = -80.0
"""Silence that was rounded or dithered to 16 bits is at most at −82 LUFS."""

OVERSAMPLING = 4
_CONTEXT = 32
"""Frames around a stretch that the oversampling filter hears; it needs 10."""

_AT_ONCE = 2**18
"""Samples oversampled at a time."""


def integrated_lufs(signal: Signal, rate: int) -> float | None:
    """Return the integrated loudness in LUFS (ITU-R BS.1770-4); None if nothing passes the gate.

    Shape: (channels, frames), at least 0.4 s.

    Raises:
        ValueError: the signal is shorter than one gating block.
    """
    if signal.shape[-1] < BLOCK_SECONDS * rate:
        raise ValueError(f"integrated loudness needs {BLOCK_SECONDS} s")
    return _gated(_block_powers(signal, rate, BLOCK_SECONDS, BLOCK_STEP), SILENCE_LUFS)


def any_lufs(signal: Signal, rate: int) -> float | None:
    """Return the loudness in LUFS also where BS.1770 does not define it; None for silence.

    Silence fills up a signal that is shorter than a gating block. If nothing passes the absolute
    gate, the gate is `FAINT_LUFS`.

    Shape: (channels, frames), at least 0.1 s.

    Raises:
        ValueError: the signal is shorter.
    """
    if signal.shape[-1] < SHORTEST_SECONDS * rate:
        raise ValueError(f"loudness needs {SHORTEST_SECONDS} s")
    missing = max(0, math.ceil(BLOCK_SECONDS * rate) - signal.shape[-1])
    power = _block_powers(signal, rate, BLOCK_SECONDS, BLOCK_STEP, missing)
    loudness = _gated(power, SILENCE_LUFS)
    return _gated(power, FAINT_LUFS) if loudness is None else loudness


def _gated(power: NDArray[np.float64], gate: float) -> float | None:
    """Return the loudness of the blocks that pass an absolute gate and the relative gate."""
    loudness = _lufs(power)
    gated = np.compress(loudness >= gate, power, axis=1)
    if not gated.size:
        return None
    relative = float(_lufs(gated.mean(axis=1))) + RELATIVE_GATE_LU
    gated = np.compress(loudness > max(relative, gate), power, axis=1)
    if not gated.size:
        return None
    found = float(_lufs(gated.mean(axis=1)))
    return found if found > gate else None


def loudness_range_lu(signal: Signal, rate: int) -> float | None:
    """Return the loudness range in LU (EBU Tech 3342); None if nothing passes the gate.

    Shape: (channels, frames), at least 3 s.

    Raises:
        ValueError: the signal is shorter than one short-term window.
    """
    if signal.shape[-1] < SHORT_TERM_SECONDS * rate:
        raise ValueError(f"loudness range needs {SHORT_TERM_SECONDS} s")
    silence = int(SHORT_TERM_SILENCE_SECONDS * rate)
    power = _block_powers(signal, rate, SHORT_TERM_SECONDS, SHORT_TERM_STEP, silence)
    loudness = _lufs(power)
    loudness = loudness[loudness >= SILENCE_LUFS]
    if not loudness.size:
        return None
    mean = 10 * np.log10(np.mean(10 ** (loudness / 10)))
    loudness = loudness[loudness >= mean + RANGE_GATE_LU]
    low, high = np.percentile(loudness, RANGE_PERCENTILES)
    return float(high - low)


def true_peak_dbtp(signal: Signal) -> float | None:
    """Return the true peak in dBTP, 4× oversampled (ITU-R BS.1770-4, annex 2); None for silence.

    >>> true_peak_dbtp(np.zeros((1, 100), np.float32)) is None
    True
    """
    envelopes = in_stretches(oversampled_envelope, signal, _CONTEXT, stretch=_AT_ONCE)
    peak = max(float(envelope.max(initial=0.0)) for envelope in envelopes)
    return 20 * float(np.log10(peak)) if peak > 0 else None


def oversampled_envelope(samples: Samples) -> Samples:
    """Return the largest magnitude of all channels within each sample period; shape (1, frames)."""
    frames = samples.shape[-1]
    oversampled = resample_poly(samples, OVERSAMPLING, 1, axis=-1)
    magnitude = np.abs(oversampled[:, : frames * OVERSAMPLING]).max(axis=0)
    # reduce() because numpy's max over such a short axis takes five times as long.
    envelope: Samples = reduce(np.maximum, magnitude.reshape(frames, OVERSAMPLING).T)
    return envelope[np.newaxis]


def _lufs(power: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the loudness of mean powers, of shape (channels, …)."""
    weights = CHANNEL_WEIGHTS[: len(power)].reshape(-1, *[1] * (power.ndim - 1))
    with np.errstate(divide="ignore"):
        loudness: NDArray[np.float64] = OFFSET_LU + 10 * np.log10((weights * power).sum(axis=0))
    return loudness


class _KWeighting:
    """The filters of the K-weighting, with their state from block to block."""

    def __init__(self, channels: int, rate: int) -> None:
        shelf = IIRfilter(4.0, 1 / np.sqrt(2), 1500.0, rate, "high_shelf")
        highpass = IIRfilter(0.0, 0.5, 38.0, rate, "high_pass")
        self._filters = [(one.passband_gain, one.b, one.a) for one in (shelf, highpass)]
        self._states = [np.zeros((channels, one.a.size - 1)) for one in (shelf, highpass)]

    def apply(self, block: NDArray[np.float64]) -> NDArray[np.float64]:
        """Filter the next block. Shape: (channels, frames) in and out."""
        for number, (gain, b, a) in enumerate(self._filters):
            filtered, self._states[number] = lfilter(b, a, block, zi=self._states[number])
            block = gain * filtered
        return block


def _block_powers(
    signal: Signal, rate: int, seconds: float, step: float, silence: int = 0
) -> NDArray[np.float64]:
    """Return the mean power of each gating block after K-weighting; shape (channels, blocks).

    Args:
        signal: Shape (channels, frames). The LFE of 5.1 is left out, as BS.1770 demands.
        rate: Sample rate in Hz.
        seconds: Length of a gating block.
        step: Share of a gating block after which the next one starts.
        silence: Frames of silence to add after the signal.
    """
    count, frames = signal.shape
    used = [one for one in range(count) if (count, one) != (MAX_CHANNELS, LFE_CHANNEL)]
    weighting = _KWeighting(len(used), rate)
    duration = (frames + silence) / rate
    total = int(np.round((duration - seconds) / (seconds * step)) + 1)
    edges = [
        (int(seconds * (number * step) * rate), int(seconds * (number * step + 1) * rate))
        for number in range(total)
    ]
    powers: list[NDArray[np.float64]] = []
    held = np.zeros((len(used), 0))
    passed = 0
    for block in fit(blocks(signal), frames + silence):
        weighted = weighting.apply(block[used].astype(np.float64))
        held = np.concatenate([held, weighted], axis=-1)
        ends = min(passed + held.shape[-1], frames + silence)
        while len(powers) < total and (edges[len(powers)][1] <= ends or ends == frames + silence):
            low, high = edges[len(powers)]
            square = np.square(held[:, low - passed : high - passed])
            powers.append(1.0 / (seconds * rate) * square.sum(axis=1))
        if len(powers) < total:
            kept = edges[len(powers)][0] - passed
            held, passed = held[:, kept:], passed + kept
    return np.stack(powers, axis=1)
