"""A profile that states only what differs from another one, which it `extends`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stemsilver.config.yaml_text import read_text, strict_yaml
from stemsilver.errors import ConfigError
from stemsilver.resources import resource

KEY = "extends"

# The key that selects the kind of a model. Another kind has other settings.
_KIND = "backend"

_NAME = re.compile(r"\w[\w.-]*")


def extended(values: Mapping[str, Any], file: Path | None, origin: str) -> dict[str, Any]:
    """Return the values of a profile together with those of the profile that it extends, if any.

    `extends: NAME` means NAME.yaml beside `file`, or else the shipped profile of that name.
    Sections are merged key by key, lists are replaced.

    Raises:
        ConfigError: there is no such profile, it cannot be read, or it extends this one.
    """
    own, seen = dict(values), [file.resolve()] if file else []
    while KEY in own:
        name = own.pop(KEY)
        other = _find(name, file, seen, origin)
        if other in seen:
            raise ConfigError(f"{origin}: `{KEY}`: {name} extends this profile itself")
        seen.append(other)
        below = strict_yaml(read_text(other), str(other))
        if not isinstance(below, dict):
            raise ConfigError(f"{other}: a profile is a mapping of keys to values")
        own, file = _merged(below, own), other
    return own


def _find(name: object, file: Path | None, seen: list[Path], origin: str) -> Path:
    shipped = resource("config")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ConfigError(f"{origin}: `{KEY}`: {name!r} is not the name of a profile")
    places = [folder / f"{name}.yaml" for folder in (*([file.parent] if file else []), shipped)]
    for place in places:
        # config/embedded.yaml may extend the shipped profile of its own name.
        if place.is_file() and place.resolve() not in seen[-1:]:
            return place.resolve()
    known = ", ".join(sorted(path.stem for path in shipped.glob("*.yaml")))
    raise ConfigError(
        f"{origin}: `{KEY}`: there is no profile {name!r}; the shipped ones are {known}"
    )


def _merged(below: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(below)
    for key, value in own.items():
        former = found.get(key)
        found[key] = value
        if isinstance(value, Mapping) and isinstance(former, Mapping):
            kind = former.get(_KIND)
            if value.get(_KIND, kind) == kind:
                found[key] = _merged(former, value)
    return found
