"""A profile's settings in one flat table, to be kept and compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, TypeAlias

from pydantic import ConfigDict, Field, TypeAdapter

Setting: TypeAlias = bool | int | float | str | None
Settings: TypeAlias = Mapping[str, Setting]
"""Values by where they stand in the profile, as `enhancement.mixture_share`."""

# As narrow as profiles are: they are also read from files that nobody vouches for.
_Key: TypeAlias = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}(\.[a-z0-9_]{1,64}){0,7}$")]
_Value: TypeAlias = (
    bool
    | Annotated[int, Field(ge=-(10**12), le=10**12)]
    | float
    | Annotated[str, Field(max_length=255)]
    | None
)
Untrusted: TypeAlias = Annotated[dict[_Key, _Value], Field(max_length=500)]
"""Settings in such a file."""

_TABLE: TypeAdapter[dict[str, Setting]] = TypeAdapter(
    Untrusted, config=ConfigDict(strict=True, allow_inf_nan=False)
)
# What a profile says of itself changes no number.
_WORDS = ("name", "description", "site")


def flat(config: Mapping[str, Any]) -> dict[str, Setting]:
    """The settings in a profile's JSON, those of a list by their place in it.

    >>> flat({"name": "a", "separation": {"fusion": "max", "models": [{"model_name": "b"}]}})
    {'separation.fusion': 'max', 'separation.models.0.model_name': 'b'}

    Raises `ValueError` where a name or a value is none that a profile could have.
    """
    kept = {key: value for key, value in config.items() if key not in _WORDS}
    return _TABLE.validate_python(dict(_leaves(kept, ())))


def _leaves(value: Any, where: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _leaves(part, (*where, key))
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from _leaves(part, (*where, str(place)))
    else:
        yield ".".join(where), value
