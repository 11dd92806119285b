"""The whole job: from a folder of renders to speech-only files, evidence and a site.

The only room that knows all the others.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from stemsilver import discover, fsio, microsite, report, weights
from stemsilver.build import item, loop
from stemsilver.build.loop import Finished, Progress
from stemsilver.build.pool import LocalPool, cores
from stemsilver.cache import Cache
from stemsilver.clean import denoisers, separators
from stemsilver.config import Profile, digest
from stemsilver.evaluate import suite
from stemsilver.microsite import Site
from stemsilver.records import Batch, Render
from stemsilver.version import __version__

SCORECARD = "scorecard.json"


@dataclass(frozen=True)
class Places:
    """Where a build reads and writes."""

    raw: Path
    proceed: Path
    report: Path
    site: Path
    cache: Path


@dataclass(frozen=True)
class Outcome:
    """What a build made."""

    batch: Batch
    finished: Finished
    site: Site
    warnings: tuple[str, ...]


def build_site(
    places: Places,
    profile: Profile,
    *,
    jobs: int | None = None,
    max_site_megabytes: float = 1000.0,
    max_cache_gigabytes: float = 20.0,
    progress: Progress,
) -> Outcome:
    """Clean, evaluate, report and publish every render under `places.raw`.

    Raises:
        NothingToDo: there are no renders.
        NameClash: two renders cannot have distinct outputs.
        Locked: another build is writing the same outputs.
        EnvironmentFault: weights are missing or altered, or the disk is full.
        SiteError: the site failed its checks; the former one is untouched.
    """
    found = discover.discover(places.raw)
    verify_weights(profile)
    with fsio.run_lock(places.report):
        for folder in (places.proceed, places.report):
            if folder.is_dir():
                fsio.sweep(folder)
        cache = Cache(places.cache)
        finished = loop.run(
            found.renders, profile, cache, lambda left: executor(left, jobs), progress
        )
        batch = _batch(profile, finished)
        _write_speech(places, finished)
        reports = write_report(batch, profile, places.report)
        site = microsite.build(
            batch, profile, finished.media, reports, places.site, max_site_megabytes
        )
        cache.gc(round(max_cache_gigabytes * 1e9))
    return Outcome(batch, finished, site, found.warnings)


def clean_files(
    renders: Iterable[Render],
    profile: Profile,
    folder: Path,
    cache: Path,
    *,
    jobs: int | None = None,
    progress: Progress,
) -> Finished:
    """Clean renders into `folder`, without report or site.

    Raises:
        EnvironmentFault: weights are missing or altered, or the disk is full.
    """
    verify_weights(profile)
    with fsio.run_lock(folder):
        finished = loop.run(
            tuple(renders), profile, Cache(cache), lambda left: executor(left, jobs), progress
        )
        _write_outputs(folder, finished)
    return finished


def used_weights(profile: Profile) -> tuple[str, ...]:
    """Names of the weight files the profile's models load, each once."""
    names = [name for model in profile.separation.models
             for name in separators.SEPARATORS[model.model_name].weights]
    if profile.enhancement.model_name != "none":
        names += denoisers.DENOISERS[profile.enhancement.model_name].weights
    return tuple(dict.fromkeys((*names, *suite.WEIGHTS)))


def verify_weights(profile: Profile) -> None:
    """Check every weight file the profile needs before any work begins.

    Raises:
        WeightsError: one is missing or altered.
    """
    for name in used_weights(profile):
        weights.verified(name)


def executor(left: int, jobs: int | None) -> Executor:
    """Workers for `left` renders: as many as asked for, else one a core."""
    return LocalPool(jobs or cores())


def write_report(batch: Batch, profile: Profile, folder: Path) -> tuple[Path, ...]:
    """Write the scorecard as JSON, CSV and Markdown, and each render's evidence.

    Returns the files a reader may want to download.
    """
    evidence = folder / "items"
    for result in batch.items:
        fsio.write_json(evidence / f"{result.id}.json", report.item_evidence(result))
    kept = {f"{result.id}.json" for result in batch.items}
    for stale in evidence.glob("*.json"):
        if stale.name not in kept:
            stale.unlink()
    csv, markdown = folder / "batch_metrics.csv", folder / "scorecard.md"
    fsio.write_text(csv, report.batch_metrics_csv(batch, profile))
    fsio.write_text(markdown, report.scorecard_markdown(batch, profile))
    # Last: a scorecard that is there speaks of files that are there.
    scorecard = folder / SCORECARD
    fsio.write_json(scorecard, report.scorecard(batch, profile))
    return scorecard, csv, markdown


def _batch(profile: Profile, finished: Finished) -> Batch:
    return Batch(
        profile=profile.name,
        config_digest=digest(profile),
        created=_now(),
        tool_version=__version__,
        commit=_commit(),
        items=finished.items,
        weights=tuple(weights.record(name) for name in used_weights(profile)),
    )


def _write_speech(places: Places, finished: Finished) -> None:
    """Write every output, and remove those of an earlier build that no longer have a render."""
    written = _write_outputs(places.proceed, finished)
    try:
        former = json.loads((places.report / SCORECARD).read_bytes())["items"]
        outputs = {str(entry["output"]) for entry in former if entry["output"]}
    except (OSError, ValueError, KeyError, TypeError):
        return
    for output in outputs - written:
        fsio.contained(places.proceed, output).unlink(missing_ok=True)


def _write_outputs(folder: Path, finished: Finished) -> set[str]:
    written = set()
    for result in finished.items:
        if result.failure is None:
            speech = (finished.media[result.id] / item.SPEECH).read_bytes()
            fsio.write_if_changed(fsio.contained(folder, result.output), speech)
            written.add(result.output)
    return written


def _now() -> str:
    """The time of the build, or the one a reproducible build is given."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    moment = datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _commit() -> str | None:
    """The commit of the repository the build runs in, if it is one."""
    try:
        result = subprocess.run(
            ["git", "rev-parse", "--short=12", "HEAD"],
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return result.stdout.strip()
