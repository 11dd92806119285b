"""Packages that only some profiles need, and that only some installations have."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from stemsilver.errors import EnvironmentFault

Extra: TypeAlias = Literal["studio", "uvr"]


@dataclass(frozen=True)
class Package:
    """What pip calls it, what Python calls it, and the extras of Stemsilver that bring it."""

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
    "panns": (_TORCH, Package("panns-inference", "panns_inference", ("studio", "uvr"))),
}
"""What a model or backend needs beside the plain installation, by its name in a profile."""


def needed(models: Iterable[str]) -> tuple[Package, ...]:
    """The packages that some models or backends need, each once."""
    return tuple(dict.fromkeys(package for model in models for package in NEEDED.get(model, ())))


def missing(models: Iterable[str]) -> tuple[Package, ...]:
    """Those of them that this installation lacks."""
    return tuple(package for package in needed(models) if not _installed(package.module))


def check(models: Iterable[str]) -> None:
    """Refuse to go on without a package that some models or backends need.

    Raises:
        EnvironmentFault: some are not installed; it names them all.
    """
    lacking = missing(models)
    if lacking:
        raise EnvironmentFault(
            f"not installed: {', '.join(package.name for package in lacking)}",
            next_step=install(lacking),
        )


def install(packages: Iterable[Package]) -> str:
    """The command that installs some packages: by the smaller extra if that has them all."""
    extra: Extra = "uvr" if all("uvr" in package.extras for package in packages) else "studio"
    return f"pip install 'stemsilver[{extra}]'"


def _installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None
