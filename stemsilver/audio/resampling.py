"""Change the rate and the number of channels of a signal."""

from __future__ import annotations

import numpy as np
import soxr

from stemsilver.records import Samples


def resample(samples: Samples, rate_in: int, rate_out: int, frames: int | None = None) -> Samples:
    """Resample from `rate_in` to `rate_out` Hz (libsoxr, VHQ).

    Shape: (channels, n) → (channels, `frames`). The default of `frames` is
    round(n · rate_out / rate_in), at least 1. Frame k of the output is at k / rate_out seconds:
    the filter has linear phase and its delay is compensated. The end is cut or zero-padded.

    >>> resample(np.ones((2, 480), np.float32), 48_000, 16_000).shape
    (2, 160)
    """
    if frames is None:
        frames = max(1, round(samples.shape[1] * rate_out / rate_in))
    if rate_in != rate_out:
        samples = soxr.resample(samples.astype(np.float32).T, rate_in, rate_out, "VHQ").T
    fitted = np.zeros((samples.shape[0], frames), np.float32)
    kept = min(frames, samples.shape[1])
    fitted[:, :kept] = samples[:, :kept]
    return fitted


def mono(samples: Samples) -> Samples:
    """Return the mean of the channels. Shape: (channels, frames) → (1, frames)."""
    mean: Samples = samples.mean(axis=0, keepdims=True, dtype=np.float32)
    return mean


def to_channels(samples: Samples, channels: int) -> Samples:
    """Convert to `channels` channels. Shape: (any, frames) → (channels, frames).
    If the count differs, every output channel is the mean of the input channels.
    """
    if samples.shape[0] == channels:
        return samples
    return np.repeat(mono(samples), channels, axis=0)
