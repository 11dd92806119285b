"""What the blind test plays: the same renders as two builds made them, equally loud."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stemsilver.microsite.parts.metric_cells import size


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
class Sides:
    """What the two versions are called: together, and each with its mark where answers are shown.

    The notes say after a version's name which of the two it is.
    """

    together: str
    head_title: str
    base_title: str
    head_note: str = ""
    base_note: str = ""


BUILDS = Sides("builds", "● Build", "○ Base", "(this build)", "(the base)")
PROFILES = Sides("profiles", "● Candidate", "○ Other")


@dataclass(frozen=True)
class Choice:
    """Another pair to compare, on a page of its own; `href` is None of the one that is open."""

    label: str
    href: str | None


@dataclass(frozen=True)
class BlindPage:
    """Everything on the page of the blind test. `head` and `base` name the versions; `choices`
    are the pairs of versions that can be compared, where there are several.
    """

    pairs: tuple[BlindPair, ...]
    head: str
    base: str
    sides: Sides
    choices: tuple[Choice, ...] = ()

    @property
    def fetch(self) -> str:
        """What listening to all, mixed, costs, in words."""
        return f"About {size(self._mean_bytes)} a trial."

    @property
    def _mean_bytes(self) -> int:
        return round(sum(pair.bytes for pair in self.pairs) / len(self.pairs))


def blind_page(
    pairs: Sequence[BlindPair | None],
    head: str,
    base: str,
    sides: Sides = BUILDS,
    choices: Sequence[Choice] = (),
) -> BlindPage:
    """The blind test of those `pairs` that are fair; without any, the page says that there is
    nothing to compare.
    """
    fair = tuple(pair for pair in pairs if pair is not None)
    return BlindPage(fair, head, base, sides, tuple(choices))
