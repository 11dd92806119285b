"""Read untrusted JSON: up to a maximum size, and with every part validated."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from stemsilver.errors import UsageError

Word: TypeAlias = Annotated[str, Field(pattern=r"^\w[\w.-]{0,63}$")]
Hex: TypeAlias = Annotated[str, Field(pattern=r"^[0-9a-f]{4,64}$")]
LanguageCode: TypeAlias = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
Name: TypeAlias = Annotated[str, Field(min_length=1, max_length=255)]

T = TypeVar("T")


class UntrustedModel(BaseModel):
    """A part of a file. Unknown keys, as of a later version, are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False, strict=True)


def read_json(
    path: Path, parse: Callable[[Any], T], max_bytes: int, *, what: str, next_step: str
) -> T:
    """Read the JSON at `path` and convert it with `parse`.

    Args:
        path: The file.
        parse: Converts the decoded JSON; raises `ValueError` if it is not valid.
        max_bytes: The largest size that is read.
        what: What the file should be, with its article, for messages.
        next_step: Advice for messages.

    Raises:
        UsageError: there is no such file, it is larger than `max_bytes`, or it is not valid; the
            message says briefly why.
    """
    try:
        with path.open("rb") as file:
            content = file.read(max_bytes + 1)
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be read ({error.strerror})", next_step=next_step
        ) from error

    def refused(why: str) -> UsageError:
        return UsageError(f"{path}: not {what} of Stemsilver ({why})", next_step=next_step)

    if len(content) > max_bytes:
        raise refused(f"it has more than {max_bytes / 1e6:.0f} MB")
    try:
        values = json.loads(content, parse_constant=_refuse, object_pairs_hook=_distinct)
        return parse(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part)[:80] for part in first["loc"])
        raise refused(f"`{where}`: {first['msg']}") from error
    except (ValueError, OverflowError, RecursionError) as error:
        raise refused(str(error)) from error


def _refuse(constant: str) -> None:
    # By default, Python accepts NaN as a number.
    raise ValueError(f"{constant} is not JSON")


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # By default, the last of two equal keys silently counts.
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key[:80]!r} occurs twice")
        found[key] = value
    return found
