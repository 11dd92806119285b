"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from stemsilver.cli.on_use import LazyModule
from stemsilver.errors import UsageError

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
Dask: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Work on a Dask cluster: the address of its scheduler, such as tcp://10.0.0.5:8786. "
        "Renders and cache must lie in folders that its machines share.",
    ),
]
CacheFolder: TypeAlias = Annotated[
    Path, typer.Option("--cache", help="Where finished work is kept between runs.")
]

Force: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--force", help="Clean renders without music too, instead of changing only their level."
    ),
]

ReviewsFolder: TypeAlias = Annotated[
    Path, typer.Option("--reviews", help="Folder of the reviews, as `review merge` writes them.")
]

DEFAULT_CACHE = Path(".stemsilver/cache")
DEFAULT_REVIEWS = Path("reviews")


def check_workers(jobs: int | None, dask: str | None) -> None:
    """Refuse a number of local workers for a cluster.

    Raises:
        UsageError: both options are given.
    """
    if jobs is not None and dask is not None:
        raise UsageError(
            "--jobs cannot be used with --dask: a cluster has as many workers as were started",
            next_step="Leave out --jobs, and start as many workers as you want.",
        )


def chosen_profile(name: str, file: Path | None, force: bool = False) -> Profile:
    """Load the requested profile, by file or else by name; with `force`, it cleans every render.

    Raises:
        ConfigError: the profile does not exist, or does not validate.
    """
    chosen = profiles.load_profile(name) if file is None else config.load(file)
    return chosen.cleaning_everything() if force else chosen
