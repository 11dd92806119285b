"""Packages that only some profiles need, and that only some installations have."""

from __future__ import annotations

import importlib.util
from typing import Literal, TypeAlias

from stemsilver.errors import EnvironmentFault

Extra: TypeAlias = Literal["studio", "uvr"]


def require(package: str, module: str, extra: Extra) -> None:
    """Refuse to go on without a package, before anything imports it.

    `package` is what pip calls it, `module` what Python calls it, `extra` the extra of Stemsilver
    that brings it.

    Raises:
        EnvironmentFault: it is not installed.
    """
    if importlib.util.find_spec(module) is None:
        raise EnvironmentFault(
            f"The package {package} is not installed.",
            next_step=f"pip install 'stemsilver[{extra}]'",
        )
