"""The time and memory that cleaning a batch took, of the chain's steps only."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from stemsilver.records import ItemResult
from stemsilver.report.text.wording import NO_VALUE, number, setting

_SEPARATORS = "separate: "
_STEPS = frozenset({"fuse", "denoise", "wiener", "polish"})

_N = TypeVar("_N", int, float)


@dataclass(frozen=True)
class Cost:
    """Time and peak memory of the chain's steps.

    `seconds` is the time for `audio_seconds` of audio; a cached step counts as when it was
    computed. The peaks, in bytes, are the highest of any step of any render; None if unknown or not
    used. `peak_bytes` is of the whole worker process, with its libraries and whatever it had loaded
    before; `gpu_peak_bytes` is of torch on a CUDA device.
    """

    seconds: float
    audio_seconds: float
    peak_bytes: int | None
    gpu_peak_bytes: int | None

    @property
    def real_time_factor(self) -> float | None:
        """Seconds of work per second of audio; None if nothing was cleaned."""
        return self.seconds / self.audio_seconds if self.audio_seconds else None


def cost(items: Sequence[ItemResult]) -> Cost:
    """Add up the cost of cleaning the renders, without measuring and drawing."""
    cleaned = [item for item in items if item.failure is None]
    return Cost(
        seconds=math.fsum(second for item in cleaned for second in _chain(item.seconds)),
        audio_seconds=math.fsum(item.duration for item in cleaned),
        peak_bytes=_highest(item.peak_bytes for item in cleaned),
        gpu_peak_bytes=_highest(item.gpu_peak_bytes for item in cleaned),
    )


def costs_csv(items: Sequence[ItemResult]) -> str:
    """Return the cost of every step of every render as CSV, a row for each, for `costs.csv`.

    It is the only file of a report in which two equal builds differ.
    """
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(("id", "step", "seconds", "peak_bytes", "gpu_peak_bytes"))
    for item in items:
        for step, seconds in item.seconds.items():
            peaks = item.peak_bytes.get(step), item.gpu_peak_bytes.get(step)
            rows.writerow((item.id, step, round(seconds, 3), *peaks))
    return table.getvalue()


def factor_words(cost: Cost) -> str:
    """Format the real-time factor with two significant digits."""
    factor = cost.real_time_factor
    return NO_VALUE if factor is None else setting(float(f"{factor:.2g}"))


def memory_words(count: int | None) -> str:
    """Format a number of bytes in gigabytes.

    >>> memory_words(1_440_000_000), memory_words(None)
    ('1.4 GB', '—')
    """
    return NO_VALUE if count is None else f"{number(count / 1e9, 1)} GB"


def _highest(renders: Iterable[Mapping[str, int]]) -> int | None:
    return max((most for peaks in renders for most in _chain(peaks)), default=None)


def _chain(costs: Mapping[str, _N]) -> Iterator[_N]:
    """Yield the costs of the cleaning chain's steps."""
    for step, one in costs.items():
        if step in _STEPS or step.startswith(_SEPARATORS):
            yield one
