"""What the blind test plays: the same renders as two builds made them, equally loud."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stemsilver.microsite.readings import size


@dataclass(frozen=True)
class BlindPair:
    """A render as both builds have it.

    `head` and `base` are addresses from the page, their gains at most 0 dB: played with them, the
    speech of both is equally loud. `duration` is in seconds, `rate` in Hz.

    Raises:
        ValueError: a gain would amplify, which could clip, and clipping tells the two apart.
    """

    id: str
    path: str
    duration: float
    rate: int
    head: str
    base: str
    head_bytes: int
    base_bytes: int
    head_gain_db: float
    base_gain_db: float

    def __post_init__(self) -> None:
        if max(self.head_gain_db, self.base_gain_db) > 0:
            raise ValueError(f"{self.path}: a blind test may only attenuate")

    @property
    def bytes(self) -> int:
        """What one trial fetches."""
        return self.head_bytes + self.base_bytes

    @property
    def fetch(self) -> str:
        """What listening to this one costs, in words."""
        return f"{size(self.bytes)}, fetched once."


@dataclass(frozen=True)
class BlindPage:
    """Everything on the page of the blind test. `head` and `base` name the builds."""

    pairs: tuple[BlindPair, ...]
    head: str
    base: str

    @property
    def fetch(self) -> str:
        """What listening to all, mixed, costs, in words."""
        return f"About {size(self._mean_bytes)} a trial."

    @property
    def _mean_bytes(self) -> int:
        return round(sum(pair.bytes for pair in self.pairs) / len(self.pairs))


def blind_page(pairs: Sequence[BlindPair], head: str, base: str) -> BlindPage:
    """The blind test of `pairs`; without any, the page says that there is nothing to compare."""
    return BlindPage(tuple(pairs), head, base)
