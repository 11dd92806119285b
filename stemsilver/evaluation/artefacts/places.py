"""The places of a render to listen to first."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stemsilver.records import Artefact

PLACES = 3

HEARD_DB = 8.0
"""A smaller departure is hardly heard, so it is no place to listen to."""

APART_SECONDS = 2.0
"""Two places are at least this far apart."""


def worst_places(departure: NDArray[np.float64], hop: float) -> tuple[Artefact, ...]:
    """Return the at most `PLACES` worst places, in order of time.

    A place reaches as far as the departure is more than half of its highest.

    Shape: `departure` is (windows,), in dB, a window every `hop` seconds.
    """
    left = departure.copy()
    apart = round(APART_SECONDS / hop)
    found: list[Artefact] = []
    while len(found) < PLACES and left.max(initial=0.0) >= HEARD_DB:
        at = int(left.argmax())
        below = np.flatnonzero(departure < departure[at] / 2)
        start = int(below[below < at].max(initial=-1)) + 1
        end = int(below[below > at].min(initial=departure.size))
        found.append(
            Artefact(round(start * hop, 2), round(end * hop, 2), round(float(departure[at]), 1))
        )
        left[max(0, start - apart) : end + apart] = 0.0
    return tuple(sorted(found, key=lambda one: one.start))
