"""The base class of all profile sections."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A frozen part of a profile that refuses unknown keys.

    Types are strict: `yes` is not converted to 1, nor `"5"` to 5.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)
