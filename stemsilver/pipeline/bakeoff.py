"""A bake-off: the same batch cleaned with several profiles and judged by one profile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from stemsilver import fsio, microsite, report
from stemsilver.cache import Cache
from stemsilver.config import Profile
from stemsilver.errors import UsageError
from stemsilver.microsite import MAX_PROFILES, PublishedSite
from stemsilver.pipeline import cluster
from stemsilver.pipeline.loop import BatchResult, Progress
from stemsilver.pipeline.outputs import write_report
from stemsilver.pipeline.preflight import check_outputs, verify_models
from stemsilver.pipeline.site import Places, clean_batch
from stemsilver.records import Render, Skipped
from stemsilver.report import Bakeoff, Cost, Scorecard
from stemsilver.step_cache import Steps

JSON, MARKDOWN, SITE = "bakeoff.json", "bakeoff.md", "site"
"""Names in the folder of a bake-off, next to one folder per profile."""


@dataclass(frozen=True)
class BakeoffOutcome:
    """The findings of a bake-off, and the site that shows them."""

    found: Bakeoff
    site: PublishedSite

    @property
    def all_cleaned(self) -> bool:
        """Whether no render failed under any profile."""
        return all(
            item.failure is None for run in self.found.runs for item in run.scorecard.renders
        )


def compare(
    renders: Sequence[Render],
    profiles: Sequence[Profile],
    judge: Profile,
    folder: Path,
    cache: Path,
    *,
    jobs: int | None = None,
    dask: str | None = None,
    skipped: Sequence[Skipped] = (),
    max_site_megabytes: float = 1000.0,
    max_cache_gigabytes: float = 20.0,
    progress: Callable[[Profile], AbstractContextManager[Progress]],
) -> BakeoffOutcome:
    """Clean and measure every render with every profile, and publish the results.

    Args:
        renders: the batch.
        profiles: the incumbent, then the candidates for its promotion rule.
        judge: its evaluation and gates apply to all profiles, because the results of different
            recognisers or detectors cannot be compared.
        folder: the output folder of the bake-off.
        cache: the folder of finished work.
        jobs: the number of workers; None for one that suits the models.
        dask: the address of a Dask scheduler, whose workers do the work instead.
        skipped: what is in the raw folder and is none of the renders.
        max_site_megabytes: a larger site is not published.
        max_cache_gigabytes: the cache is reduced to this size in the end.
        progress: opens the progress display of a profile.

    Raises:
        UsageError: the profiles cannot share a bake-off, or the folders overlap.
        Locked: another build is writing the same outputs.
        EnvironmentFault: weights are missing or altered, the disk is full, or the cluster is not
            fit.
        SiteError: the site failed its checks; the former one is untouched.
    """
    check_names(profiles)
    places = {
        profile.name: Places(
            folder / profile.name / "proceed",
            folder / profile.name / "report",
            folder / SITE,
            cache,
        )
        for profile in profiles
    }
    check_outputs(renders, {"output": folder, "site": folder / SITE, "cache": cache})
    judged = [judged_by(judge, profile) for profile in profiles]
    verify_models(*judged)
    microsite.check_replaceable(folder / SITE)
    microsite.check_name(profiles[0].site.title)
    runs: list[tuple[Scorecard, Profile, Cost]] = []
    every: list[BatchResult] = []
    with fsio.run_lock(folder):
        fsio.sweep(folder)
        store = Cache(cache)
        for profile in judged:
            executor = cluster.choose(dask, profile, renders, cache, jobs=jobs, profiles=judged)
            with progress(profile) as shown:
                scorecard, finished = clean_batch(
                    renders,
                    places[profile.name],
                    profile,
                    store,
                    executor,
                    skipped=skipped,
                    progress=shown,
                )
            _write_report(scorecard, profile, finished, places[profile.name].report)
            runs.append((scorecard, profile, report.cost(finished.items)))
            every.append(finished)
        found = report.bakeoff(runs, judge)
        reports = _write(found, folder)
        site = microsite.build_bakeoff(
            found,
            [finished.evidence for finished in every],
            [finished.media for finished in every],
            reports,
            folder / SITE,
            max_site_megabytes,
            Steps(store),
        )
        store.gc(round(max_cache_gigabytes * 1e9))
    return BakeoffOutcome(found, site)


def judged_by(judge: Profile, profile: Profile) -> Profile:
    """Return `profile` with the evaluation and the gates of `judge`; its cleaning is unchanged."""
    return profile.model_copy(update={"evaluation": judge.evaluation, "gates": judge.gates})


def check_names(profiles: Sequence[Profile]) -> None:
    """Refuse profiles that cannot share a bake-off.

    Raises:
        UsageError: there are too few or too many, two have the same name, or a name begins with a
            dot or belongs to another file in the folder.
    """
    if not 2 <= len(profiles) <= MAX_PROFILES:
        raise UsageError(
            f"a bake-off is between 2 and {MAX_PROFILES} profiles, not {len(profiles)}",
            next_step="Name the incumbent first, then the candidates.",
        )
    taken = {JSON, MARKDOWN, SITE}
    for profile in profiles:
        # Some file systems do not distinguish upper and lower case.
        name = profile.name.casefold()
        if name in taken or name.startswith("."):
            raise UsageError(
                f"the profile name `{profile.name}` cannot be used in a bake-off: it is given "
                f"twice, begins with a dot, or is reserved ({JSON}, {MARKDOWN}, {SITE})",
                next_step="Copy the profile to a file of another name.",
            )
        taken.add(name)


def _write_report(
    scorecard: Scorecard, profile: Profile, finished: BatchResult, folder: Path
) -> None:
    former = report.read_history(folder / report.HISTORY)
    records = report.merged([*former, report.record(scorecard)])
    write_report(scorecard, profile, finished.items, records, folder)


def _write(found: Bakeoff, folder: Path) -> tuple[Path, ...]:
    markdown, json = folder / MARKDOWN, folder / JSON
    fsio.write_text(markdown, report.bakeoff_markdown(found))
    # Last: if it exists, the files that it names exist too.
    fsio.write_json(json, report.bakeoff_json(found))
    return json, markdown
