"""A profile's settings as one flat table, to store and compare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, TypeAlias

from pydantic import ConfigDict, Field, TypeAdapter

Setting: TypeAlias = bool | int | float | str | None
Settings: TypeAlias = Mapping[str, Setting]
"""Values by their path in the profile, such as `enhancement.mixture_share`."""

# As strict as profiles are: settings are also read from untrusted files.
_Key: TypeAlias = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}(\.[a-z0-9_]{1,64}){0,7}$")]
_Value: TypeAlias = (
    bool
    | Annotated[int, Field(ge=-(10**12), le=10**12)]
    | float
    | Annotated[str, Field(max_length=255)]
    | None
)
Untrusted: TypeAlias = Annotated[dict[_Key, _Value], Field(max_length=500)]
"""Settings from an untrusted file."""

_TABLE: TypeAdapter[dict[str, Setting]] = TypeAdapter(
    Untrusted, config=ConfigDict(strict=True, allow_inf_nan=False)
)
# These only describe the profile and change no result.
_WORDS = ("name", "description", "site")


def flat(config: Mapping[str, Any]) -> dict[str, Setting]:
    """Return the settings of a profile's JSON; list elements are named by their index.

    >>> flat({"name": "a", "separation": {"fusion": "max", "models": [{"model_name": "b"}]}})
    {'separation.fusion': 'max', 'separation.models.0.model_name': 'b'}

    Raises:
        ValueError: a name or a value cannot occur in a profile.
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
