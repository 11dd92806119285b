"""Cleaning of files, without measuring, report or site."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from stemsilver import fsio
from stemsilver.config import Profile
from stemsilver.pipeline import executors, loop
from stemsilver.pipeline.loop import Progress
from stemsilver.pipeline.preflight import verify_models
from stemsilver.records import ItemResult, Render


def clean_files(
    renders: Sequence[Render],
    folder: Path,
    profile: Profile,
    cache: Path,
    *,
    jobs: int | None = None,
    progress: Progress,
) -> tuple[ItemResult, ...]:
    """Clean renders into `folder`, without measuring, report or site.

    Raises:
        Locked: another build is writing the same outputs.
        EnvironmentFault: weights are missing or altered, or the disk is full.
    """
    verify_models(profile)
    with fsio.run_lock(folder):
        fsio.sweep(folder)
        return loop.clean_only(
            renders,
            folder,
            profile,
            cache,
            partial(executors.workers, profile, jobs=jobs),
            progress,
        )
