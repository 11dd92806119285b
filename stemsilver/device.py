"""Which processor the models run on, and with how many threads: the machine decides, no profile."""

from __future__ import annotations

import importlib.util
import os
from contextlib import suppress
from typing import Literal, TypeAlias, get_args

from stemsilver.errors import UsageError

VARIABLE = "STEMSILVER_DEVICE"

THREADS = "OMP_NUM_THREADS"
"""How many threads this process may compute with: read by OpenMP, BLAS and torch, and by us for
the libraries that do not read it."""

Device: TypeAlias = Literal["cuda", "mps", "cpu"]


def device() -> Device:
    """The device that `STEMSILVER_DEVICE` names; `auto`, or nothing, is the best there is.

    Without torch, which only the large models need, that is the CPU.

    Raises:
        UsageError: it names none, or one that this machine or its torch does not have.
    """
    named = check_variable()
    there = ("cpu",) if named == "cpu" else _there()
    if named == "auto":
        return there[0]
    for found in there:
        if found == named:
            return found
    raise UsageError(
        f"{VARIABLE}={named}: torch finds no such device on this machine",
        next_step="Leave the variable out, or install the torch build for that device.",
    )


def check_variable() -> str:
    """What `STEMSILVER_DEVICE` names, whether this machine has it or not; else `auto`.

    Raises:
        UsageError: it names no device.
    """
    named = os.environ.get(VARIABLE) or "auto"
    if named not in ("auto", *get_args(Device)):
        raise UsageError(
            f"{VARIABLE}={named}: no such device",
            next_step=f"Set it to auto or one of {', '.join(get_args(Device))}.",
        )
    return named


def device_name() -> str:
    """The device as people know it.

    Raises:
        UsageError: as for `device`.
    """
    chosen = device()
    if chosen != "cuda":
        return chosen
    import torch

    return f"cuda, {torch.cuda.get_device_name()}"


def cores() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads() -> int:
    """The threads a model may use: what `OMP_NUM_THREADS` says, else one for each core."""
    with suppress(ValueError):
        return max(1, int(os.environ.get(THREADS, "")))
    return cores()


def _there() -> tuple[Device, ...]:
    """The devices of this machine, the best first."""
    if importlib.util.find_spec("torch") is None:
        return ("cpu",)
    import torch

    found: tuple[Device, ...] = ("cpu",)
    if torch.backends.mps.is_available():
        found = ("mps", *found)
    if torch.cuda.is_available():
        found = ("cuda", *found)
    return found
