"""Which profile a name stands for: one of the working folder, else one that ships."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING

from stemsilver.errors import ConfigError
from stemsilver.resources import resource

if TYPE_CHECKING:
    from stemsilver.config import Profile

DEFAULT = "embedded"


def known_profiles() -> dict[str, Path]:
    """The file of every profile that has a name here."""
    folders = (Path("config"), resource("config"))
    return {path.stem: path for folder in folders[::-1] for path in folder.glob("*.yaml")}


def name_of(profile: Profile) -> str | None:
    """The name by which commands find `profile`; None for one that was given by its file."""
    from stemsilver import config

    file = known_profiles().get(profile.name)
    return profile.name if file is not None and config.load(file) == profile else None


def load_profile(name: str = DEFAULT) -> Profile:
    """The profile called `name`: `config/NAME.yaml` of the working folder, else the shipped one.

    Raises:
        ConfigError: there is none of that name, or it does not validate.
    """
    from stemsilver import config  # Here, so that the command line knows the default at once.

    known = known_profiles()
    if name in known:
        return config.load(known[name])
    near = difflib.get_close_matches(name, known, n=1, cutoff=0)
    guess = f"; did you mean `{near[0]}`?" if near else "."
    raise ConfigError(
        f"There is no profile `{name}`{guess}",
        next_step=f"Known profiles: {', '.join(sorted(known))}. A file of another name or place is "
        "given with --config.",
    )
