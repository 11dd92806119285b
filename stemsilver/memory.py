"""Measure peak memory."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_STATUS = Path("/proc/self/status")
_MARKS = Path("/proc/self/clear_refs")
_LOWER_THE_MARK = "5"  # proc(5): the peak resident set size becomes the current one


@dataclass(frozen=True)
class Peak:
    """Peak memory in bytes.

    `process` is that of the whole process, including libraries and all models loaded so far. `gpu`
    is what torch allocated on a CUDA device. None means unknown or not used.
    """

    process: int | None = None
    gpu: int | None = None


def reset_peaks() -> None:
    """Reset the peaks, so that `peak` covers the time from now on.

    Only Linux can reset the peak of a process. On other systems `peak` covers the whole life of
    the process, which is an upper bound.
    """
    with suppress(OSError):
        _MARKS.write_text(_LOWER_THE_MARK)
    if (cuda := _cuda()) is not None:
        cuda.reset_peak_memory_stats()


def release_free_memory() -> None:
    """Return freed memory to the system: glibc would keep most of it."""
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def peak() -> Peak:
    """Return the peak memory since `reset_peaks`."""
    cuda = _cuda()
    return Peak(_process(), None if cuda is None else int(cuda.max_memory_allocated()))


def _process() -> int | None:
    with suppress(OSError):
        for line in _STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    try:
        import resource
    except ImportError:  # Windows
        return None
    highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return highest if sys.platform == "darwin" else highest * 1024


def _cuda() -> Any:
    """Return `torch.cuda` if CUDA is in use, without importing torch to find out."""
    torch = sys.modules.get("torch")
    return torch.cuda if torch is not None and torch.cuda.is_initialized() else None
