"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from stemsilver.cli.on_use import LazyModule

if TYPE_CHECKING:
    from stemsilver import config, profiles
    from stemsilver.config import Profile
else:
    config, profiles = LazyModule("config"), LazyModule("profiles")

ProfileName: TypeAlias = Annotated[
    str,
    typer.Option("--profile", "-p", help="Profile by name: config/NAME.yaml, or a shipped one."),
]
ConfigFile: TypeAlias = Annotated[
    Path | None, typer.Option("--config", "-c", help="Profile by file, instead of by name.")
]
Jobs: TypeAlias = Annotated[
    int | None,
    typer.Option("--jobs", "-j", min=1, help="Worker processes; if not given, one per core."),
]
CacheFolder: TypeAlias = Annotated[
    Path, typer.Option("--cache", help="Where finished work is kept between runs.")
]

DEFAULT_CACHE = Path(".stemsilver/cache")


def chosen_profile(name: str, file: Path | None) -> Profile:
    """Load the requested profile, by file or else by name.

    Raises:
        ConfigError: the profile does not exist, or does not validate.
    """
    return profiles.load_profile(name) if file is None else config.load(file)
