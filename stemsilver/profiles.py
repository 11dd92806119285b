"""Find profiles by name: first in the working folder, then among the shipped ones."""

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
    """Return the file of every known profile by its name."""
    folders = (Path("config"), resource("config"))
    return {path.stem: path for folder in folders[::-1] for path in folder.glob("*.yaml")}


def name_of(profile: Profile) -> str | None:
    """Return the name by which commands find `profile`; None if it was given as a file."""
    from stemsilver import config

    file = known_profiles().get(profile.name)
    return profile.name if file is not None and config.load(file) == profile else None


def load_profile(name: str = DEFAULT) -> Profile:
    """Load `config/NAME.yaml` from the working folder, or else the shipped profile `name`.

    Raises:
        ConfigError: there is no such profile, or it is invalid.
    """
    from stemsilver import config  # imported late: the command line needs DEFAULT quickly

    known = known_profiles()
    if name in known:
        return config.load(known[name])
    near = difflib.get_close_matches(name, known, n=1, cutoff=0)
    guess = f"; did you mean `{near[0]}`?" if near else "."
    raise ConfigError(
        f"There is no profile `{name}`{guess}",
        next_step=f"Known profiles: {', '.join(sorted(known))}. Use --config FILE for a profile "
        "with another file name or in another folder.",
    )
