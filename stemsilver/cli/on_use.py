"""Modules that are imported on first use.

The code that cleans or draws takes seconds to import, and help, wrong usage and a build with
nothing to do need none of it.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


class LazyModule:
    """A module of Stemsilver, imported at the first use of one of its names."""

    def __init__(self, module: str) -> None:
        self._module = f"stemsilver.{module}"

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self._module), name)
