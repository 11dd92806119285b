"""The whole job: from a folder of renders to speech-only files, evidence and a site.

The only room that knows all the others.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from stemsilver import extras, freshness, fsio, microsite, report, weights
from stemsilver.audio import decode
from stemsilver.build import ab, item, loop
from stemsilver.build.loop import Finished, Progress
from stemsilver.build.pool import LocalPool, memory_gigabytes
from stemsilver.build.steps import Steps
from stemsilver.cache import Cache
from stemsilver.config import Profile, digest
from stemsilver.delivery import release
from stemsilver.device import check_variable, cores, device, device_name
from stemsilver.errors import UsageError
from stemsilver.evaluate import suite
from stemsilver.freshness import Options
from stemsilver.profiles import name_of
from stemsilver.records import Audio, Batch, Evidence, ItemResult, Render
from stemsilver.report import Record
from stemsilver.version import __version__

if TYPE_CHECKING:
    # A worker draws no pages, so it does not import what does.
    from stemsilver.microsite import Archive, Site

SCORECARD = "scorecard.json"
LARGE_GIGABYTES = 6.0
"""Memory of a worker with the studio's models on a render of some minutes."""

SNIPPETS = "ab"
"""The folder of the report with the short pairs of raw and clean."""


@dataclass(frozen=True)
class Places:
    """Where a build writes."""

    proceed: Path
    report: Path
    site: Path
    cache: Path


@dataclass(frozen=True)
class Outcome:
    """What a build made; `drawing` tells which of the batch's plots were drawn anew."""

    batch: Batch
    finished: Finished
    site: Site
    drawing: Steps


def build_site(
    renders: Sequence[Render],
    places: Places,
    profile: Profile,
    *,
    jobs: int | None = None,
    stages: bool = False,
    base: Path | None = None,
    history: Sequence[Path] = (),
    archive: bool = False,
    max_site_megabytes: float = 1000.0,
    max_cache_gigabytes: float = 20.0,
    progress: Progress,
) -> Outcome:
    """Clean, evaluate, report and publish every render.

    With `stages`, each render's page plays what the chain made on the way. `base` is the site of
    another build of the same renders, which this one is compared with. `history` names
    what earlier builds have left, beside what lies in the report already: histories, scorecards,
    folders of them, or sites. With `archive`, the site offers everything as one ZIP.

    Raises:
        UsageError: the folders are in each other's way, `base` is no such site, or a history is
            damaged.
        Locked: another build is writing the same outputs.
        EnvironmentFault: weights are missing or altered, or the disk is full.
        SiteError: the site failed its checks; the former one is untouched.
    """
    check_places(renders, places)
    verify_models(profile)
    # Before the work, which would be for nothing if its site had no place or nothing to be
    # compared with.
    microsite.check_replaceable(places.site)
    # Before anything is read: what changes meanwhile is then a change to the next build.
    inputs = freshness.inputs_digest(
        renders,
        profile,
        item.used_weights(profile),
        Options(
            stages=stages,
            base=base,
            history=history,
            archive=archive,
            max_site_megabytes=max_site_megabytes,
        ),
    )
    other = None if base is None else microsite.read_base(base)
    told = [one for path in history for one in report.read_records(path)]
    with ExitStack() as held:
        for folder in (places.proceed, places.report):
            held.enter_context(fsio.run_lock(folder))
            fsio.sweep(folder)
        former = report.read_history(places.report / report.HISTORY)
        cache = Cache(places.cache)
        batch, finished = clean_batch(
            renders, places, profile, cache, jobs=jobs, stages=stages, progress=progress
        )
        ab.write_snippets(batch, profile, finished.media, other, places.report / SNIPPETS)
        records = report.merged([*former, *told, report.record(batch, profile)])
        reports = write_report(batch, profile, records, places.report)
        made = None
        if inputs is not None and _is_settled(batch):
            made = freshness.build_digest(inputs, renders, places.proceed, places.report)
        drawing = Steps(cache)
        site = microsite.build(
            batch,
            profile,
            finished.media,
            reports,
            places.site,
            max_site_megabytes,
            draw=drawing.file,
            base=other,
            history=records,
            archive=_archive(batch, places) if archive else None,
            build_digest=made,
        )
        cache.gc(round(max_cache_gigabytes * 1e9))
    return Outcome(batch, finished, site, drawing)


def clean_batch(
    renders: Sequence[Render],
    places: Places,
    profile: Profile,
    cache: Cache,
    *,
    jobs: int | None,
    stages: bool = False,
    progress: Progress,
) -> tuple[Batch, Finished]:
    """Clean and measure every render, and write the speech-only files.

    The caller holds the lock of the folders, and has verified the weights.

    Raises:
        EnvironmentFault: the machine cannot go on; what is finished is kept.
    """
    finished = loop.run(
        renders, profile, cache, partial(workers, profile, jobs=jobs), progress, stages=stages
    )
    _write_speech(places, finished)
    return _batch(profile, finished), finished


def check_places(renders: Sequence[Render], places: Places) -> None:
    """Refuse folders in which a build would overwrite its own inputs or outputs.

    Raises:
        UsageError: an output lies in the raw folder, two are the same, or the site, which is
            replaced as a whole, has the working folder or another output inside it.
    """
    check_outputs(renders, vars(places))


