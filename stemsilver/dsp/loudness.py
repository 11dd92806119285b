"""Measure loudness and true peak by the standards, and reach targets for both.

Gain alone is not enough: at the target loudness, the peaks of expressive speech exceed full scale;
at the target peak, the speech is too quiet. `normalise` reaches both targets, with a look-ahead
limiter for the few milliseconds with high peaks.
"""

from __future__ import annotations

from functools import reduce

import numpy as np
import pyloudnorm
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter1d
from scipy.signal import fftconvolve, resample_poly

from stemsilver.records import Samples

BLOCK_SECONDS = 0.4
"""Gating block of ITU-R BS.1770: a shorter signal has no integrated loudness."""

SHORT_TERM_SECONDS = 3.0
"""Short-term window of EBU Tech 3342: a shorter signal has no loudness range."""

MAX_CHANNELS = 6
"""BS.1770 defines channel weights up to 5.1."""

OVERSAMPLING = 4
LFE_CHANNEL = 3
SILENCE_LUFS = -70.0
LOOKAHEAD_SECONDS = 0.001
CEILING_MARGIN_DB = 0.1
"""With 4× oversampling, the measured peak can be this much too low (BS.1770-4, annex 2)."""

LOUDNESS_TOLERANCE_LU = 0.05
MAX_ROUNDS = 12

SILENT = "Silent: no gain was applied."
NOTHING_LEFT = (
    "Almost no signal is left, so there is probably no speech: the loudness was not changed."
)
TOO_SHORT = "Shorter than 0.4 s, so its loudness cannot be measured: it was not changed."


def integrated_lufs(samples: Samples, rate: int) -> float | None:
    """Return the integrated loudness in LUFS (ITU-R BS.1770-4); None if nothing passes the gate.

    Shape: (channels, frames), at least 0.4 s.

    Raises:
        ValueError: the signal is shorter than one gating block.
    """
    if samples.shape[-1] < BLOCK_SECONDS * rate:
        raise ValueError(f"integrated loudness needs {BLOCK_SECONDS} s")
    loudness = float(pyloudnorm.Meter(rate).integrated_loudness(_weighed(samples)))
    return loudness if loudness > SILENCE_LUFS else None


def loudness_range_lu(samples: Samples, rate: int) -> float | None:
    """Return the loudness range in LU (EBU Tech 3342); None if nothing passes the gate.

    Shape: (channels, frames), at least 3 s.

    Raises:
        ValueError: the signal is shorter than one short-term window.
    """
    if samples.shape[-1] < SHORT_TERM_SECONDS * rate:
        raise ValueError(f"loudness range needs {SHORT_TERM_SECONDS} s")
    loudness_range = float(pyloudnorm.Meter(rate).loudness_range(_weighed(samples)))
    return loudness_range if np.isfinite(loudness_range) else None


def true_peak_dbtp(samples: Samples) -> float | None:
    """Return the true peak in dBTP, 4× oversampled (ITU-R BS.1770-4, annex 2); None for silence.

    >>> true_peak_dbtp(np.zeros((1, 100), np.float32)) is None
    True
    """
    peak = float(_oversampled_envelope(samples).max(initial=0.0))
    return 20 * float(np.log10(peak)) if peak > 0 else None


def gain(samples: Samples, decibels: float) -> Samples:
    """Apply a gain in dB."""
    return (samples * 10 ** (decibels / 20)).astype(np.float32)


def limit(samples: Samples, rate: int, ceiling_dbtp: float) -> Samples:
    """Limit the true peak to the ceiling, with a look-ahead gain shared by all channels.

    A minimum filter extends the gain that each sample needs by 1 ms on both sides. A window of the
    same width then smooths it. So the gain is reduced in time and without steps, and no peak
    exceeds the ceiling. The signal is not delayed.

    Shape: same out as in.
    """
    return _limit(samples, _oversampled_envelope(samples), rate, ceiling_dbtp)


