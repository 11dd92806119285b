"""The folder of weights that are not in a package, and the user's own `weights.yaml` in it."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Collection
from pathlib import Path

from platformdirs import user_cache_path
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from stemsilver.config import strict_yaml
from stemsilver.errors import ConfigError, UsageError
from stemsilver.fsio import contained
from stemsilver.weights.kinds import UserWeights

VARIABLE = "STEMSILVER_WEIGHTS"
LISTING = "weights.yaml"


def folder() -> Path:
    """Return the weights folder: `STEMSILVER_WEIGHTS`, else one in the user's cache folder."""
    named = os.environ.get(VARIABLE)
    return (
        Path(named).expanduser()
        if named
        else user_cache_path("stemsilver", appauthor=False) / "weights"
    )


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    file: str = Field(min_length=1)
    sha256: str = Field(pattern=re.compile("^[0-9a-f]{64}$"))
    licence: str = Field(min_length=1)
    source: str = Field(min_length=1)


_FORM = (
    "Under each name of `stemsilver models list` write `file`, `sha256`, `licence` and `source`."
)
_LISTING = TypeAdapter(dict[str, _Entry])


def own_weights(known: Collection[str]) -> dict[str, UserWeights]:
    """Read the user's own weights, which replace official ones of the same name.

    `weights.yaml` in the weights folder lists them: under each name `file`, `sha256`, `licence`
    and `source`.

    Raises:
        ConfigError: the list is invalid, or contains a name that is not in `known`.
    """
    path = folder() / LISTING
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error})") from error
    try:
        entries = _LISTING.validate_python(strict_yaml(text, str(path)) or {})
    except ValidationError as error:
        raise ConfigError(f"{path}: {_described(error)}", next_step=_FORM) from error
    for name, entry in entries.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0)
            raise ConfigError(
                f"{path}: there are no weights `{name}`; did you mean `{near[0]}`?",
                next_step="See the names with `stemsilver models list`.",
            )
        try:
            contained(folder(), entry.file)
        except UsageError as error:
            raise ConfigError(
                f"{path}: `{name}.file`: {error.message}", next_step=error.next_step
            ) from error
    return {name: UserWeights(name, **entry.model_dump()) for name, entry in entries.items()}


def _described(error: ValidationError) -> str:
    return "; ".join(
        f"`{'.'.join(map(str, problem['loc']))}`: {problem['msg']}" for problem in error.errors()
    )
