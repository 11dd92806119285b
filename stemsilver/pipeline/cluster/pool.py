"""The workers of a Dask cluster, behind the standard Executor interface."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Executor, Future
from concurrent.futures import wait as wait_for
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any

from stemsilver.errors import EnvironmentFault, WorkerCrashed
from stemsilver.pipeline.cluster.admission import work

INTERVAL = 1.0
"""Seconds between two looks at the cluster."""


class ClusterPool(Executor):
    """The workers of a cluster, each with one task at a time.

    As in the local pool, a task whose worker dies fails alone, with `WorkerCrashed`. Dask
    counts the death of a worker against all tasks that wait at that worker. So a task waits here
    until a worker is free.
    """

    def __init__(
        self,
        client: Any,
        folder: Path,
        resources: Mapping[str, float],
        patience: float,
        held: ExitStack,
    ) -> None:
        """Work with a connected `client`.

        `folder` has the terms of admission. A worker needs the `resources`. `patience` is the time
        in seconds that no worker may take a task. `held` is closed in the end.
        """
        self._client = client
        self._folder = folder
        self._resources = resources
        self._patience = patience
        self._held = held
        self._dask = client.get_executor(pure=False, resources=dict(resources))
        self._workers = 0
        self._waiting: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._running: dict[Future[Any], Future[Any]] = {}
        self._fault: EnvironmentFault | None = None
        self._lock = threading.RLock()
        self._ended = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Schedule a call in a worker."""
        if self._ended.is_set():
            raise RuntimeError("no more tasks")
        future: Future[Any] = Future()
        with self._lock:
            self._waiting.append((future, partial(fn, *args, **kwargs)))
            self._feed()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the tasks finish, or cancel them; then leave the cluster.

        No cluster can stop a task that runs. It ends when it next reports its progress, because the
        folder for that is then gone.
        """
        with self._lock:
            waiting = [future for future, _ in self._waiting]
            running = list(self._running.values())
        if cancel_futures:
            for future in waiting:
                future.cancel()
        else:
            wait_for([*running, *waiting])
        self._ended.set()
        self._dask.shutdown(wait=False)
        self._held.close()

    def _feed(self) -> None:
        """Give waiting tasks to free workers. The caller holds the lock."""
        while self._waiting and not self._ended.is_set():
            if self._fault is not None:
                self._waiting.popleft()[0].set_exception(self._fault)
            elif len(self._running) < self._workers:
                future, task = self._waiting.popleft()
                if not future.set_running_or_notify_cancel():
                    continue
                given = self._dask.submit(work, self._folder, task)
                self._running[given] = future
                given.add_done_callback(self._settle)
            else:
                break

    def _settle(self, given: Future[Any]) -> None:
        """Pass on the result of a task."""
        from distributed import KilledWorker

        with self._lock:
            future = self._running.pop(given)
            try:
                future.set_result(given.result())
            except CancelledError:
                self._fault = self._fault or _gone(self._client)
                future.set_exception(self._fault)
            except KilledWorker as error:
                last = f"the last one at {error.last_worker.address}"
                future.set_exception(WorkerCrashed(f"the worker process died ({last})"))
            except Exception as error:
                future.set_exception(error)
            self._feed()

    def _watch(self) -> None:
        """Use workers that join; give up if none takes a task."""
        seen = time.monotonic()
        while True:
            with suppress(OSError):  # If the scheduler is gone, the client cancels the tasks.
                busy = self._look()
                with self._lock:
                    self._feed()
                    if busy or not (self._running or self._waiting):
                        seen = time.monotonic()
            if time.monotonic() - seen > self._patience:
                self._give_up()
            if self._ended.wait(INTERVAL):
                break

    def _look(self) -> bool:
        """Count the workers that take tasks. Return whether any worker has one."""
        everyone = self._client.scheduler_info(n_workers=-1)["workers"].values()
        self._workers = sum(
            one["status"] == "running" and fits(one, self._resources) for one in everyone
        )
        return any(self._client.processing().values())

    def _give_up(self) -> None:
        with self._lock:
            self._fault = EnvironmentFault(
                f"no worker of the Dask cluster has taken a task for {self._patience:.0f} s",
                next_step="See the workers' logs: they may have ended, or wait because their "
                "memory is full. Then run the same command; finished work is kept.",
            )
            self._feed()
            running = list(self._running)
        for given in running:
            given.cancel()


def fits(worker: Mapping[str, Any], resources: Mapping[str, float]) -> bool:
    """Return whether a worker, as the scheduler describes it, has the resources of a task."""
    return all(worker["resources"].get(name, 0) >= need for name, need in resources.items())


def _gone(client: Any) -> EnvironmentFault:
    return EnvironmentFault(
        f"the Dask scheduler at {client.scheduler.address} is gone",
        next_step="Start the cluster again and run the same command; finished work is kept.",
    )
