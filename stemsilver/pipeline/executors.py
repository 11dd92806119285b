"""Worker processes: their number, and what happens when one dies.

Each worker loads its models once.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from stemsilver.config import Profile
from stemsilver.device import THREADS, cores, device
from stemsilver.pipeline.preflight import large_models
from stemsilver.worker import Worker, start_tracker, with_sigint_blocked

LARGE_GIGABYTES = 6.0
"""Memory of a worker with the studio's models on a render of a few minutes."""

_CONTAINER = Path("/sys/fs/cgroup/memory.max")

# Bytes. A socket's path has at most 103 on macOS, a few more on Linux; the socket's name takes 31.
_LONGEST_TEMPORARY = 72


def _kind() -> str:
    """Return the start method of workers.

    Workers are not forked from this process: one of its threads could hold a lock at that moment,
    and a model's thread pools do not survive a fork. The fork server has no threads and no models,
    only the imports, which take longer than a short render. Its socket is in the temporary folder;
    if that path is too long for a socket, each worker is spawned instead.
    """
    there = "forkserver" in multiprocessing.get_all_start_methods()
    short = len(os.fsencode(tempfile.gettempdir())) <= _LONGEST_TEMPORARY
    return "forkserver" if there and short else "spawn"


def workers(profile: Profile, tasks: int, *, jobs: int | None) -> Executor:
    """Return workers for `tasks` tasks: `jobs`, or else as many as suit the models.

    Embedded models get one worker per core. Large models get one worker for the GPU, or without a
    GPU as many as the memory allows.
    """
    return LocalPool(min(jobs or _suitable(profile), tasks))


def _suitable(profile: Profile) -> int:
    if not large_models(profile):
        return cores()
    if device() != "cpu":
        return 1
    return max(1, min(cores(), int(memory_gigabytes() / LARGE_GIGABYTES)))


class LocalPool(Executor):
    """`jobs` worker processes on this machine, behind the standard Executor interface.

    The standard library's own pool fails every pending task when one worker dies. Here only that
    worker's task fails, with `WorkerCrashed`.
    """

    def __init__(self, jobs: int) -> None:
        # Removed from here, because a killed worker does not remove its temporary files.
        self._scratch = tempfile.TemporaryDirectory(prefix="stemsilver-")
        if os.name == "posix":
            start_tracker()
        # Not found at import: workers import this module too, and to find the temporary folder,
        # Python writes a file into it, which would stay if a worker is killed meanwhile.
        kind = _kind()
        if kind == "forkserver":
            _start_server()
        initialise = partial(prepare, max(1, cores() // jobs), self._scratch.name)
        self._workers = [Worker(kind, initialise) for _ in range(jobs)]
        # The last one to finish is used first: it has loaded its models.
        self._idle = deque(self._workers)
        self._threads = ThreadPoolExecutor(jobs)

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Schedule a call in a worker."""
        return self._threads.submit(self._call, partial(fn, *args, **kwargs))

    def _call(self, function: Callable[[], Any]) -> Any:
        worker = self._idle.pop()  # There is one: a thread for each worker.
        try:
            return worker.call(function)
        finally:
            self._idle.append(worker)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the workers finish, or stop them at once if `cancel_futures`."""
        if cancel_futures:
            self._close()
        self._threads.shutdown(wait, cancel_futures=cancel_futures)
        if wait:
            self._close()
            self._scratch.cleanup()

    def _close(self) -> None:
        for worker in self._workers:
            worker.close()


def memory_gigabytes() -> float:
    """Return the memory of this machine, or of its container if less; 0 if unknown."""
    if not hasattr(os, "sysconf"):
        return 0.0
    sizes = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    # The file contains "max" if there is no limit.
    with suppress(OSError, ValueError):
        sizes.append(int(_CONTAINER.read_text()))
    return min(sizes) / 1e9


def _start_server() -> None:
    """Start the fork server, and let it import the modules that workers need."""
    from multiprocessing import forkserver

    forkserver.set_forkserver_preload([__name__.replace("executors", "tasks")])
    with_sigint_blocked(forkserver.ensure_running)


def prepare(threads: int, scratch: str) -> None:
    """Set a worker's share of the cores, before any model reads it, and its temporary folder."""
    os.environ[THREADS] = str(threads)
    # For Python, and for libraries that read the environment variable.
    tempfile.tempdir = os.environ["TMPDIR"] = scratch
