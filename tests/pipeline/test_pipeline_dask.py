"""A Dask cluster of real worker processes: the same bytes as here, and what it is refused for."""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from stemsilver import pipeline
from stemsilver.cache import Cache
from stemsilver.device import cores
from stemsilver.errors import EnvironmentFault, UsageError
from stemsilver.pipeline import cluster, tasks
from stemsilver.pipeline.cluster import admission
from stemsilver.pipeline.cluster.pool import ClusterPool

from .batches import Built, Watch, Workspace, contents, cut, embedded, write_batch

distributed = pytest.importorskip("distributed", reason="distributed is not installed")
dask = pytest.importorskip("dask")

Patch = pytest.MonkeyPatch


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a cluster of two worker processes."""
    with (
        # It gives up a worker that happens to be starting 15 s after it was killed before.
        dask.config.set({"distributed.deploy.lost-worker-timeout": "1h"}),
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            memory_limit=None,
            dashboard_address=":0",
            local_directory=str(tmp_path_factory.mktemp("dask")),
            silence_logs=logging.CRITICAL,
        ) as there,
    ):
        yield there.scheduler_address


@pytest.fixture
def client(address: str) -> Iterator[Any]:
    with distributed.Client(address, set_as_default=False) as connected:
        connected.wait_for_workers(2, 60)
        yield connected


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder of a cache, held as a build holds it."""
    with Cache(tmp_path / "cache").scratch() as held:
        yield held


# --- the work


