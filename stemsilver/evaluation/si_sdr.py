"""Scale-invariant signal-to-distortion ratio.

Source: Le Roux, Wisdom, Erdogan and Hershey, *SDR – half-baked or well done?*, ICASSP 2019.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stemsilver.evaluation.undefined import Undefined


def si_sdr_db(estimate: NDArray[np.float32], reference: NDArray[np.float32]) -> float:
    """Return the SI-SDR of `estimate` against `reference` in dB, after removing both means.

    Shape: both are (frames,).

    Raises:
        Undefined: a signal is silent, the two have nothing in common, or they are equal up to
            level (`identical`), so that the ratio has no finite value.

    >>> tone = np.sin(np.arange(1000) / 10).astype(np.float32)
    >>> noise = np.cos(np.arange(1000) / 10).astype(np.float32)
    >>> round(si_sdr_db(tone + noise / 10, tone))
    20
    """
    truth = reference.astype(np.float64) - reference.mean(dtype=np.float64)
    found = estimate.astype(np.float64) - estimate.mean(dtype=np.float64)
    energy = truth @ truth
    if energy == 0 or not found.any():
        raise Undefined("silent")
    target = (found @ truth) / energy * truth
    distortion = found - target
    kept, lost = target @ target, distortion @ distortion
    if kept == 0:
        raise Undefined("nothing in common with the reference")
    if lost <= kept * np.finfo(np.float64).eps:
        raise Undefined("identical")
    return 10 * float(np.log10(kept / lost))
