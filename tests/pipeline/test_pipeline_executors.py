"""Worker processes: one that dies fails its own task alone, and is replaced."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from stemsilver.device import cores
from stemsilver.errors import WorkerCrashed
from stemsilver.pipeline import executors
from stemsilver.pipeline.executors import LocalPool
from stemsilver.profiles import load_profile


@pytest.fixture(scope="module")
def pool() -> Iterator[LocalPool]:
    pool = LocalPool(2)
    yield pool
    pool.shutdown(cancel_futures=True)


def test_a_worker_that_dies_fails_only_its_own_task_and_is_replaced(pool: LocalPool) -> None:
    before = pool.submit(os.getpid)
    killed = pool.submit(signal.raise_signal, signal.SIGKILL)
    exited = pool.submit(os._exit, 3)
    waiting = [pool.submit(pow, 2, number) for number in range(6)]
    for deadly, cause in ((killed, "killed by SIGKILL"), (exited, "exit code 3")):
        with pytest.raises(WorkerCrashed, match=cause):
            deadly.result()
    assert before.result() != os.getpid()
    assert [future.result() for future in waiting] == [1, 2, 4, 8, 16, 32]


def test_a_worker_that_dies_while_idle_costs_nothing() -> None:
    with LocalPool(1) as pool:
        idle = pool.submit(os.getpid).result()
        os.kill(idle, signal.SIGKILL)
        while not gone(idle):
            os.sched_yield()
        tasks = [pool.submit(os.getpid) for _ in range(3)]
        assert idle not in {task.result() for task in tasks}


def test_workers_killed_at_any_moment_do_not_stop_the_others() -> None:
    """While idle, in a call, or in the middle of a result that is larger than the pipe."""
    deadly = (
        "[__import__('threading').Timer({}, __import__('os').kill, (__import__('os').getpid(), 9))"
        ".start(), bytes(2**26)]"
    )
    with LocalPool(2) as pool:
        for _ in range(4):
            dying = [pool.submit(eval, deadly.format(step / 100)) for step in range(6)]
            others = [pool.submit(pow, 2, number) for number in range(20)]
            crashed = [isinstance(one.exception(timeout=60), WorkerCrashed) for one in dying]
            ended = [one.exception(timeout=60) for one in others]
            assert any(crashed)
            assert {type(error) for error in ended} <= {WorkerCrashed, type(None)}
        assert pool.submit(pow, 2, 5).result(timeout=60) == 32


def test_what_a_task_is_given_gives_and_finds(pool: LocalPool) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        pool.submit(int, "three").result()
    assert pool.submit(int, "ff", base=16).result() == 255
    share = max(1, cores() // 2)
    assert pool.submit(torch.get_num_threads).result() == share
    assert pool.submit(os.getenv, "OMP_NUM_THREADS").result() == str(share)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_shutting_down_with_cancelling_leaves_no_worker_and_no_file() -> None:
    pool = LocalPool(1)
    worker = pool.submit(os.getpid).result()  # it is up, and no longer importing
    made = pool.submit(tempfile.mkdtemp).result()
    pool.submit(time.sleep, 30)
    assert Path(made).is_dir()
    assert not gone(worker)
    pool.shutdown(cancel_futures=True)
    assert gone(worker)
    assert not Path(made).parent.exists()
    with pytest.raises(RuntimeError):
        pool.submit(os.getpid)


def test_a_worker_dies_with_its_parent_in_the_middle_of_a_task() -> None:
    task = "import os, time; print(os.getpid(), flush=True); time.sleep(300)"
    program = (
        "from stemsilver.pipeline.executors import LocalPool\n"
        f"LocalPool(1).submit(exec, {task!r}).result()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        assert not gone(int(parent.stdout.readline()))
        parent.kill()
        # The worker holds the same pipes: they end when the last of them has.
        _, said = parent.communicate(timeout=60)
    assert said == b""


def test_shutting_down_lets_what_was_submitted_finish() -> None:
    with LocalPool(1) as pool:
        futures = [pool.submit(pow, 2, number) for number in range(3)]
    assert [future.result(timeout=0) for future in futures] == [1, 2, 4]


def test_a_container_has_its_own_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = tmp_path / "memory.max"
    monkeypatch.setattr(executors, "_CONTAINER", limit)
    whole = executors.memory_gigabytes()
    assert whole > 0.1
    limit.write_text("max\n")
    assert executors.memory_gigabytes() == whole
    limit.write_text("50000000\n")
    assert executors.memory_gigabytes() == 0.05


@pytest.mark.parametrize(
    ("memory", "where", "expected"), [(1.0, "cpu", 1), (13.0, "cpu", 2), (99.0, "cuda", 1)]
)
def test_large_models_get_as_many_workers_as_suit_them(
    memory: float, where: str, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("memory_gigabytes", memory), ("device", where), ("cores", 8)):
        monkeypatch.setattr(executors, name, lambda value=value: value)
    studio = load_profile("studio")
    assert executors._suitable(studio) == expected
    assert executors._suitable(load_profile("embedded")) == 8