def check_outputs(renders: Sequence[Render], folders: Mapping[str, Path]) -> None:
    """`check_places`, of `folders` by the names of their options; one is the `site`."""
    outputs = {name: folder.resolve() for name, folder in folders.items()}
    roots = {
        render.source.absolute().parents[len(PurePosixPath(render.path).parts) - 1].resolve()
        for render in renders
    }
    for name, folder in outputs.items():
        for root in roots:
            if folder.is_relative_to(root):
                raise UsageError(
                    f"--{name} {folder} lies in the raw folder {root}",
                    next_step="Name a folder outside it.",
                )
        same = [other for other in outputs if other != name and outputs[other] == folder]
        if same:
            raise UsageError(
                f"--{name} and --{same[0]} are the same folder, {folder}",
                next_step="Give each a folder of its own.",
            )
    site = outputs.pop("site")
    for kept in (Path.cwd(), *outputs.values(), *roots):
        if kept.is_relative_to(site):
            raise UsageError(
                f"--site {site} would be replaced as a whole, and {kept} lies in it",
                next_step="Name a folder for the site alone.",
            )


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
            renders, folder, profile, cache, partial(workers, profile, jobs=jobs), progress
        )


def evaluate_pair(
    raw: Path,
    clean: Path,
    profile: Profile,
    *,
    reference: Path | None = None,
    script: Path | None = None,
) -> Evidence:
    """Measure one raw and clean pair of files, wherever they were cleaned.

    Raises:
        UsageError: the two are not of one rate, channel count and length.
        EnvironmentFault: a package or weights are missing.
        ItemError: a file cannot be decoded.
    """
    judges = profile.evaluation
    check_variable()
    extras.check((judges.asr.backend, judges.music.backend))
    weights.check(suite.used_weights(judges), name_of(profile))
    limit = profile.preprocess.max_minutes
    before, after = (decode(path, limit) for path in (raw, clean))
    if (before.rate, before.samples.shape) != (after.rate, after.samples.shape):
        raise UsageError(
            f"{raw.name} and {clean.name} differ in rate, channels or length, so they are not one "
            f"render: {_shape(before)} against {_shape(after)}",
            next_step="Name a render and its cleaned file.",
        )
    steps = Steps(None)
    measured = [
        suite.measure(audio, item.signal_digest(audio), profile.evaluation, steps)
        for audio in (before, after)
    ]
    beside = item.read_sidecars(script, reference, limit)
    return suite.evidence(before, measured[0], after, measured[1], None, beside)


def verify_models(*profiles: Profile) -> None:
    """Check the device, and every package and weight file some profiles need, before any work.

    Raises:
        UsageError: there is no such device.
        EnvironmentFault: packages are not installed; it names them all.
        WeightsError: weight files are missing or altered; it names them all.
    """
    check_variable()
    if any(map(_large, profiles)):
        device()
    extras.check(name for profile in profiles for name in profile.models)
    used = dict.fromkeys(name for profile in profiles for name in item.used_weights(profile))
    known = [name_of(profile) for profile in profiles]
    named = [name for name in known if name is not None]
    weights.check(used, " ".join(named) if len(named) == len(known) else None)


def workers(profile: Profile, left: int, *, jobs: int | None) -> Executor:
    """Worker processes for `left` renders: as many as asked for, else as many as suit the models.

    One a core for the embedded ones. Large ones share one GPU, or fill the memory.
    """
    # A render is two tasks at first, so one render can keep two workers busy.
    return LocalPool(min(jobs or _suitable(profile), 2 * left))


def _suitable(profile: Profile) -> int:
    if not _large(profile):
        return cores()
    if device() != "cpu":
        return 1
    return max(1, min(cores(), int(memory_gigabytes() / LARGE_GIGABYTES)))


def _large(profile: Profile) -> bool:
    """Whether any of its models is one of the large ones, which come inside no package."""
    return weights.large(item.used_weights(profile))


def write_report(
    batch: Batch, profile: Profile, records: Sequence[Record], folder: Path
) -> tuple[Path, ...]:
    """Write the scorecard as JSON, CSV and Markdown, each render's evidence, and the history.

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
    history = folder / report.HISTORY
    fsio.write_json(history, report.history_json(records))
    # Last: a scorecard that is there speaks of files that are there.
    scorecard = folder / SCORECARD
    fsio.write_json(scorecard, report.scorecard(batch, profile))
    return scorecard, csv, markdown, history


def _batch(profile: Profile, finished: Finished) -> Batch:
    return Batch(
        profile=profile.name,
        config_digest=digest(profile),
        created=_now(),
        tool_version=__version__,
        commit=freshness.commit(),
        items=finished.items,
        weights=tuple(weights.record(name) for name in item.used_weights(profile)),
        device=device_name() if _large(profile) else "cpu",
    )


def _is_settled(batch: Batch) -> bool:
    """Whether another build has nothing to try again: no render failed, and no metric crashed."""
    return all(one.evidence is not None and not item.crashed(one.evidence) for one in batch.items)


def _write_speech(places: Places, finished: Finished) -> None:
    """Write every output, and remove those of an earlier build that no longer have a render."""
    written = set()
    for result in finished.items:
        if result.failure is None:
            speech = (finished.media[result.id] / item.SPEECH).read_bytes()
            fsio.write_if_changed(fsio.contained(places.proceed, result.output), speech)
            written.add(result.output)
    try:
        former = json.loads((places.report / SCORECARD).read_bytes())["items"]
        outputs = {str(entry["output"]) for entry in former if entry["output"]}
    except (OSError, ValueError, KeyError, TypeError):
        return
    for output in outputs - written:
        fsio.contained(places.proceed, output).unlink(missing_ok=True)


def _archive(batch: Batch, places: Places) -> Archive:
    """The release of this build, to lie among the downloads of its site."""
    name = release.name_of(datetime.fromisoformat(batch.created))
    return microsite.Archive(f"{name}.zip", partial(release.pack, places.proceed, places.report))


def _shape(audio: Audio) -> str:
    channels, frames = audio.samples.shape
    return f"{audio.rate} Hz, {channels} channels, {frames} frames"


def _now() -> str:
    """The time of the build, or the one a reproducible build is given."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    moment = datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
