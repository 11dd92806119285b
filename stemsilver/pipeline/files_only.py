"""Cleaning or auditing of files, without report or site."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from stemsilver import fsio, optional, weights
from stemsilver.config import Profile
from stemsilver.device import check_variable
from stemsilver.evaluation import music, vad
from stemsilver.pipeline import cluster, loop
from stemsilver.pipeline.loop import Progress
from stemsilver.pipeline.preflight import check_outside, check_overwrites, verify_models
from stemsilver.profiles import name_of
from stemsilver.records import ItemResult, Render


def clean_files(
    renders: Sequence[Render],
    folder: Path,
    profile: Profile,
    cache: Path,
    *,
    searched: Sequence[Path] = (),
    jobs: int | None = None,
    dask: str | None = None,
    progress: Progress,
) -> tuple[ItemResult, ...]:
    """Clean renders into `folder`, without measuring, report or site.

    The work is done by `jobs` workers, or by those of the Dask scheduler at the address `dask`.
    `searched` are the folders in which the renders were found, absolute.

    Raises:
        UsageError: the next run would find outputs of this one as renders, or an output would
            replace a render.
        Locked: another build is writing the same outputs.
        EnvironmentFault: weights are missing or altered, the disk is full, or the cluster is not
            fit.
    """
    check_outside(searched, {"output": folder, "cache": cache})
    check_overwrites(renders, folder)
    verify_models(profile)
    executor = cluster.choose(dask, profile, renders, cache, jobs=jobs)
    with fsio.run_lock(folder):
        fsio.sweep(folder)
        return loop.clean_only(renders, folder, profile, cache, executor, progress)


def audit_files(
    renders: Sequence[Render],
    profile: Profile,
    cache: Path,
    *,
    jobs: int | None = None,
    dask: str | None = None,
    progress: Progress,
) -> tuple[ItemResult, ...]:
    """Find the music in renders without cleaning them.

    The work is done by `jobs` workers, or by those of the Dask scheduler at the address `dask`.

    Raises:
        EnvironmentFault: weights are missing or altered, the disk is full, or the cluster is not
            fit.
    """
    detector = profile.evaluation.music
    check_variable()
    optional.check([detector.backend])
    weights.check((*vad.WEIGHTS, *music.used_weights(detector)), name_of(profile))
    executor = cluster.choose(dask, profile, renders, cache, jobs=jobs)
    return loop.audit(renders, profile, cache, executor, progress)
