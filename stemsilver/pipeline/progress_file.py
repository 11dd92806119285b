"""Progress of a worker in a long step, reported to the process that waits for it.

The report is a file, because every kind of worker can write files: the cache needs that too.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

INTERVAL = 0.5
"""Minimum number of seconds between two reports of one worker."""


class Reporter:
    """A writer of a step's progress to a file, at most once every `INTERVAL`.

    When the folder of the file is gone, the run that wants the report has ended: the error ends the
    task too.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._step = ""
        self._last = 0.0

    def __call__(self, step: str, share: float) -> None:
        """Report progress of a step, as a fraction from 0 to 1."""
        now = time.monotonic()
        if self._file is None or (step == self._step and now - self._last < INTERVAL):
            return
        self._step, self._last = step, now
        # Renamed into place, so that nobody reads half of it. Not synced to disk: a report may be
        # lost in a crash of the machine.
        partial = self._file.with_name(f".{self._file.name}.{os.getpid()}")
        partial.write_text(f"{share:.4f} {step}", encoding="utf-8")
        partial.replace(self._file)


def remove_report(file: Path | None) -> None:
    """Remove the report of a step that is over."""
    if file is not None:
        file.unlink(missing_ok=True)


def read(file: Path) -> tuple[str, float] | None:
    """Return a worker's step and the fraction of it that is done; None before the first report."""
    try:
        share, _, step = file.read_text(encoding="utf-8").partition(" ")
    except OSError:
        return None
    return step, float(share)
