"""Reach targets for loudness and true peak.

Gain alone is not enough: at the target loudness, the peaks of expressive speech exceed full scale;
at the target peak, the speech is too quiet. `normalise` reaches both targets, with a limiter for
the few milliseconds with high peaks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from scipy.ndimage import minimum_filter1d
from scipy.signal import fftconvolve, resample_poly

from stemsilver.dsp import meter
from stemsilver.records import Samples, Signal
from stemsilver.signals import derive, in_stretches, joined

LOOKAHEAD_SECONDS = 0.001
CONTEXT_SECONDS = 0.05
"""Context of a stretch of a long signal in the limiter; it needs less."""

_AT_ONCE = 2**20
"""Samples limited at a time. At 4× oversampling, each takes about a hundred bytes of memory."""

CLIPPED_DB = 2.0
"""How much of a peak is clipped. With more, the distortion between 1 and 4 kHz exceeds that of a
limiter alone; with less, the SI-SDR falls."""

CEILING_MARGIN_DB = 0.1
"""With 4× oversampling, the measured peak can be this much too low (BS.1770-4, annex 2)."""

LOUDNESS_TOLERANCE_LU = 0.05
MAX_ROUNDS = 12

SILENT = "Silent: no gain was applied."
NOTHING_LEFT = (
    "Almost no signal is left, so there is probably no speech: the loudness was not changed."
)
TOO_SHORT = "Shorter than 0.1 s, so its loudness cannot be measured: it was not changed."


def gain(samples: Samples, decibels: float) -> Samples:
    """Apply a gain in dB."""
    return (samples * 10 ** (decibels / 20)).astype(np.float32)


def limit(samples: Samples, rate: int, ceiling_dbtp: float, gain_db: float = 0.0) -> Samples:
    """Apply a gain, and limit the true peak. All channels get the same gain; nothing is delayed.

    A look-ahead limiter reduces every peak to `CLIPPED_DB` above the ceiling, and the rest is
    clipped at 4× oversampling. A limiter alone has to reduce the gain of a millisecond for a peak
    of a tenth of it, and so changes the speech more. The clipping leaves peaks between the samples
    a little too high; the limiter takes them as well.

    Shape: same out as in.
    """
    ceiling = 10 ** (ceiling_dbtp / 20)
    louder = gain(samples, gain_db) if gain_db else samples
    held = _held(louder, rate, ceiling * 10 ** (CLIPPED_DB / 20))
    return _held(_clipped(held, ceiling), rate, ceiling)


def _held(samples: Samples, rate: int, ceiling: float) -> Samples:
    """Hold the true peak with a look-ahead gain.

    A minimum filter extends the gain that each sample needs by 1 ms on both sides. A window of the
    same width then smooths it. So the gain is reduced in time and without steps, and no peak
    exceeds the ceiling.
    """
    envelope = meter.oversampled_envelope(samples)[0].astype(np.float64)
    if envelope.max(initial=0.0) <= ceiling:
        return samples
    reach = max(1, round(LOOKAHEAD_SECONDS * rate))
    needed = np.minimum(1.0, ceiling / np.maximum(envelope, ceiling))
    held = minimum_filter1d(needed, 2 * reach + 1, mode="nearest")
    window = np.hanning(2 * reach + 3)[1:-1]
    smooth = fftconvolve(np.pad(held, reach, mode="edge"), window / window.sum(), mode="valid")
    return (samples * np.minimum(smooth, 1.0)).astype(np.float32)


def _clipped(samples: Samples, ceiling: float) -> Samples:
    """Clip at 4× oversampling. Only the difference is resampled back, so all else stays exact."""
    dense = resample_poly(samples, meter.OVERSAMPLING, 1, axis=-1)
    magnitude = np.abs(dense).max(axis=0)
    if magnitude.max(initial=0.0) <= ceiling:
        return samples
    excess = dense * (1 - ceiling / np.maximum(magnitude, ceiling)).astype(np.float32)
    clipped: Samples = samples - resample_poly(excess, 1, meter.OVERSAMPLING, axis=-1)
    return clipped


def normalise(
    signal: Signal,
    rate: int,
    *,
    lufs: float,
    true_peak_db: float,
    max_gain_db: float = np.inf,
    keep: Callable[[Iterator[Samples]], Signal] = joined,
) -> tuple[Signal, str | None]:
    """Bring a signal to a target loudness under a true-peak ceiling.

    A signal that is silent, too short to have a loudness, or would need more gain than
    `max_gain_db`, is only kept under the ceiling.

    Args:
        signal: Shape (channels, frames).
        rate: Sample rate in Hz.
        lufs: Target integrated loudness in LUFS.
        true_peak_db: Ceiling in dBTP.
        max_gain_db: Largest gain to apply.
        keep: Keeps a signal of the same shape that comes in blocks.

    Returns:
        The signal, and a sentence if its loudness was not changed or missed the target, else None.
    """
    ceiling = true_peak_db - CEILING_MARGIN_DB
    if signal.shape[-1] < meter.SHORTEST_SECONDS * rate:
        return _reduced_to_ceiling(signal, ceiling), TOO_SHORT
    loudness = meter.any_lufs(signal, rate)
    if loudness is None:
        return _reduced_to_ceiling(signal, ceiling), SILENT
    # The limiter reduces the loudness a little, so the gain is increased by the missing loudness
    # until the measured loudness of the result is right.
    decibels = lufs - loudness
    if decibels > max_gain_db:
        return _reduced_to_ceiling(signal, ceiling), NOTHING_LEFT
    for _ in range(MAX_ROUNDS):
        limiting = partial(limit, rate=rate, ceiling_dbtp=ceiling, gain_db=decibels)
        context = round(CONTEXT_SECONDS * rate)
        limited = keep(in_stretches(limiting, signal, context, stretch=_AT_ONCE))
        finished = _reduced_to_ceiling(limited, ceiling)
        reached = meter.any_lufs(finished, rate)
        missing = lufs - (reached if reached is not None else meter.SILENCE_LUFS)
        if abs(missing) <= LOUDNESS_TOLERANCE_LU:
            return finished, None
        decibels += missing
    return finished, f"The peak ceiling kept the loudness {missing:.1f} LU under its target."


def _reduced_to_ceiling(signal: Signal, ceiling_dbtp: float) -> Signal:
    """Reduce the gain if the true peak is above the ceiling."""
    peak = meter.true_peak_dbtp(signal)
    if peak is None or peak <= ceiling_dbtp:
        return signal
    return derive(partial(gain, decibels=ceiling_dbtp - peak), signal)
