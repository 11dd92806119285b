"""A weights folder as a user might have it, with test-made weights in every official format."""

from __future__ import annotations

from pathlib import Path

from . import demucs, denoiser, mdx_net, panns, whisper
from .listing import list_own

MAKERS = (demucs, denoiser, mdx_net, panns, whisper)


def write(folder: Path) -> None:
    """Write every file, and the `weights.yaml` that puts them in the place of official ones."""
    list_own(folder, {name: file for maker in MAKERS for name, file in maker.write(folder).items()})
