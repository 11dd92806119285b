"""Parse YAML into plain values; repeated keys and anything but plain values are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from stemsilver.errors import ConfigError


def read_text(path: Path) -> str:
    """Read a UTF-8 text.

    Raises:
        ConfigError: the file cannot be read, or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 text") from error


def strict_yaml(text: str, origin: str) -> Any:
    """Parse a YAML text into plain values; error messages call it `origin`.

    Raises:
        ConfigError: it is not YAML, repeats a key, or contains anything but plain values.
    """
    try:
        # A stricter SafeLoader.
        return yaml.load(text, Loader=_StrictLoader)  # noqa: S506
    except yaml.YAMLError as error:
        raise ConfigError(f"{origin}: {error}") from error


class _StrictLoader(yaml.SafeLoader):
    """A safe loader that refuses duplicate keys, of which YAML would keep the last."""


def _mapping_without_duplicates(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str):
            raise yaml.constructor.ConstructorError(
                None, None, f"key {key!r} is not text", key_node.start_mark
            )
        if key in seen:
            raise yaml.constructor.ConstructorError(
                None, None, f"key `{key}` is given twice", key_node.start_mark
            )
        seen.add(key)
    return loader.construct_mapping(node, deep=True)


_StrictLoader.add_constructor(
    yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping_without_duplicates
)
