"""Where the files that ship with Stemsilver lie: profiles, templates, hand-written pages,
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
"""What ships beside the modules, by its path in the repository."""


def resource(name: Shipped) -> Path:
    """The shipped file or folder called `name`.

    A wheel carries them inside the package; in a source checkout they stand beside it, where
    people edit them.

    Raises:
        EnvironmentFault: the installation lacks it.
    """
    package = Path(str(files("stemsilver")))
    for candidate in (package / "_data" / name, package.parent / name):
        if candidate.exists():
            return candidate
    raise EnvironmentFault(
        f"{name}: missing from this installation of Stemsilver",
        next_step="Install Stemsilver again.",
    )