def _limit(
    samples: Samples, envelope: NDArray[np.float64], rate: int, ceiling_dbtp: float
) -> Samples:
    ceiling = 10 ** (ceiling_dbtp / 20)
    if envelope.max(initial=0.0) <= ceiling:
        return samples
    reach = max(1, round(LOOKAHEAD_SECONDS * rate))
    needed = np.minimum(1.0, ceiling / np.maximum(envelope, ceiling))
    held = minimum_filter1d(needed, 2 * reach + 1, mode="nearest")
    window = np.hanning(2 * reach + 3)[1:-1]
    smooth = fftconvolve(np.pad(held, reach, mode="edge"), window / window.sum(), mode="valid")
    return (samples * np.minimum(smooth, 1.0)).astype(np.float32)


def normalise(
    samples: Samples,
    rate: int,
    *,
    lufs: float,
    true_peak_db: float,
    max_gain_db: float = np.inf,
) -> tuple[Samples, str | None]:
    """Bring a signal to a target loudness under a true-peak ceiling.

    A signal that is silent, too short to have a loudness, or would need more gain than
    `max_gain_db`, is only kept under the ceiling.

    Args:
        samples: Shape (channels, frames).
        rate: Sample rate in Hz.
        lufs: Target integrated loudness in LUFS.
        true_peak_db: Ceiling in dBTP.
        max_gain_db: Largest gain to apply.

    Returns:
        The signal, and a sentence if its loudness was not changed or missed the target, else None.
    """
    ceiling = true_peak_db - CEILING_MARGIN_DB
    if samples.shape[-1] < BLOCK_SECONDS * rate:
        return _reduced_to_ceiling(samples, ceiling), TOO_SHORT
    loudness = integrated_lufs(samples, rate)
    if loudness is None:
        return _reduced_to_ceiling(samples, ceiling), SILENT
    # The limiter reduces the loudness a little, so the gain is increased by the missing loudness
    # until the measured loudness of the result is right.
    decibels = lufs - loudness
    if decibels > max_gain_db:
        return _reduced_to_ceiling(samples, ceiling), NOTHING_LEFT
    envelope = _oversampled_envelope(samples)
    for _ in range(MAX_ROUNDS):
        louder = 10 ** (decibels / 20)
        limited = _limit(gain(samples, decibels), louder * envelope, rate, ceiling)
        finished = _reduced_to_ceiling(limited, ceiling)
        reached = integrated_lufs(finished, rate)
        missing = lufs - (reached if reached is not None else SILENCE_LUFS)
        if abs(missing) <= LOUDNESS_TOLERANCE_LU:
            return finished, None
        decibels += missing
    return finished, f"The peak ceiling kept the loudness {missing:.1f} LU under its target."


def _reduced_to_ceiling(samples: Samples, ceiling_dbtp: float) -> Samples:
    """Reduce the gain if the true peak is above the ceiling."""
    peak = true_peak_dbtp(samples)
    if peak is None or peak <= ceiling_dbtp:
        return samples
    return gain(samples, ceiling_dbtp - peak)


def _oversampled_envelope(samples: Samples) -> NDArray[np.float64]:
    """Return the largest magnitude of all channels within each sample period; shape (frames,)."""
    frames = samples.shape[-1]
    oversampled = resample_poly(samples, OVERSAMPLING, 1, axis=-1)
    magnitude = np.abs(oversampled[:, : frames * OVERSAMPLING]).max(axis=0)
    # reduce() because numpy's max over such a short axis takes five times as long.
    envelope: NDArray[np.float64] = reduce(
        np.maximum, magnitude.reshape(frames, OVERSAMPLING).astype(np.float64).T
    )
    return envelope


def _weighed(samples: Samples) -> NDArray[np.float64]:
    """Convert to (frames, channels) for pyloudnorm, without the LFE, which BS.1770 excludes."""
    if samples.shape[0] == MAX_CHANNELS:
        samples = np.delete(samples, LFE_CHANNEL, axis=0)
    return samples.T.astype(np.float64)
