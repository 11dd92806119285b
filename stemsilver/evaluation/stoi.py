"""Short-time objective intelligibility, plain and extended, through pystoi.

Sources: Taal, Hendriks, Heusdens and Jensen, IEEE TASLP 2011 (STOI); Jensen and Taal, IEEE/ACM
TASLP 2016 (ESTOI).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pystoi
from numpy.typing import NDArray

from stemsilver.evaluation.undefined import SILENT, TOO_SHORT, Undefined
from stemsilver.records import Signal
from stemsilver.signals import STRETCH, blocks


def stoi(estimate: Signal, reference: Signal, rate: int, *, extended: bool = False) -> float:
    """Return the STOI, or ESTOI if `extended`, of `estimate` against `reference`; at most 1.

    The value of a long signal is the mean of its stretches, weighted by their lengths.

    Shape: both are (1, frames) at `rate` Hz.

    Raises:
        Undefined: a signal is silent, or less than 384 ms of the reference are not silent.
    """
    found: list[tuple[float, int]] = []
    reason = SILENT
    both = (blocks(signal, STRETCH) for signal in (estimate, reference))
    for [heard], [truth] in zip(*both, strict=True):
        try:
            found.append((_stoi(heard, truth, rate, extended), heard.size))
        except Undefined as undefined:
            reason = str(undefined)
    if not found:
        raise Undefined(reason)
    whole = sum(frames for _, frames in found)
    return sum(value * (frames / whole) for value, frames in found)


def _stoi(
    estimate: NDArray[np.float32], reference: NDArray[np.float32], rate: int, extended: bool
) -> float:
    if not reference.any() or not estimate.any():
        raise Undefined(SILENT)
    with warnings.catch_warnings(), _fixed_seed():
        # pystoi warns and returns 1e-5 when too few frames are left: that is not a score.
        warnings.simplefilter("error", RuntimeWarning)
        try:
            value = float(pystoi.stoi(reference, estimate, rate, extended=extended))
        except (RuntimeWarning, ValueError, IndexError) as error:
            raise Undefined(TOO_SHORT) from error
    if not np.isfinite(value):
        raise Undefined(SILENT)
    return value


@contextmanager
def _fixed_seed() -> Iterator[None]:
    """Give pystoi the same random numbers every time.

    pystoi adds noise of the size of a rounding error to ESTOI's segments. With other random
    numbers, the last digits of equal runs would differ.
    """
    state = np.random.get_state()
    np.random.seed(0)
    try:
        yield
    finally:
        np.random.set_state(state)
