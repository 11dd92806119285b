"""The whole job: from a folder of renders to speech-only files, evidence and a site."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from stemsilver import __version__, fsio, microsite, report, weights
from stemsilver.cache import Cache
from stemsilver.config import Profile
from stemsilver.delivery import release
from stemsilver.device import device_name
from stemsilver.microsite import Archive, PublishedSite
from stemsilver.pipeline import ab_snippets, cluster, freshness, loop, tasks
from stemsilver.pipeline.freshness import Options
from stemsilver.pipeline.loop import BatchResult, Progress
from stemsilver.pipeline.outputs import remove_stale_speech, write_report, write_speech
from stemsilver.pipeline.preflight import check_outputs, large_models, verify_models
from stemsilver.records import Render, Skipped
from stemsilver.report import Review, Scorecard
from stemsilver.step_cache import Steps

SNIPPETS = "ab"
"""The folder in the report for the short pairs of raw and clean."""


@dataclass(frozen=True)
class Places:
    """The folders that a build writes to."""

    proceed: Path
    report: Path
    site: Path
    cache: Path


@dataclass(frozen=True)
class BuildOutcome:
    """The results of a build; `drawing` tells which of the batch's plots were drawn or reused."""

    scorecard: Scorecard
    finished: BatchResult
    site: PublishedSite
    drawing: Steps


def build_site(
    renders: Sequence[Render],
    places: Places,
    profile: Profile,
    *,
    jobs: int | None = None,
    dask: str | None = None,
    stages: bool = False,
    base: Path | None = None,
    history: Sequence[Path] = (),
    archive: bool = False,
    wav: bool = True,
    skipped: Sequence[Skipped] = (),
    reviews: Sequence[Review] = (),
    max_site_megabytes: float = 1000.0,
    max_cache_gigabytes: float = 20.0,
    progress: Progress,
) -> BuildOutcome:
    """Clean, evaluate, report and publish every render.

    Args:
        renders: the batch.
        places: the folders to write to.
        profile: the profile to clean and measure with.
        jobs: the number of workers; None for one that suits the models.
        dask: the address of a Dask scheduler, whose workers do the work instead.
        stages: each render's page also plays the result of each step of the chain.
        base: the site of another build of the same renders, to compare this one with.
        history: histories, scorecards, folders of them, or sites of earlier builds, in addition
            to the history in the report.
        archive: the site offers everything as one ZIP.
        wav: each render's page offers its speech-only WAV, which the site then contains.
        skipped: what is in the raw folder and is none of the renders, and what cannot be read.
        reviews: what people said about the renders.
        max_site_megabytes: a larger site is not published.
        max_cache_gigabytes: the cache is reduced to this size in the end.
        progress: receives progress reports.

    Raises:
        UsageError: the folders overlap, `base` is not such a site, or a history is damaged.
        Locked: another build is writing the same outputs.
        EnvironmentFault: weights are missing or altered, the disk is full, or the cluster is not
            fit.
        SiteError: the site failed its checks; the former one is untouched.
    """
    check_outputs(renders, vars(places))
    verify_models(profile)
    executor = cluster.choose(dask, profile, renders, places.cache, jobs=jobs)
    # Before the work, which would be wasted if the site cannot be replaced or compared.
    microsite.check_replaceable(places.site)
    # Before anything is read: the next build then notices files that change during this one.
    inputs = freshness.inputs_digest(
        renders,
        profile,
        tasks.used_weights(profile),
        Options(
            stages=stages,
            base=base,
            history=history,
            archive=archive,
            wav=wav,
            max_site_megabytes=max_site_megabytes,
            skipped=skipped,
            reviews=reviews,
        ),
    )
    other = None if base is None else microsite.read_base(base)
    earlier = [one for path in history for one in report.read_records(path)]
    with ExitStack() as held:
        for folder in (places.proceed, places.report):
            held.enter_context(fsio.run_lock(folder))
            fsio.sweep(folder)
        former = report.read_history(places.report / report.HISTORY)
        cache = Cache(places.cache)
        scorecard, finished = clean_batch(
            renders,
            places,
            profile,
            cache,
            executor,
            stages=stages,
            skipped=skipped,
            progress=progress,
        )
        scorecard = report.with_reviews(scorecard, reviews)
        media, evidence = finished.media, finished.evidence
        ab_snippets.write_snippets(scorecard, profile, media, other, places.report / SNIPPETS)
        records = report.merged([*former, *earlier, report.record(scorecard)])
        reports = write_report(scorecard, profile, finished.items, records, places.report)
        made = None
        if inputs is not None and _is_settled(finished):
            made = freshness.build_digest(inputs, renders, places.proceed, places.report)
        drawing = Steps(cache)
        site = microsite.build(
            scorecard,
            profile,
            evidence,
            media,
            reports,
            places.site,
            max_site_megabytes,
            memo=drawing,
            base=other,
            history=records,
            archive=_archive(scorecard, places) if archive else None,
            build_digest=made,
            speech=_speech(scorecard, places.proceed) if wav else None,
        )
        cache.gc(round(max_cache_gigabytes * 1e9))
    return BuildOutcome(scorecard, finished, site, drawing)


def clean_batch(
    renders: Sequence[Render],
    places: Places,
    profile: Profile,
    cache: Cache,
    executor: Callable[[int], Executor],
    *,
    stages: bool = False,
    skipped: Sequence[Skipped] = (),
    progress: Progress,
) -> tuple[Scorecard, BatchResult]:
    """Clean and measure every render, and write each speech-only file when it is ready.

    The caller holds the lock of the folders, and has verified the weights.

    Raises:
        EnvironmentFault: the machine cannot go on; finished work is kept.
    """
    finished = loop.run(
        renders,
        profile,
        cache,
        executor,
        progress,
        stages=stages,
        ready=partial(write_speech, places.proceed),
    )
    remove_stale_speech(finished.items, places.proceed, places.report)
    scorecard = report.judge(
        finished.items,
        profile,
        created=_now(),
        tool_version=__version__,
        commit=freshness.commit(),
        weights=[weights.record(name) for name in tasks.used_weights(profile)],
        device=device_name() if large_models(profile) else "cpu",
        skipped=skipped,
    )
    return scorecard, finished


def _is_settled(finished: BatchResult) -> bool:
    """Return whether nothing needs another try: no render failed, and no metric crashed."""
    return all(
        one.evidence is not None and not tasks.crashed(one.evidence) for one in finished.items
    )


def _speech(scorecard: Scorecard, proceed: Path) -> dict[str, Path]:
    """Return the speech-only WAV of each cleaned render, by id."""
    return {
        item.id: fsio.contained(proceed, item.output)
        for item in scorecard.renders
        if item.output is not None
    }


def _archive(scorecard: Scorecard, places: Places) -> Archive:
    """Return the release of this build, for the downloads of its site."""
    name = release.name_of(scorecard.moment)
    return microsite.Archive(f"{name}.zip", partial(release.pack, places.proceed, places.report))


def _now() -> str:
    """Return the time of the build, or the one given for a reproducible build."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    moment = datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
