"""Options that several commands share, and what they stand for."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from stemsilver import config
from stemsilver.config import Profile
from stemsilver.errors import ConfigError
from stemsilver.resources import resource

ProfileName: TypeAlias = Annotated[
    str,
    typer.Option("--profile", "-p", help="A profile by name: config/NAME.yaml, or one shipped."),
]
ConfigFile: TypeAlias = Annotated[
    Path | None, typer.Option("--config", "-c", help="A profile by file, instead of by name.")
]
Jobs: TypeAlias = Annotated[
    int | None,
    typer.Option("--jobs", "-j", min=1, help="Worker processes; one a core if not given."),
]
CacheFolder: TypeAlias = Annotated[
    Path, typer.Option("--cache", help="Where finished work is kept between runs.")
]

DEFAULT_CACHE = Path(".stemsilver/cache")


def load_profile(name: str, file: Path | None) -> Profile:
    """The profile that was asked for: a file, else one of the working folder, else one shipped.

    Raises:
        ConfigError: there is none of that name, or it does not validate.
    """
    if file is not None:
        return config.load(file)
    folders = (Path("config"), resource("config"))
    for folder in folders:
        if (folder / f"{name}.yaml").is_file():
            return config.load(folder / f"{name}.yaml")
    known = sorted({path.stem for folder in folders for path in folder.glob("*.yaml")})
    near = difflib.get_close_matches(name, known, n=1, cutoff=0)
    raise ConfigError(
        f"There is no profile `{name}`; did you mean `{near[0]}`?"
        if near
        else f"There is no profile `{name}`.",
        next_step=f"Known profiles: {', '.join(known)}.",
    )
