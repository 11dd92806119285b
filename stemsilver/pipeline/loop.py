"""The loop over a batch: what is done is found, what is missing is done, what fails is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from pebble import ProcessExpired

from stemsilver import fsio
from stemsilver.cache import Cache
from stemsilver.config import Profile
from stemsilver.errors import EnvironmentFault, ItemError, WorkerCrashed
from stemsilver.pipeline import progress_file, tasks
from stemsilver.pipeline.tasks import Job, Tally
from stemsilver.records import Evidence, Failure, ItemResult, Render


@dataclass(frozen=True)
class Finished:
    """The batch's items in the order of its renders; `media` maps an id to its folder.

    `reused` counts the items that were found whole. `steps` counts the steps of the others.
    """

    items: tuple[ItemResult, ...]
    media: dict[str, Path]
    reused: int
    steps: Tally

    @property
    def evidence(self) -> dict[str, Evidence]:
        """What was measured on each item, by its id; what failed has none."""
        return {item.id: item.evidence for item in self.items if item.evidence is not None}


class Progress(Protocol):
    """Is told how far each render has come."""

    def stage(self, render: Render, stage: str) -> None:
        """`render` is now at `stage`."""
        ...

    def share(self, render: Render, step: str, share: float) -> None:
        """`share` of a long step of `render` is done, from 0 to 1."""
        ...

    def done(self, result: ItemResult, reused: bool) -> None:
        """`result` is final."""
        ...


def run(
    renders: Sequence[Render],
    profile: Profile,
    cache: Cache,
    executor: Callable[[int], Executor],
    progress: Progress,
    *,
    stages: bool = False,
) -> Finished:
    """Finish every render; a failure costs its own render and no other.

    `executor` is called with the number of renders left to do, and only if there are any. With
    `stages`, what the chain made on the way is kept for listening too.

    Raises:
        EnvironmentFault: the machine cannot go on (weights, disk); what is finished is kept.
    """
    results: dict[str, ItemResult] = {}
    media: dict[str, Path] = {}
    jobs: list[Job] = []
    for render in renders:
        try:
            key = tasks.item_key(render, profile, stages=stages)
            size = render.source.stat().st_size
        except OSError as error:
            results[render.id] = _failed(render, ItemError(f"{render.path}: {error.strerror}"))
            progress.done(results[render.id], reused=False)
            continue
        found = tasks.finished(cache, key)
        if found is None:
            jobs.append(Job(render, profile, cache.root, stages, key, size))
        else:
            results[render.id], media[render.id] = found
            progress.done(results[render.id], reused=True)
    reused = len(media)
    steps = Tally()
    if jobs:
        with (
            TemporaryDirectory(prefix="stemsilver-") as reports,
            _interruptible(executor(len(jobs))) as pool,
        ):
            reporting = [replace(job, progress_file=Path(reports, job.render.id)) for job in jobs]
            steps = _work(reporting, pool, results, media, progress)
    return Finished(tuple(results[render.id] for render in renders), media, reused, steps)


def clean_only(
    renders: Sequence[Render],
    folder: Path,
    profile: Profile,
    cache: Path,
    executor: Callable[[int], Executor],
    progress: Progress,
) -> tuple[ItemResult, ...]:
    """Clean every render into `folder`, unmeasured; a failure costs its own render alone.

    Raises:
        EnvironmentFault: the machine cannot go on (weights, disk).
    """
    results: dict[str, ItemResult] = {}
    with (
        TemporaryDirectory(prefix="stemsilver-") as reports,
        _interruptible(executor(len(renders))) as pool,
    ):
        running: dict[Future[ItemResult], Job] = {}
        for render in renders:
            job = Job(render, profile, cache, progress_file=Path(reports, render.id))
            target = fsio.contained(folder, render.output)
            running[pool.submit(tasks.write_clean, job, target)] = job
            progress.stage(render, "cleaning")
        for future in _completed(running, progress):
            render = running.pop(future).render
            results[render.id] = _outcome(render, future)
            progress.done(results[render.id], reused=False)
    return tuple(results[render.id] for render in renders)


@contextmanager
def _interruptible(pool: Executor) -> Iterator[Executor]:
    """The pool; on any error or interruption its workers are stopped instead of waited for."""
    try:
        yield pool
        pool.shutdown()
    except BaseException:
        pool.shutdown(wait=True, cancel_futures=True)
        raise


def _outcome(render: Render, future: Future[ItemResult]) -> ItemResult:
    """What a task gave, or the failure it ended in.

    Raises:
        EnvironmentFault: what went wrong is the machine's, not the render's.
    """
    try:
        return future.result()
    except EnvironmentFault:
        raise
    except Exception as error:
        return _failed(render, error)


def _work(
    jobs: Sequence[Job],
    pool: Executor,
    results: dict[str, ItemResult],
    media: dict[str, Path],
    progress: Progress,
) -> Tally:
    """Listen to and clean each render in either order, then finish it."""
    tally = Tally()
    running: dict[Future[Any], Job] = {}
    # Longest first, so that no worker is left alone with the longest at the end.
    for job in sorted(jobs, key=lambda job: job.size, reverse=True):
        running[pool.submit(tasks.clean, job)] = job
        running[pool.submit(tasks.listen, job)] = job
        progress.stage(job.render, "cleaning")
    for future in _completed(running, progress):
        job = running.pop(future)
        if job.render.id in results:
            continue
        try:
            value = future.result()
        except EnvironmentFault:
            raise
        except Exception as error:
            results[job.render.id] = _failed(job.render, error)
            progress.done(results[job.render.id], reused=False)
            continue
        if isinstance(value, Tally):
            tally += value
            if job not in running.values():
                running[pool.submit(tasks.finish, job)] = job
                progress.stage(job.render, "measuring and drawing")
            else:
                progress.stage(job.render, "cleaning and listening")
        else:
            result, media[job.render.id], more = value
            results[job.render.id] = result
            tally += more
            progress.done(result, reused=False)
    return tally


def _completed(running: Mapping[Future[Any], Job], progress: Progress) -> Iterator[Future[Any]]:
    """The tasks as they end, while `running` has any: whoever takes one out may put others in.

    Until one ends, progress is told what the workers say of themselves.
    """
    while running:
        ready, waiting = wait(running, progress_file.INTERVAL, return_when=FIRST_COMPLETED)
        yield from ready
        for job in {running[future] for future in waiting if future in running}:
            report = progress_file.read(job.progress_file) if job.progress_file else None
            if report is not None:
                progress.share(job.render, *report)


def _failed(render: Render, error: Exception) -> ItemResult:
    """The result of a render that could not be finished."""
    if isinstance(error, ItemError):
        known = error
    elif isinstance(error, ProcessExpired):
        known = WorkerCrashed(f"{render.path}: the worker process died ({error})")
    else:
        known = ItemError(f"{render.path}: {type(error).__name__}: {error}")
    failure = Failure(known.code, known.message, known.next_step)
    return ItemResult(render.id, render.path, render.output, failure=failure)
