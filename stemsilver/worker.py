"""A worker: a process that runs one call at a time, and is replaced after it has died."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from stemsilver.errors import WorkerCrashed

_T = TypeVar("_T")
_WARNINGS = "PYTHONWARNINGS"


class Worker:
    """A process that runs calls, one at a time. The first call starts it.

    It shares nothing with other workers. In pools whose workers share a pipe, one that is killed
    while it holds the pipe's lock stops all the others.
    """

    def __init__(self, start_method: str, initialise: Callable[[], None]) -> None:
        """Prepare a worker that runs `initialise` once, before its first call."""
        self._context = multiprocessing.get_context(start_method)
        self._initialise = initialise
        self._lock = threading.Lock()
        self._closed = False
        self._running: tuple[BaseProcess, Connection] | None = None

    def call(self, function: Callable[[], _T], seconds: float | None = None) -> _T:
        """Return the result of `function`, which is pickled, or raise its error.

        Raises:
            WorkerCrashed: the process died.
            TimeoutError: the call took more than `seconds`; the process was killed.
            OSError: no process can be started, for example after `close`.
        """
        process, connection = self._process()
        try:
            connection.send(function)
            in_time = connection.poll(seconds)
            outcome = connection.recv() if in_time else None
        except (EOFError, OSError):
            process.join()
            raise WorkerCrashed(f"the worker process died ({_cause(process.exitcode)})") from None
        if outcome is None:
            self._kill()
            raise TimeoutError(f"not finished after {seconds:g} s")
        result, error = outcome
        if error is not None:
            raise error
        return result  # type: ignore[no-any-return]

    def close(self) -> None:
        """Kill the process. This is safe: it writes each file completely or not at all."""
        with self._lock:
            self._closed = True
            self._kill()

    def _kill(self) -> None:
        if self._running is not None:
            process, _ = self._running
            process.kill()
            process.join()

    def _process(self) -> tuple[BaseProcess, Connection]:
        """Return the process and the connection to it; start one if there is none alive."""
        with self._lock:
            if self._running is None or _ended(self._running[1]):
                self._running = self._started()
        return self._running

    def _started(self) -> tuple[BaseProcess, Connection]:
        if self._closed:
            raise OSError("this worker is closed")
        ours, theirs = self._context.Pipe()
        process: BaseProcess = self._context.Process(  # type: ignore[attr-defined]
            target=_serve, args=(theirs, self._initialise), daemon=True
        )
        with_sigint_blocked(process.start)
        # Now the only other end is the process's own, so the connection ends when it dies.
        theirs.close()
        return process, ours


def _ended(connection: Connection) -> bool:
    """Return whether the process at the other end, which waits for a call, has died."""
    try:
        # It sends nothing while it waits. At its death the connection ends.
        return connection.poll()
    except OSError:  # Windows
        return True


def _serve(connection: Connection, initialise: Callable[[], None]) -> None:
    """Run calls until the connection ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    initialise()
    while True:
        try:
            message = connection.recv_bytes()
        except EOFError:
            return
        outcome: tuple[Any, Exception | None]
        try:
            outcome = (pickle.loads(message)(), None)
        except Exception as error:
            outcome = (None, error)
        try:
            connection.send(outcome)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            connection.send((None, TypeError(f"the result cannot be sent: {error}")))


def _die_with_parent() -> None:
    """End this process at once when its parent, which takes the result, has ended."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _cause(code: int | None) -> str:
    """Return in words how a process ended."""
    if code is None or code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


def start_tracker() -> None:
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


def with_sigint_blocked(start: Callable[[], None]) -> None:
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
