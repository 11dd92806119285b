"""`stemsilver doctor`: what this machine can run, and what mends the rest."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import typer
from rich.console import Console
from rich.markup import escape

from stemsilver import weights
from stemsilver.audio import encode_flac16, encode_wav
from stemsilver.build.pool import cores
from stemsilver.cli.options import DEFAULT_CACHE
from stemsilver.errors import EnvironmentFault, StemsilverError
from stemsilver.profiles import load_profile
from stemsilver.records import Audio
from stemsilver.resources import resource

FREE_GIGABYTES = 2.0
"""Below this a batch of a few minutes can fill the disk with its cache and site."""


def command() -> None:
    """Check Python, codecs, weights, disk and resources; exits with 4 if something is missing."""
    console = Console(highlight=False, soft_wrap=True, emoji=False)
    wrong = 0
    for name, check in CHECKS.items():
        try:
            console.print(f"[green]✓[/] {name}: {escape(check())}")
        except StemsilverError as error:
            wrong += 1
            console.print(f"[red]✗[/] {name}: {escape(error.message)}")
            console.print(f"  next: {escape(error.next_step)}")
    raise typer.Exit(EnvironmentFault.exit_code if wrong else 0)


def _python() -> str:
    return f"{sys.version.split()[0]}, {cores()} cores"


def _profile() -> str:
    profile = load_profile()
    return f"{profile.name}: {profile.description}"


def _codecs() -> str:
    """Encode in memory what every build encodes."""
    tone = Audio((np.sin(np.arange(2400) / 10)[None] / 2).astype(np.float32), 24_000)
    for encode in (encode_wav, encode_flac16):
        encode(tone)
    return "WAV and FLAC"


def _weights() -> str:
    """Verify the files that are there to be loaded, every one."""
    for name in weights.REGISTRY:
        weights.verified(name)
    return f"{len(weights.REGISTRY)} files intact"


def _disk() -> str:
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    if free < FREE_GIGABYTES:
        raise EnvironmentFault(
            f"{free:.1f} GB free in {Path.cwd()}",
            next_step=f"Free some space, or keep the cache elsewhere with --cache (now "
            f"{DEFAULT_CACHE}).",
        )
    return f"{free:.0f} GB free"


def _folder() -> str:
    if not os.access(Path.cwd(), os.W_OK):
        raise EnvironmentFault(
            f"{Path.cwd()} cannot be written to",
            next_step="Run stemsilver in a folder of your own.",
        )
    return "the working folder can be written to"


def _site() -> str:
    return str(resource("site_src"))


CHECKS: dict[str, Callable[[], str]] = {
    "python": _python,
    "profile": _profile,
    "codecs": _codecs,
    "weights": _weights,
    "site sources": _site,
    "disk": _disk,
    "folder": _folder,
}
"""Each check says what it found, or raises with the step that mends it."""
