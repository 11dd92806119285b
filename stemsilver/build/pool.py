"""Worker processes: the models of a worker are loaded once, and a worker that dies is replaced."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import Executor, Future
from contextlib import suppress
from pathlib import Path
from typing import Any

from pebble import ProcessPool

from stemsilver.device import THREADS, cores

_CONTAINER = Path("/sys/fs/cgroup/memory.max")


class LocalPool(Executor):
    """`jobs` worker processes on this machine, behind the standard Executor interface.

    The standard library's own pool gives up on every pending task when one worker dies; here
    only that worker's task fails, with `pebble.ProcessExpired`.
    """

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._closed = False
        self._pool = self._started()

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Schedule a call in a worker."""
        try:
            future: Future[Any] = self._pool.schedule(fn, args=args, kwargs=kwargs)
        except RuntimeError:
            if self._closed:
                raise
            # A worker that dies while it is idle, killed for memory say, takes the pool along.
            self._pool = self._started()
            future = self._pool.schedule(fn, args=args, kwargs=kwargs)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the workers finish, or stop them at once where futures are to be cancelled."""
        self._closed = True
        if cancel_futures:
            self._pool.stop()  # type: ignore[no-untyped-call]
        else:
            self._pool.close()  # type: ignore[no-untyped-call]
        if wait:
            self._pool.join()

    def _started(self) -> ProcessPool:
        # Not forked from here: a thread of ours could hold a lock at that moment, and a model's
        # thread pools do not survive a fork. The server they are forked from has no threads and
        # no models, only the imports, which take longer than a short render.
        kind = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
        context = multiprocessing.get_context(kind)
        context.set_forkserver_preload([__name__.replace("pool", "item")])
        return ProcessPool(
            max_workers=self._jobs,
            initializer=_prepare,
            initargs=(max(1, cores() // self._jobs),),
            context=context,
        )


def memory_gigabytes() -> float:
    """The memory of this machine, or of the container this is in; 0 where nobody says."""
    if not hasattr(os, "sysconf"):
        return 0.0
    sizes = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    # "max" where there is no limit.
    with suppress(OSError, ValueError):
        sizes.append(int(_CONTAINER.read_text()))
    return min(sizes) / 1e9


def _prepare(threads: int) -> None:
    """Give a worker its share of the cores, before any model asks how many there are."""
    os.environ[THREADS] = str(threads)
