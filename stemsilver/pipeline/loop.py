"""The loop over a batch: it reuses finished renders, processes the others and reports failures."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from stemsilver import fsio
from stemsilver.cache import Cache
from stemsilver.config import Profile
from stemsilver.device import cores
from stemsilver.errors import EnvironmentFault, ItemError
from stemsilver.evaluation.voice.scores import against_batch
from stemsilver.pipeline import progress_file, tasks
from stemsilver.pipeline.tasks import Job, Tally
from stemsilver.records import Evidence, Failure, ItemResult, Render


@dataclass(frozen=True)
class BatchResult:
    """The batch's items in the order of its renders; `media` maps an id to its folder.

    `reused` counts the items found finished in the cache. `steps` counts the others' steps.
    """

    items: tuple[ItemResult, ...]
    media: dict[str, Path]
    reused: int
    steps: Tally

    @property
    def evidence(self) -> dict[str, Evidence]:
        """The measurements of each item, by id; failed items have none."""
        return {item.id: item.evidence for item in self.items if item.evidence is not None}


class Progress(Protocol):
    """A receiver of progress reports for each render."""

    def stage(self, render: Render, stage: str) -> None:
        """Report that `render` is now at `stage`."""
        ...

    def step_progress(self, render: Render, step: str, fraction: float) -> None:
        """Report progress of a long step of `render`, as a fraction from 0 to 1."""
        ...

    def done(self, result: ItemResult, reused: bool) -> None:
        """Report that `result` is final."""
        ...


def run(
    renders: Sequence[Render],
    profile: Profile,
    cache: Cache,
    executor: Callable[[int], Executor],
    progress: Progress,
    *,
    stages: bool = False,
    ready: Callable[[ItemResult, Path], None] = lambda result, media: None,
) -> BatchResult:
    """Finish every render; a failure affects only its own render.

    Args:
        renders: the batch.
        profile: the profile to clean and measure with.
        cache: the cache of finished work.
        executor: called with the number of tasks at the start, only if there are any.
        progress: receives progress reports.
        stages: also keep the results of each step of the chain, for listening.
        ready: called with each render when it is finished, and with the folder of its media.

    Raises:
        EnvironmentFault: the machine cannot go on (weights, disk); finished work is kept.
    """
    results = _refused(renders, progress)
    media: dict[str, Path] = {}
    jobs: list[Job] = []
    for render in renders:
        if render.id in results:
            continue
        try:
            key = tasks.item_key(render, profile, stages=stages)
            size = render.source.stat().st_size
        except OSError as error:
            results[render.id] = _failed(render, ItemError(f"{render.path}: {error.strerror}"))
            progress.done(results[render.id], reused=False)
            continue
        found = tasks.cached_item(cache, key)
        if found is None:
            jobs.append(Job(render, profile, cache.root, stages, key, size))
        else:
            results[render.id], media[render.id] = found
            ready(*found)
            progress.done(results[render.id], reused=True)
    reused = len(media)
    steps = Tally()
    if jobs:
        with (
            cache.scratch() as reports,
            # A render starts as two tasks, so one render can keep two workers busy.
            _interruptible(executor(2 * len(jobs))) as pool,
        ):
            reporting = [replace(job, progress_file=reports / job.render.id) for job in jobs]
            steps = _work(reporting, pool, results, media, progress, ready)
    items = against_batch([results[render.id] for render in renders])
    return BatchResult(items, media, reused, steps)


def clean_only(
    renders: Sequence[Render],
    folder: Path,
    profile: Profile,
    cache: Path,
    executor: Callable[[int], Executor],
    progress: Progress,
) -> tuple[ItemResult, ...]:
    """Clean every render into `folder` without measuring; a failure affects only its own render.

    Raises:
        EnvironmentFault: the machine cannot go on (weights, disk).
    """
    store = Cache(cache)
    with store.scratch() as shared:
        jobs = [Job(one, profile, store.root, progress_file=shared / one.id) for one in renders]
        targets = {one.id: fsio.contained(folder, one.output) for one in renders if not one.failure}

        def written(job: Job) -> Path:
            # Not the target: a worker that is told to stop may write once more, and late.
            return shared / f"{job.render.id}.wav"

        def deliver(job: Job) -> None:
            fsio.copy_if_changed(written(job), targets[job.render.id])
            written(job).unlink()

        return _one_task_each(
            jobs,
            tasks.write_clean,
            lambda job: (job, written(job)),
            "cleaning",
            executor,
            progress,
            deliver,
        )


def audit(
    renders: Sequence[Render],
    profile: Profile,
    cache: Path,
    executor: Callable[[int], Executor],
    progress: Progress,
) -> tuple[ItemResult, ...]:
    """Find the music in every render; a failure affects only its own render.

    Raises:
        EnvironmentFault: the machine cannot go on (weights, disk).
    """
    jobs = [Job(render, profile, Cache(cache).root) for render in renders]
    return _one_task_each(jobs, tasks.audit, lambda job: (job,), "listening", executor, progress)


def _one_task_each(
    jobs: Sequence[Job],
    task: Callable[..., ItemResult],
    arguments: Callable[[Job], tuple[object, ...]],
    stage: str,
    executor: Callable[[int], Executor],
    progress: Progress,
    ready: Callable[[Job], None] = lambda job: None,
) -> tuple[ItemResult, ...]:
    """Run one task for each render that can be read; `ready` is called if it did not fail."""
    results = _refused([job.render for job in jobs], progress)
    able = [job for job in jobs if job.render.id not in results]
    with _interruptible(executor(max(1, len(able)))) as pool:
        running: dict[Future[ItemResult], Job] = {}
        for job in able:
            running[pool.submit(task, *arguments(job))] = job
            progress.stage(job.render, stage)
        while running:
            for future in _ended(running, progress):
                job = running.pop(future)
                result = results[job.render.id] = _outcome(job.render, future)
                if result.failure is None:
                    ready(job)
                progress.done(result, reused=False)
    return tuple(results[job.render.id] for job in jobs)


def _refused(renders: Sequence[Render], progress: Progress) -> dict[str, ItemResult]:
    """Report the renders that cannot be cleaned, and return their results by id."""
    results = {
        one.id: ItemResult(one.id, one.path, one.output, failure=one.failure)
        for one in renders
        if one.failure is not None
    }
    for result in results.values():
        progress.done(result, reused=False)
    return results


@contextmanager
def _interruptible(pool: Executor) -> Iterator[Executor]:
    """Yield the pool; on any error or interruption, stop its workers instead of waiting."""
    try:
        yield pool
        pool.shutdown()
    except BaseException:
        pool.shutdown(wait=True, cancel_futures=True)
        raise


def _outcome(render: Render, future: Future[ItemResult]) -> ItemResult:
    """Return the result of a task, or the failure that ended it.

    Raises:
        EnvironmentFault: the machine caused the failure, not the render.
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
    ready: Callable[[ItemResult, Path], None],
) -> Tally:
    """Measure raw and clean each render, in either order; then finish it."""
    tally = Tally()
    running: dict[Future[Any], Job] = {}
    # Longest first, so that the end of the batch does not wait for one long render.
    left = deque(sorted(jobs, key=lambda job: job.size, reverse=True))

    while left or running:
        # Workers take tasks in order. With all renders begun at once, none would be finished before
        # the last one is cleaned. So only so many begin that no worker waits for a task.
        while left and sum(not (one.running() or one.done()) for one in running) < 2 * cores():
            job = left.popleft()
            running[pool.submit(tasks.clean, job)] = job
            running[pool.submit(tasks.measure_raw, job)] = job
            progress.stage(job.render, "cleaning")
        for future in _ended(running, progress):
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
                ready(result, media[job.render.id])
                progress.done(result, reused=False)
    return tally


def _ended(running: Mapping[Future[Any], Job], progress: Progress) -> Set[Future[Any]]:
    """Wait a moment for tasks to end, and return those that have; the caller removes them.

    Meanwhile, pass the workers' own reports about the others to `progress`.
    """
    ended, others = wait(running, progress_file.INTERVAL, return_when=FIRST_COMPLETED)
    for job in {running[future] for future in others}:
        report = progress_file.read(job.progress_file) if job.progress_file else None
        if report is not None:
            progress.step_progress(job.render, *report)
    return ended


def _failed(render: Render, error: Exception) -> ItemResult:
    """Return the result of a render that could not be finished.

    Its message does not name the render's file, because `path` is always shown beside it.
    """
    known = error if isinstance(error, ItemError) else ItemError(f"{type(error).__name__}: {error}")
    message = known.message.removeprefix(f"{render.source.name}: ")
    failure = Failure(known.code, message, known.next_step)
    return ItemResult(render.id, render.path, render.output, failure=failure)
