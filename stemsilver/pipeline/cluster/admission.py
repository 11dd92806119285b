"""Which workers of a cluster may take tasks: those with the same code, weights and folders.

The terms lie in a file in the cache. Who can read them proves that it sees the cache.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from stemsilver import fsio, weights
from stemsilver.config import Profile
from stemsilver.device import cores, device
from stemsilver.errors import EnvironmentFault, Locked, StemsilverError
from stemsilver.pipeline import executors, tasks
from stemsilver.records import Render

TERMS = "terms.json"

_INSTALL = "Install the same versions on every machine, from one constraints.txt."
_MOUNT = "Mount the cache and the renders at the same paths on every machine."
_T = TypeVar("_T")


def check_versions(client: Any) -> None:
    """Compare Python and packages before any code of ours runs elsewhere.

    Raises:
        EnvironmentFault: the scheduler or workers differ; the message names them, and what differs.
    """
    ours = ("stemsilver", "distributed")
    found = client.get_versions(packages=[*ours, *tasks.CODE.libraries])
    here = found["client"]["packages"]
    everyone = {"the scheduler": found["scheduler"], **found["workers"]}
    faults: dict[str, list[StemsilverError]] = {}
    for name, one in everyone.items():
        # The scheduler unpacks the tasks, but computes nothing.
        compared = ours if name == "the scheduler" else (*ours, *tasks.CODE.libraries)
        there = one["packages"]
        differ = [
            f"{package} {_version(there, package)} instead of {_version(here, package)}"
            for package in ("python", *compared)
            if _version(there, package) != _version(here, package)
        ]
        if differ:
            faults[name] = [EnvironmentFault(", ".join(differ), next_step=_INSTALL)]
    _refuse(faults)


def _version(packages: Mapping[str, str | None], name: str) -> str:
    found = packages[name] or "missing"
    return ".".join(found.split(".")[:2]) if name == "python" else found


def write_terms(
    folder: Path, profiles: Sequence[Profile], renders: Sequence[Render], workers: Iterable[str]
) -> None:
    """Write the terms into `folder` of the cache, which is locked."""
    names = list(dict.fromkeys(name for one in profiles for name in tasks.used_weights(one)))
    files = [path for one in renders for path in (one.source, one.script, one.reference) if path]
    states = {str(path): _state(path) for path in files}
    terms = {
        "same": _must_be_same(names),
        "weights": names,
        # A render that vanished fails alone.
        "files": {path: state for path, state in states.items() if state is not None},
        "workers": list(workers),
    }
    fsio.write_json(folder / TERMS, terms)


def check_workers(client: Any, folder: Path) -> None:
    """Let every worker read the terms in `folder`, and prepare itself.

    Raises:
        EnvironmentFault: workers do not meet them; the message names them, and what they lack.
    """
    answers = client.run(_read_terms, folder, on_error="return")
    _refuse({name: _faults(answer) for name, answer in answers.items()})


def work(folder: Path, task: Callable[[], _T]) -> _T:
    """Run a task in a worker, which may have joined after `check_workers`."""
    from distributed import get_worker

    worker = get_worker()
    _refuse({worker.address: _enter(folder, worker)})
    return task()


async def _read_terms(folder: Path, dask_worker: Any) -> Sequence[StemsilverError]:
    # In a thread, because it takes long: the worker has to answer the scheduler meanwhile.
    return await asyncio.to_thread(_enter, folder, dask_worker)


@cache
def _enter(folder: Path, worker: Any) -> Sequence[StemsilverError]:
    """Prepare this worker process, and return what is wrong with it."""
    try:
        terms = json.loads((folder / TERMS).read_bytes())
    except OSError as error:
        return [
            EnvironmentFault(
                f"it cannot read {folder.parents[1]} ({error.strerror})",
                next_step=_MOUNT,
            )
        ]
    here = urlsplit(worker.address).hostname
    together = [urlsplit(other).hostname for other in terms["workers"]].count(here)
    # On a machine that joined later, nobody knows how many there are.
    executors.prepare(max(1, cores() // together) if together else 1, worker.local_directory)
    return list(_wrong(folder, worker, terms))


def _wrong(folder: Path, worker: Any, terms: Mapping[str, Any]) -> Iterator[StemsilverError]:
    if worker.state.nthreads > 1:
        yield EnvironmentFault(
            f"it has {worker.state.nthreads} threads, and models run one task at a time",
            next_step="Start the workers with --nthreads 1.",
        )
    try:
        with fsio.run_lock(folder):
            yield EnvironmentFault(
                f"it does not see the locks of other machines in {folder.parents[1]}",
                next_step="Use a shared folder with locks, such as NFS 4.",
            )
    except Locked:
        pass
    except EnvironmentFault as error:
        yield error
    hidden = [path for path, state in terms["files"].items() if _state(Path(path)) != state]
    if hidden:
        more = f" and {len(hidden) - 1} more" if hidden[1:] else ""
        yield EnvironmentFault(
            f"it does not see {hidden[0]}{more}, or as another file",
            next_step=_MOUNT,
        )
    try:
        weights.check(terms["weights"])
        found = _must_be_same(terms["weights"])
    except StemsilverError as error:
        yield error
        return
    differ = [
        f"{name} {found.get(name)} instead of {wanted}"
        for name, wanted in terms["same"].items()
        if found.get(name) != wanted
    ]
    if differ:
        yield EnvironmentFault(", ".join(differ), next_step=_INSTALL)


def _must_be_same(names: Sequence[str]) -> dict[str, str]:
    """Return by name what determines the results, in addition to the renders and the profile."""
    return {
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "code of stemsilver": tasks.CODE.digest()[:12],
        # It is part of the keys of the cache.
        "device": device() if weights.large(names) else "cpu",
        **{f"weights of {name}": weights.sha256(name)[:12] for name in names},
    }


def _state(path: Path) -> list[int] | None:
    """Return the size and the time of change of a file; whole seconds, as some shares have."""
    try:
        found = path.stat()
    except OSError:
        return None
    return [found.st_size, int(found.st_mtime)]


def _faults(answer: Sequence[StemsilverError] | Exception) -> Sequence[StemsilverError]:
    if isinstance(answer, Exception):
        said = f"{type(answer).__name__}: {answer}"
        return [EnvironmentFault(said, next_step="See the worker's log.")]
    return answer


def _refuse(faults: Mapping[str, Sequence[StemsilverError]]) -> None:
    """Raise one error about everything that is wrong, if anything is."""
    who: dict[str, list[str]] = {}
    for name, found in faults.items():
        for fault in found:
            who.setdefault(fault.message, []).append(name)
    if who:
        lines = [f"{_listed(names)}: {message}" for message, names in who.items()]
        steps = dict.fromkeys(fault.next_step for found in faults.values() for fault in found)
        raise EnvironmentFault(
            "\n  ".join(["the Dask cluster is not fit for this batch:", *lines]),
            next_step=" ".join(steps),
        )


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
