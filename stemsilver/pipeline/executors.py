"""Worker processes: their number, and what happens when one dies.

Each worker loads its models once.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from pebble import ProcessPool

from stemsilver.config import Profile
from stemsilver.device import THREADS, cores, device
from stemsilver.pipeline.preflight import large_models

LARGE_GIGABYTES = 6.0
"""Memory of a worker with the studio's models on a render of a few minutes."""

_CONTAINER = Path("/sys/fs/cgroup/memory.max")
_WARNINGS = "PYTHONWARNINGS"

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


_START_METHOD = _kind()


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


class _Processes:
    """A `multiprocessing` context that tracks the processes it has started, and can kill them."""

    def __init__(self, kind: str) -> None:
        self._context = multiprocessing.get_context(kind)
        self._known: list[BaseProcess] = []
        self._ended = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    def Process(self, *args: Any, **kwargs: Any) -> BaseProcess:  # noqa: N802
        """Create a process to start. Raise OSError after `end`."""
        if self._ended:
            raise OSError("no more processes")
        process: BaseProcess = self._context.Process(*args, **kwargs)  # type: ignore[attr-defined]
        process.start = partial(_start_with_sigint_blocked, process.start)  # type: ignore[method-assign]
        self._known = [known for known in self._known if known.is_alive()] + [process]
        return process

    def end(self) -> None:
        """Kill all processes. This is safe: they write each file completely or not at all."""
        self._ended = True
        for process in self._known:
            if process.is_alive():
                process.kill()


class LocalPool(Executor):
    """`jobs` worker processes on this machine, behind the standard Executor interface.

    The standard library's own pool fails every pending task when one worker dies; here only that
    worker's task fails, with `pebble.ProcessExpired`.
    """

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._closed = False
        # Removed from here, because a killed worker does not remove its temporary files.
        self._scratch = tempfile.TemporaryDirectory(prefix="stemsilver-")
        self._processes = _Processes(_START_METHOD)
        self._pool = self._started()

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Schedule a call in a worker."""
        # The first call starts the workers. One that is interrupted while it starts would not be
        # tracked, and so never be stopped.
        with _uninterrupted():
            try:
                future: Future[Any] = self._pool.schedule(fn, args=args, kwargs=kwargs)
            except RuntimeError:
                if self._closed:
                    raise
                # A worker that dies while idle (killed for memory, for example) ends the pool.
                self._pool = self._started()
                future = self._pool.schedule(fn, args=args, kwargs=kwargs)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the workers finish, or stop them at once if `cancel_futures`."""
        self._closed = True
        if cancel_futures:
            self._pool.stop()  # type: ignore[no-untyped-call]
            self._processes.end()
        else:
            self._pool.close()  # type: ignore[no-untyped-call]
        if wait:
            self._pool.join()
            self._scratch.cleanup()

    def _started(self) -> ProcessPool:
        if os.name == "posix":
            _start_tracker()
        if _START_METHOD == "forkserver":
            _start_server()
        return ProcessPool(
            max_workers=self._jobs,
            initializer=_initialise_worker,
            initargs=(max(1, cores() // self._jobs), self._scratch.name),
            context=self._processes,
        )


def memory_gigabytes() -> float:
    """Return the memory of this machine, or of its container if less; 0 if unknown."""
    if not hasattr(os, "sysconf"):
        return 0.0
    sizes = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    # The file contains "max" if there is no limit.
    with suppress(OSError, ValueError):
        sizes.append(int(_CONTAINER.read_text()))
    return min(sizes) / 1e9


def _start_tracker() -> None:
    """Start the resource tracker without its warnings.

    It removes the locks that killed processes leave behind, and warns of each as leaked. Here that
    would be noise: workers are stopped by killing them, and nothing is left to do for the user.
    """
    from multiprocessing import resource_tracker

    former = os.environ.get(_WARNINGS)
    os.environ[_WARNINGS] = "ignore"
    try:
        resource_tracker.ensure_running()
    finally:
        if former is None:
            del os.environ[_WARNINGS]
        else:
            os.environ[_WARNINGS] = former


def _start_server() -> None:
    """Start the fork server, and let it import the modules that workers need."""
    from multiprocessing import forkserver

    forkserver.set_forkserver_preload([__name__.replace("executors", "tasks")])
    _start_with_sigint_blocked(forkserver.ensure_running)


def _start_with_sigint_blocked(start: Callable[[], None]) -> None:
    """Start a process with Ctrl-C blocked, because a terminal sends it to child processes too."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        start()
        return
    from multiprocessing import resource_tracker

    # Start the resource tracker first: its start unblocks the signal.
    resource_tracker.ensure_running()
    former = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Delay signals to stop until the `with` block has ended."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    handlers = {
        number: signal.signal(number, lambda which, _: came.append(which))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in handlers.items():
            if handler is not None:  # None if it was not set by Python
                signal.signal(number, handler)
        for which in came[:1]:
            signal.raise_signal(which)


def _initialise_worker(threads: int, scratch: str) -> None:
    """Prepare a worker process."""
    threading.Thread(target=_die_with_parent, daemon=True).start()
    prepare(threads, scratch)


def _die_with_parent() -> None:
    """End this worker at once when the parent process, which takes its result, has ended."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def prepare(threads: int, scratch: str) -> None:
    """Set a worker's share of the cores, before any model reads it, and its temporary folder."""
    os.environ[THREADS] = str(threads)
    # For Python, and for libraries that read the environment variable.
    tempfile.tempdir = os.environ["TMPDIR"] = scratch
