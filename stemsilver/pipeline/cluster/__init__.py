"""A Dask cluster in place of the worker processes of this machine.

Paths travel to the workers, audio does not: the renders and the cache lie in folders that all
machines share. Nothing starts before every worker has proved that it sees them, and that it runs
the same code and weights.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from stemsilver import optional
from stemsilver.cache import Cache
from stemsilver.config import Profile
from stemsilver.errors import EnvironmentFault, UsageError
from stemsilver.pipeline import executors
from stemsilver.pipeline.cluster import admission
from stemsilver.pipeline.cluster.pool import ClusterPool, fits
from stemsilver.pipeline.preflight import large_models
from stemsilver.records import Render

PATIENCE = 60.0
"""Seconds to wait for a first worker, and later for any worker to take a task."""

RETRIES = 1
"""How often a task is tried again after its worker has died."""


def choose(
    dask: str | None,
    profile: Profile,
    renders: Sequence[Render],
    cache: Path,
    *,
    jobs: int | None,
    profiles: Sequence[Profile] = (),
) -> Callable[[int], Executor]:
    """Return a function that gets the workers for a number of tasks.

    Args:
        dask: the address of a scheduler, for the workers of its cluster; None for local ones.
        profile: the profile of the tasks.
        renders: the batch.
        cache: the folder of finished work.
        jobs: the number of local workers; None for one that suits the models.
        profiles: all the profiles that will be needed, so that their weights are checked first.

    Raises:
        EnvironmentFault: Dask is not installed.
    """
    if dask is None:
        return partial(executors.workers, profile, jobs=jobs)
    optional.check(["dask"])
    return partial(_workers, dask, profile, profiles or [profile], renders, cache)


def _workers(
    address: str,
    profile: Profile,
    profiles: Sequence[Profile],
    renders: Sequence[Render],
    cache: Path,
    _: int,
) -> Executor:
    """Return the workers of a cluster, as many as there are, after all have been checked.

    Raises:
        UsageError: this is no address.
        EnvironmentFault: the scheduler does not answer, has no workers, or a worker is not fit.
    """
    with ExitStack() as held:
        client = held.enter_context(_connected(address))
        folder = held.enter_context(Cache(cache).scratch())
        try:
            admission.check_versions(client)
            there = client.scheduler_info(n_workers=-1)["workers"]
            admission.write_terms(folder, profiles, renders, there)
            admission.check_workers(client, folder)
            client.run_on_scheduler(_limit_retries, RETRIES)
        except OSError as error:
            raise EnvironmentFault(
                f"the Dask cluster at {address} does not answer ({error})",
                next_step="See the logs of its scheduler and workers.",
            ) from error
        gpu = {"GPU": 1.0}
        declared = any(fits(worker, gpu) for worker in there.values())
        needed = gpu if declared and large_models(profile) else {}
        return ClusterPool(client, folder, needed, PATIENCE, held.pop_all())


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    """Yield a client of the scheduler at `address`, which has workers."""
    from distributed import Client

    # What it logs are the errors that are raised here.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    try:
        client = Client(address, set_as_default=False)
    except OSError as error:
        raise EnvironmentFault(
            f"no Dask scheduler answers at {address}",
            next_step="Start it with `dask scheduler`, or correct the address.",
        ) from error
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"--dask {address}: {error}",
            next_step="Give the address that the scheduler prints, such as tcp://10.0.0.5:8786.",
        ) from error
    with client:
        try:
            client.wait_for_workers(1, PATIENCE)
        except TimeoutError as error:
            raise EnvironmentFault(
                f"the Dask scheduler at {address} has no workers",
                next_step=f"Start them with `dask worker {address} --nthreads 1`.",
            ) from error
        yield client


def _limit_retries(retries: int, dask_scheduler: Any) -> None:
    dask_scheduler.allowed_failures = retries
