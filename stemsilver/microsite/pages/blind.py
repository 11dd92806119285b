"""The blind test: the same renders from two builds, played equally loud.

`site_src/assets/blind/` runs it; `abx-session.js` there draws the trials.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stemsilver.microsite.parts.metric_cells import size
from stemsilver.translation import N_
from stemsilver.translation import gettext as _


@dataclass(frozen=True)
class BlindPair:
    """A render in both builds.

    `head` and `base` are addresses relative to the page. With the gains, which are at most 0 dB,
    the speech of both is equally loud. `duration` is in seconds, `rate` in Hz.

    Raises:
        ValueError: a gain would amplify; that could clip, and clipping would reveal the version.
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
        """The download size of one trial, in bytes."""
        return self.head_bytes + self.base_bytes

    @property
    def fetch(self) -> str:
        """The download size of this pair, in words."""
        return _("{size}, fetched once.").format(size=size(self.bytes))


@dataclass(frozen=True)
class Sides:
    """The English names of the two versions in the answers, each with its mark."""

    head_title: str
    base_title: str


BUILDS = Sides(N_("● Build"), N_("○ Base"))
PROFILES = Sides(N_("● Candidate"), N_("○ Other"))


@dataclass(frozen=True)
class Choice:
    """A pair of versions to compare, on its own page; `href` is None for the page that is open."""

    label: str
    href: str | None


@dataclass(frozen=True)
class BlindPage:
    """Everything on the page of the blind test.

    `head` and `base` name the versions; `choices` are the pairs that can be compared, if there are
    several.
    """

    pairs: tuple[BlindPair, ...]
    head: str
    base: str
    sides: Sides
    choices: tuple[Choice, ...] = ()

    @property
    def fetch(self) -> str:
        """The mean download size of a trial, in words."""
        return _("About {size} per trial.").format(size=size(self._mean_bytes))

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
    """Return the blind test of those `pairs` that are not None; without any, the page says that
    there is nothing to compare.
    """
    fair = tuple(pair for pair in pairs if pair is not None)
    return BlindPage(fair, head, base, sides, tuple(choices))
