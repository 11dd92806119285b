"""Device and number of threads for the models: they depend on the machine, not the profile."""

from __future__ import annotations

import importlib.util
import os
from contextlib import suppress
from typing import Literal, TypeAlias, get_args

from stemsilver.errors import UsageError

VARIABLE = "STEMSILVER_DEVICE"

THREADS = "OMP_NUM_THREADS"
"""Environment variable with the number of compute threads. OpenMP, BLAS and torch read it;
Stemsilver passes it on to the libraries that do not."""

Device: TypeAlias = Literal["cuda", "mps", "cpu"]


def device() -> Device:
    """Return the device named in `STEMSILVER_DEVICE`; `auto` or unset means the best available.

    Without torch, which only the large models need, that is the CPU.

    Raises:
        UsageError: the value is no device name, or torch finds no such device on this machine.
    """
    named = check_variable()
    there = ("cpu",) if named == "cpu" else _available_devices()
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
    """Return the value of `STEMSILVER_DEVICE`, or `auto` if unset. Availability is not checked.

    Raises:
        UsageError: the value is no device name.
    """
    named = os.environ.get(VARIABLE) or "auto"
    if named not in ("auto", *get_args(Device)):
        raise UsageError(
            f"{VARIABLE}={named}: no such device",
            next_step=f"Set it to auto or one of {', '.join(get_args(Device))}.",
        )
    return named


def device_name() -> str:
    """Return the device for display; for CUDA with the name of the GPU.

    Raises:
        UsageError: as for `device`.
    """
    chosen = device()
    if chosen != "cuda":
        return chosen
    import torch

    return f"cuda, {torch.cuda.get_device_name()}"


def cores() -> int:
    """Return the number of CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads() -> int:
    """Return the number of threads for a model: `OMP_NUM_THREADS`, or one per core."""
    with suppress(ValueError):
        return max(1, int(os.environ.get(THREADS, "")))
    return cores()


def _available_devices() -> tuple[Device, ...]:
    """Return the devices of this machine, the best first."""
    if importlib.util.find_spec("torch") is None:
        return ("cpu",)
    import torch

    found: tuple[Device, ...] = ("cpu",)
    if torch.backends.mps.is_available():
        found = ("mps", *found)
    if torch.cuda.is_available():
        found = ("cuda", *found)
    return found
