"""Change the sample rate of a signal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import soxr

from stemsilver.records import Samples
from stemsilver.signals import fit


def resample(samples: Samples, rate_in: int, rate_out: int, frames: int | None = None) -> Samples:
    """Resample from `rate_in` to `rate_out` Hz (libsoxr, VHQ).

    Shape: (channels, n) → (channels, `frames`). The default of `frames` is
    round(n · rate_out / rate_in), at least 1. Frame k of the output is at k / rate_out seconds:
    the filter has linear phase and its delay is compensated. The end is cut or zero-padded.

    >>> resample(np.ones((2, 480), np.float32), 48_000, 16_000).shape
    (2, 160)
    """
    if frames is None:
        frames = resampled_length(samples.shape[1], rate_in, rate_out)
    if rate_in != rate_out:
        samples = soxr.resample(samples.astype(np.float32).T, rate_in, rate_out, "VHQ").T
    fitted = np.zeros((samples.shape[0], frames), np.float32)
    kept = min(frames, samples.shape[1])
    fitted[:, :kept] = samples[:, :kept]
    return fitted


def resample_blocks(
    blocks: Iterable[Samples], rate_in: int, rate_out: int, frames: int
) -> Iterator[Samples]:
    """Resample a signal that comes in blocks; the same samples as from `resample`.

    `frames` is the length of the result.
    """
    return fit(_resampled(blocks, rate_in, rate_out), frames)


def resampled_length(frames: int, rate_in: int, rate_out: int) -> int:
    """Return the number of frames at `rate_out` Hz of a signal of `frames` at `rate_in` Hz."""
    return max(1, round(frames * rate_out / rate_in))


def _resampled(blocks: Iterable[Samples], rate_in: int, rate_out: int) -> Iterator[Samples]:
    stream: soxr.ResampleStream | None = None
    width = 0
    for block in blocks:
        if rate_in == rate_out:
            yield block
            continue
        if stream is None:
            width = len(block)
            stream = soxr.ResampleStream(rate_in, rate_out, width, "float32", "VHQ")
        yield stream.resample_chunk(block.astype(np.float32).T).T
    if stream is not None:
        yield stream.resample_chunk(np.zeros((0, width), np.float32), last=True).T
