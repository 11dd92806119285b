"""Scale-invariant signal-to-distortion ratio.

Source: Le Roux, Wisdom, Erdogan and Hershey, *SDR – half-baked or well done?*, ICASSP 2019.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from stemsilver.evaluation.undefined import Undefined
from stemsilver.records import Signal
from stemsilver.signals import STRETCH, blocks, inner


def si_sdr_db(estimate: Signal, reference: Signal) -> float:
    """Return the SI-SDR of `estimate` against `reference` in dB, after removing both means.

    Shape: both are (1, frames).

    Raises:
        Undefined: a signal is silent, the two have nothing in common, or they are equal up to
            level (`identical`), so that the ratio has no finite value.

    >>> tone = np.sin(np.arange(1000) / 10).astype(np.float32)[np.newaxis]
    >>> noise = np.cos(np.arange(1000) / 10).astype(np.float32)[np.newaxis]
    >>> round(si_sdr_db(tone + noise / 10, tone))
    20
    """
    means = [_mean(signal) for signal in (estimate, reference)]

    def pairs() -> Iterator[list[NDArray[np.float64]]]:
        """Yield both signals without their means, a stretch at a time."""
        both = (blocks(signal, STRETCH) for signal in (estimate, reference))
        for some in zip(*both, strict=True):
            yield [
                block[0].astype(np.float64) - mean for block, mean in zip(some, means, strict=True)
            ]

    energy = common = 0.0
    heard = False
    for found, truth in pairs():
        energy += inner(truth, truth)
        common += inner(found, truth)
        heard = heard or bool(found.any())
    if energy == 0 or not heard:
        raise Undefined("silent")
    kept = lost = 0.0
    for found, truth in pairs():
        target = common / energy * truth
        distortion = found - target
        kept += inner(target, target)
        lost += inner(distortion, distortion)
    if kept == 0:
        raise Undefined("nothing in common with the reference")
    if lost <= kept * np.finfo(np.float64).eps:
        raise Undefined("identical")
    return 10 * float(np.log10(kept / lost))


def _mean(signal: Signal) -> float:
    total = sum(float(block.sum(dtype=np.float64)) for block in blocks(signal, STRETCH))
    return total / signal.shape[-1]
