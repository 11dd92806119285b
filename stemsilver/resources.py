"""Locate the data files that ship with Stemsilver: profiles, templates, hand-written pages,
workflows, the delivery guide.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Literal, TypeAlias

from stemsilver.errors import EnvironmentFault

Shipped: TypeAlias = Literal[
    ".github/workflows",
    "action.yml",
    "config",
    "constraints.txt",
    "docs/delivery.md",
    "mkdocs.yml",
    "site_src",
    "templates",
]
"""The shipped data files and folders, by their paths in the repository."""


def resource(name: Shipped) -> Path:
    """Return the path of the shipped file or folder `name`.

    In a wheel it is inside the package; in a source checkout it is next to the package.

    Raises:
        EnvironmentFault: it is missing from this installation.
    """
    package = Path(str(files("stemsilver")))
    for candidate in (package / "_data" / name, package.parent / name):
        if candidate.exists():
            return candidate
    raise EnvironmentFault(
        f"{name}: missing from this installation of Stemsilver",
        next_step="Install Stemsilver again.",
    )


def demo_batch() -> Path:
    """Return the folder with the renders that `stemsilver demo` cleans."""
    return Path(str(files("stemsilver"))) / "demo_batch"
