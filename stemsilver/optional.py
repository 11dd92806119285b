"""Optional packages, which only some profiles need."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from stemsilver.errors import EnvironmentFault

Extra: TypeAlias = Literal["uvr", "studio", "dask"]


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
    "dask": (Package("distributed", "distributed", ("dask",)),),
    "panns": (_TORCH, Package("panns-inference", "panns_inference", ("studio", "uvr"))),
}
"""The optional packages of each model or backend, by its name in a profile; and of `--dask`."""


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
    """Return the command that installs `packages`, with the smallest extra that has them all."""
    every = [package.extras for package in packages]
    extra = next(one for one in get_args(Extra) if all(one in extras for extras in every))
    return f"pip install 'stemsilver[{extra}]'"


def _installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None
