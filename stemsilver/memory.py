"""How much memory a piece of work took at its highest."""

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
    """The most memory at any moment, in bytes.

    `process` is what the whole process had in memory: the libraries and every model it has loaded
    so far are part of it. `gpu` is what torch had on a CUDA device. None where it is not known,
    or not used.
    """

    process: int | None = None
    gpu: int | None = None


def lower_marks() -> None:
    """Let `peak` tell of what comes from here on.

    Linux alone can lower the mark of a process. Elsewhere `peak` tells of the whole life of the
    process so far, which is an upper bound.
    """
    with suppress(OSError):
        _MARKS.write_text(_LOWER_THE_MARK)
    if (cuda := _cuda()) is not None:
        cuda.reset_peak_memory_stats()


def give_back() -> None:
    """Let the system have what freed objects left behind: glibc would keep most of it."""
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def peak() -> Peak:
    """The highest since `lower_marks`."""
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
    """`torch.cuda`, where something has been put on a device; nothing is imported to find out."""
    torch = sys.modules.get("torch")
    return torch.cuda if torch is not None and torch.cuda.is_initialized() else None
