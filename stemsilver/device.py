"""Which processor the large models run on: a matter of the machine, not of a profile."""

from __future__ import annotations

import os
from typing import Literal, TypeAlias, get_args

from stemsilver.errors import UsageError

VARIABLE = "STEMSILVER_DEVICE"

Device: TypeAlias = Literal["cuda", "mps", "cpu"]


def device() -> Device:
    """The device that `STEMSILVER_DEVICE` names; `auto`, or nothing, is the best there is.

    Raises:
        UsageError: it names none, or one that this machine or its torch does not have.
    """
    import torch

    there: dict[Device, bool] = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    named = os.environ.get(VARIABLE) or "auto"
    if named == "auto":
        return next(name for name, found in there.items() if found)
    if named not in there:
        raise UsageError(
            f"{VARIABLE}={named}: no such device",
            next_step=f"Set it to auto or one of {', '.join(get_args(Device))}.",
        )
    if not there[named]:
        raise UsageError(
            f"{VARIABLE}={named}: torch finds no such device on this machine",
            next_step="Leave the variable out, or install the torch build for that device.",
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
