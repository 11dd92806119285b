"""Modules that are imported when something of them is used.

What cleans and what draws take seconds to import, and help, wrong usage and a build with nothing
to do need none of it.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


class OnUse:
    """A module of Stemsilver, imported by the first use of one of its names."""

    def __init__(self, module: str) -> None:
        self._module = f"stemsilver.{module}"

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self._module), name)