class Deadly(ClusterPool):
    """Gives the cleaning of one render something else to do, which kills its worker."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        if fn is tasks.clean and args[0].render.path == "victim.wav":
            return super().submit(signal.raise_signal, signal.SIGKILL)
        return super().submit(fn, *args, **kwargs)


@pytest.mark.usefixtures("no_site")
def test_a_cluster_makes_the_same_bytes_and_a_killed_worker_costs_its_render(
    address: str, built: Built, tmp_path: Path, monkeypatch: Patch
) -> None:
    monkeypatch.chdir(tmp_path)
    here, watch = Workspace(Path()), Watch()
    write_batch(here.raw)
    cut("museum_guide.wav", 3.0, 1.0, here.raw / "victim.wav")
    monkeypatch.setattr(cluster, "ClusterPool", Deadly)
    finished = pipeline.build_site(
        here.renders(), here.places, embedded(), dask=address, progress=watch
    ).finished
    one, two, victim = finished.items
    assert (one.failure, two.failure) == (None, None)
    assert victim.failure is not None
    assert victim.failure.code == "crashed"
    assert victim.failure.message.startswith("the worker process died (")
    assert sorted(watch.final) == [(item.path, False) for item in finished.items]
    # What a worker says is heard while it works.
    assert {path for path, _, share in watch.shares} >= {"one.wav", "sub/two.wav"}
    assert contents(here.places.proceed) == contents(built.workspace.places.proceed)
    for name, folder in built.outcome.finished.media.items():
        wanted, made = contents(folder), contents(finished.media[name])
        for measured in (tasks.RESULT, "manifest.json"):
            assert wanted.pop(measured) != made.pop(measured)
        assert made == wanted


def command(folder: Path, *words: str) -> subprocess.Popen[str]:
    """The installed command, in another folder than the workers."""
    return subprocess.Popen(
        [Path(sys.executable).with_name("stemsilver"), *words],
        cwd=folder,
        env={**os.environ, "COLUMNS": "1000"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_command_cleans_with_a_cluster(address: str, built: Built, tmp_path: Path) -> None:
    shutil.copytree(built.workspace.raw, tmp_path / "raw")
    with command(tmp_path, "clean", "raw", "-o", "out", "--dask", address) as run:
        said, errors = run.communicate()
    assert (run.returncode, errors.count("✓")) == (0, 2), errors
    assert said.split() == [f"out/{name}" for name in contents(tmp_path / "out")]
    assert contents(tmp_path / "out") == contents(built.workspace.places.proceed)
    assert list(tmp_path.glob(".stemsilver/cache/scratch/*/")) == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_with_its_exit_code(
    address: str, client: Any, tmp_path: Path, number: int, code: int
) -> None:
    for start in (1.0, 2.0, 3.0):
        cut("museum_guide.wav", start, 2.0, tmp_path / "raw" / f"{start}.wav")
    with command(tmp_path, "build-site", "--dask", address) as run:
        while not any((tmp_path / ".stemsilver").glob("cache/**/content")):
            assert run.poll() is None, run.communicate()
            time.sleep(0.02)
        run.send_signal(number)
        _, errors = run.communicate()
    assert run.returncode == code, errors
    assert errors.splitlines()[-1].startswith("Interrupted. Finished work is kept")
    assert not (tmp_path / "site").exists()
    # The workers are soon free for others.
    assert client.submit(abs, -1, pure=False).result(timeout=60) == 1


def test_no_task_waits_at_a_worker(client: Any, folder: Path, built: Built) -> None:
    """Dask counts the death of a worker against all tasks that wait there."""
    terms(folder, built, client)
    pool = ClusterPool(client, folder, {}, 60, ExitStack())
    futures = [pool.submit(time.sleep, 0.3) for _ in range(6)]
    there = []
    while not all(future.done() for future in futures):
        there.append(sum(map(len, client.processing().values())))
    pool.shutdown()
    assert [future.exception() for future in futures] == [None] * 6
    assert max(there) == 2


# --- admission


def refusal(client: Any, folder: Path) -> EnvironmentFault:
    """What the workers say about the terms in `folder`."""
    with pytest.raises(EnvironmentFault) as caught:
        admission.check_workers(client, folder)
    workers = client.scheduler_info(n_workers=-1)["workers"]
    assert any(worker in caught.value.message for worker in workers)
    assert caught.value.exit_code == 4
    return caught.value


def terms(folder: Path, batch: Built, client: Any) -> dict[str, Any]:
    """The terms for the built batch, written to `folder` and returned to be changed."""
    workers = client.scheduler_info(n_workers=-1)["workers"]
    admission.write_terms(folder, [embedded()], batch.workspace.renders(), workers)
    written: dict[str, Any] = json.loads((folder / admission.TERMS).read_bytes())
    return written


def rewrite(folder: Path, changed: dict[str, Any]) -> None:
    (folder / admission.TERMS).write_text(json.dumps(changed))


def test_a_worker_must_see_the_cache_and_its_locks(client: Any, folder: Path, built: Built) -> None:
    elsewhere = folder.parents[2] / "elsewhere" / "scratch" / "1"
    fault = refusal(client, elsewhere)
    assert f"cannot read {elsewhere.parents[1]} (No such file" in fault.message
    assert "the same paths on every machine" in fault.next_step
    terms(folder, built, client)
    admission.check_workers(client, folder)
    # Two of them share the cores, and a killed one leaves no temporary files.
    share = str(max(1, cores() // 2))
    assert list(client.run(os.getenv, "OMP_NUM_THREADS").values()) == [share, share]
    assert len(set(client.run(tempfile.gettempdir).values()) - {tempfile.gettempdir()}) == 2
    free = folder.parent / "free"
    shutil.copytree(folder, free)
    fault = refusal(client, free)
    assert f"the locks of other machines in {folder.parents[1]}" in fault.message


def test_a_worker_must_have_the_same_files_code_and_weights(
    client: Any, folder: Path, built: Built
) -> None:
    changed = terms(folder, built, client)
    hidden = str(built.workspace.raw / "elsewhere.wav")
    [seen, *_] = changed["files"]
    changed["files"] |= {seen: [1, 1], hidden: [1, 1]}
    changed["same"] |= {"code of stemsilver": "0123", "weights of dnsmos-p835": "4567"}
    rewrite(folder, changed)
    fault = refusal(client, folder)
    assert f"does not see {seen} and 1 more" in fault.message
    assert "code of stemsilver " in fault.message
    assert " instead of 0123, weights of dnsmos-p835 " in fault.message
    assert "constraints.txt" in fault.next_step


def test_a_worker_must_have_the_weights(client: Any, folder: Path, built: Built) -> None:
    changed = terms(folder, built, client)
    changed["weights"].append("panns-cnn14")
    rewrite(folder, changed)
    fault = refusal(client, folder)
    assert "Weights of panns-cnn14: " in fault.message
    assert "models pull panns-cnn14" in fault.next_step


def test_a_worker_that_joins_later_is_checked_too(client: Any, folder: Path, built: Built) -> None:
    changed = terms(folder, built, client)
    changed["same"]["device"] = "cuda"
    rewrite(folder, changed)
    pool = ClusterPool(client, folder, {}, 60, ExitStack())
    fault = pool.submit(abs, -1).exception()
    pool.shutdown()
    assert isinstance(fault, EnvironmentFault)
    assert "tcp://127.0.0.1:" in fault.message
    assert "device cpu instead of cuda" in fault.message


def packages(**changed: str | None) -> dict[str, Any]:
    """What Dask tells about one process."""
    names = ("stemsilver", "distributed", *tasks.CODE.libraries)
    return {"packages": {"python": "3.11.9.final.0", **dict.fromkeys(names, "1.0"), **changed}}


def test_other_versions_are_refused_by_name() -> None:
    found = {
        "client": packages(),
        "scheduler": packages(stemsilver=None, onnxruntime=None),
        "workers": {
            **{f"tcp://{number}": packages(python="3.12.0.final.0") for number in range(5)},
            "tcp://patched": packages(python="3.11.2.final.0", pandas="2.0"),
            "tcp://older": packages(onnxruntime="0.9", numpy=None),
        },
    }
    with pytest.raises(EnvironmentFault) as caught:
        admission.check_versions(SimpleNamespace(get_versions=lambda packages: found))
    assert set(caught.value.message.splitlines()[1:]) == {
        "  the scheduler: stemsilver missing instead of 1.0",
        "  tcp://0, tcp://1, tcp://2 and 2 more: python 3.12 instead of 3.11",
        "  tcp://older: numpy missing instead of 1.0, onnxruntime 0.9 instead of 1.0",
    }
    assert "constraints.txt" in caught.value.next_step


# --- the cluster


def of_threads(threads: int, folder: Path, **resources: dict[str, float]) -> Any:
    """A cluster in this process, with a worker for each of the resources, by name."""
    common = {"nthreads": threads, "memory_limit": 0, "dashboard": False}
    return distributed.SpecCluster(
        scheduler={"cls": distributed.Scheduler, "options": {"dashboard_address": ":0"}},
        workers={
            name: {
                "cls": distributed.Worker,
                "options": {**common, "resources": has, "local_directory": str(folder / name)},
            }
            for name, has in resources.items()
        },
        silence_logs=logging.CRITICAL,
    )


@pytest.fixture
def own_environment(monkeypatch: Patch) -> None:
    """A worker of this process changes the environment."""
    for name in ("OMP_NUM_THREADS", "TMPDIR"):
        monkeypatch.setenv(name, os.environ.get(name, "1"))
    monkeypatch.setattr(tempfile, "tempdir", tempfile.gettempdir())


@pytest.mark.usefixtures("own_environment")
def test_a_worker_of_several_threads_is_refused(tmp_path: Path) -> None:
    with (
        of_threads(2, tmp_path, only={}) as there,
        pytest.raises(EnvironmentFault, match="it has 2 threads") as caught,
    ):
        cluster.choose(there.scheduler_address, embedded(), [], tmp_path, jobs=None)(1)
    assert "--nthreads 1" in caught.value.next_step


def name_of_worker() -> str:
    return str(distributed.get_worker().name)


@pytest.mark.usefixtures("own_environment")
def test_large_models_go_to_the_workers_that_declare_a_gpu(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    with of_threads(1, tmp_path, gpu={"GPU": 1}, plain={}) as there:
        names = []
        for large in (True, False):
            monkeypatch.setattr(cluster, "large_models", lambda _, large=large: large)
            get = cluster.choose(there.scheduler_address, embedded(), [], tmp_path, jobs=None)
            with get(4) as pool:
                futures = [pool.submit(name_of_worker) for _ in range(8)]
            names.append({future.result() for future in futures})
    assert names == [{"gpu"}, {"gpu", "plain"}]


@pytest.fixture
def impatient() -> Iterator[None]:
    """Who does not answer at once is not there."""
    with dask.config.set({"distributed.comm.timeouts.connect": "200ms"}):
        yield


HELD, STARTED = threading.Event(), threading.Event()


def hold() -> None:
    STARTED.set()
    HELD.wait(60)


@pytest.mark.usefixtures("own_environment", "impatient")
def test_a_cluster_that_is_gone_ends_the_work(tmp_path: Path) -> None:
    with of_threads(1, tmp_path, only={}) as there:
        get = cluster.choose(there.scheduler_address, embedded(), [], tmp_path, jobs=None)
        with get(2) as pool:
            futures = [pool.submit(hold), pool.submit(hold)]
            STARTED.wait(60)
            there.sync(there.scheduler.close)
            for future in futures:
                with pytest.raises(EnvironmentFault, match=r"scheduler at tcp://.* is gone"):
                    future.result(timeout=60)
        HELD.set()


def test_a_cluster_without_workers_is_told(tmp_path: Path, monkeypatch: Patch) -> None:
    monkeypatch.setattr(cluster, "PATIENCE", 0.2)
    with (
        of_threads(1, tmp_path) as there,
        distributed.Client(there, set_as_default=False) as client,
    ):
        with pytest.raises(EnvironmentFault, match="has no workers") as caught:
            cluster.choose(there.scheduler_address, embedded(), [], tmp_path, jobs=None)(1)
        assert f"dask worker {there.scheduler_address} --nthreads 1" in caught.value.next_step
        # The same if they leave in the middle.
        pool = ClusterPool(client, tmp_path, {}, 0.2, ExitStack())
        with pytest.raises(EnvironmentFault, match=r"no worker .* has taken a task"):
            pool.submit(abs, -1).result(timeout=60)
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize(
    ("where", "error", "said"),
    [
        ("tcp://127.0.0.1:1", EnvironmentFault, "no Dask scheduler answers at tcp://127.0.0.1:1"),
        ("cluster", UsageError, "--dask cluster: missing port number"),
        ("http://cluster:80", UsageError, "unknown address scheme 'http'"),
    ],
)
@pytest.mark.usefixtures("impatient")
def test_an_address_without_a_scheduler_is_told(
    tmp_path: Path, where: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        cluster.choose(where, embedded(), [], tmp_path, jobs=None)(1)
