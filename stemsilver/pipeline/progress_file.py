"""How far a worker has come with a long step, told to whoever waits for it.

Through a file, because that is what every kind of worker can reach: the cache lies there too.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

INTERVAL = 0.5
"""Seconds between two reports of one worker, at the least."""


class Reporter:
    """Writes how far a step has come into a file of its own, not more often than need be."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._step = ""
        self._last = 0.0

    def __call__(self, step: str, share: float) -> None:
        """Is told that `share` of a step's work is done, from 0 to 1."""
        now = time.monotonic()
        if self._file is None or (step == self._step and now - self._last < INTERVAL):
            return
        self._step, self._last = step, now
        # Renamed into place, so that nobody reads half of it; lost with the machine, as it may be.
        partial = self._file.with_name(f".{self._file.name}.{os.getpid()}")
        partial.write_text(f"{share:.4f} {step}", encoding="utf-8")
        partial.replace(self._file)


def forget(file: Path | None) -> None:
    """Say no more of a step that is over."""
    if file is not None:
        file.unlink(missing_ok=True)


def read(file: Path) -> tuple[str, float] | None:
    """The step a worker is at, and the share of it that is done; None before the first report."""
    try:
        share, _, step = file.read_text(encoding="utf-8").partition(" ")
    except OSError:
        return None
    return step, float(share)
