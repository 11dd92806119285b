"""What cleaning a batch has cost: time and memory, of the chain's steps alone."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from stemsilver.report.scorecard.scorecard import Scorecard
from stemsilver.report.text.wording import NO_VALUE, number, setting

_SEPARATORS = "separate: "
_STEPS = frozenset({"fuse", "denoise", "wiener", "polish"})

_N = TypeVar("_N", int, float)


@dataclass(frozen=True)
class Cost:
    """The seconds that the chain took over so many seconds of audio, each step as it was when it
    was computed, and the most memory in bytes that any step of any render had.

    `peak_bytes` is the whole of a worker process, with its libraries and what else it had loaded;
    `gpu_peak_bytes` is what torch had on a CUDA device. None where it is not known, or not used.
    """

    seconds: float
    audio_seconds: float
    peak_bytes: int | None
    gpu_peak_bytes: int | None

    @property
    def real_time_factor(self) -> float | None:
        """Seconds of work for a second of audio; None where nothing was cleaned."""
        return self.seconds / self.audio_seconds if self.audio_seconds else None


def cost(found: Scorecard) -> Cost:
    """What cleaning the renders has cost; measuring and drawing are not in it."""
    cleaned = [item for item in found.renders if item.failure is None]
    return Cost(
        seconds=math.fsum(second for item in cleaned for second in _chain(item.seconds)),
        audio_seconds=math.fsum(item.duration for item in cleaned),
        peak_bytes=_highest(item.peak_bytes for item in cleaned),
        gpu_peak_bytes=_highest(item.gpu_peak_bytes for item in cleaned),
    )


def factor_words(cost: Cost) -> str:
    """The real-time factor in two digits."""
    factor = cost.real_time_factor
    return NO_VALUE if factor is None else setting(float(f"{factor:.2g}"))


def memory_words(count: int | None) -> str:
    """A number of bytes in gigabytes.

    >>> memory_words(1_440_000_000), memory_words(None)
    ('1.4 GB', '—')
    """
    return NO_VALUE if count is None else f"{number(count / 1e9, 1)} GB"


def _highest(renders: Iterable[Mapping[str, int]]) -> int | None:
    return max((most for peaks in renders for most in _chain(peaks)), default=None)


def _chain(costs: Mapping[str, _N]) -> Iterator[_N]:
    """The costs of the steps of the cleaning chain."""
    for step, one in costs.items():
        if step in _STEPS or step.startswith(_SEPARATORS):
            yield one
