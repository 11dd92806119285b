"""What every part of a profile is made of."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A frozen part of a profile that refuses keys it does not know.

    Strict: `yes` is not taken for 1, nor `"5"` for 5.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)
