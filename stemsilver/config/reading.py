"""Read a profile from YAML and validate it, with errors that say what to change."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from stemsilver.config.extending import KEY, extended
from stemsilver.config.profile import Profile
from stemsilver.config.section import Section
from stemsilver.config.yaml_text import read_text, strict_yaml
from stemsilver.errors import ConfigError

_LISTED = 3
"""So many missing keys are named one by one."""


def load(path: Path) -> Profile:
    """Read and validate the profile at `path`.

    Raises:
        ConfigError: the file is missing, is not YAML, repeats a key, or has an invalid value; the
            message names the key, the allowed values and the nearest known name.
    """
    return parse(read_text(path), name=path.stem, origin=str(path), file=path)


def parse(text: str, *, name: str, origin: str, file: Path | None = None) -> Profile:
    """Validate a profile given as YAML text; error messages call it `origin`.

    If it extends another profile, that is looked for beside `file` first.
    """
    values = strict_yaml(text, origin)
    if not isinstance(values, dict):
        raise ConfigError(f"{origin}: a profile is a mapping of keys to values")
    if "name" in values:
        raise ConfigError(f"{origin}: unknown key `name`: a profile is named by its file")
    try:
        return Profile.model_validate({**extended(values, file, origin), "name": name})
    except ValidationError as error:
        raise ConfigError(f"{origin}: " + "; ".join(_problems(error))) from error


def _problems(error: ValidationError) -> list[str]:
    """Describe what is wrong, wrong keys first: a misspelt key is missing under its right name."""
    found = sorted(map(dict, error.errors()), key=lambda one: one["type"] == "missing")
    missing = [one for one in found if one["type"] == "missing"]
    if len(missing) <= _LISTED:
        return [_describe(one) for one in found]
    said = [_describe(one) for one in found[: -len(missing)]]
    more = f"{len(missing)} keys are missing, such as `{_key(missing[0])}`"
    return [*said, f"{more}; `{KEY}: embedded` takes them from that profile"]


def _describe(problem: dict[str, Any]) -> str:
    """Describe a validation problem in a sentence with the key and the allowed values."""
    location, known = _place(problem["loc"])
    key = _key(problem)
    kind, given = problem["type"], problem["input"]
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(str(location[-1]), known, n=1, cutoff=0)
        return f"unknown key `{key}`; did you mean `{near[0]}`?" if near else f"unknown key `{key}`"
    if kind == "missing":
        return f"missing key `{key}`"
    if kind.startswith("union_tag"):
        # Several kinds of models are allowed here; one key selects the kind.
        chooser = problem["ctx"]["discriminator"].strip("'")
        if kind == "union_tag_not_found":
            return f"missing key `{key}.{chooser}`"
        allowed, given = problem["ctx"]["expected_tags"], problem["ctx"]["tag"]
        return f"`{key}.{chooser}`: Input should be one of {allowed} (given {given!r})"
    message = problem["msg"].removeprefix("Value error, ")
    shown = "" if isinstance(given, dict) else f" (given {given!r})"
    return f"`{key}`: {message}{shown}"


def _key(problem: dict[str, Any]) -> str:
    return ".".join(str(part) for part in _place(problem["loc"])[0])


def _place(location: tuple[str | int, ...]) -> tuple[list[str | int], list[str]]:
    """Return the location of a problem in the file, and the known keys there.

    Where several kinds of models are allowed, Pydantic's location also contains the selected kind,
    which is not a key in the file.
    """
    model: Any = Profile
    written: list[str | int] = []
    for part in location:
        if isinstance(part, int):
            written.append(part)
            continue
        kinds = _kinds(model)
        if len(kinds) > 1:
            [model] = [kind for kind in kinds if part in _tags(kind)]
            continue
        written.append(part)
        known = kinds[0].model_fields
        if part in known:
            model = known[part].annotation
    fields = {name for kind in _kinds(model) for name in kind.model_fields}
    return written, sorted(fields - {"name"})


def _kinds(annotation: Any) -> list[type[Section]]:
    """Return the section classes that `annotation` allows."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return [annotation]
    return [kind for part in get_args(annotation) for kind in _kinds(part)]


def _tags(kind: type[Section]) -> tuple[str, ...]:
    """Return the values of the key that selects this kind of model: its first key."""
    first = next(iter(kind.model_fields.values()))
    return get_args(first.annotation)
