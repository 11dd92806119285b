"""How far a long step has come, from a worker to whoever waits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from rich.console import Console

from stemsilver.cache import Cache
from stemsilver.cli.progress import BatchProgress
from stemsilver.discover import discover
from stemsilver.pipeline import loop, progress_file, tasks
from stemsilver.pipeline.progress_file import Reporter
from stemsilver.pipeline.tasks import Job, Tally
from stemsilver.records import ItemResult, Render

from .batches import Watch, embedded

Patch = pytest.MonkeyPatch


def test_a_report_is_read_as_made_at_intervals(tmp_path: Path, monkeypatch: Patch) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "one"
    assert progress_file.read(file) is None
    Reporter(None)("fuse", 0.5)
    report = Reporter(file)
    for share in (0.42, 0.5, 0.6):
        report("separate: htdemucs_ft", share)
    assert progress_file.read(file) == ("separate: htdemucs_ft", 0.42)
    report("fuse", 0.1)
    assert progress_file.read(file) == ("fuse", 0.1)
    assert [path.name for path in tmp_path.iterdir()] == ["one"]


def test_a_task_ends_when_nobody_waits_for_its_reports(tmp_path: Path) -> None:
    report = Reporter(tmp_path / "run" / "one")
    with pytest.raises(FileNotFoundError):
        report("separate: htdemucs_ft", 0.42)


def slow(job: Job) -> Tally:
    """Says it is half done, and goes on only when that has been heard."""
    Reporter(job.progress_file)("separate: slow", 0.5)
    heard = job.cache / "heard"
    while not heard.exists():
        Event().wait(0.01)
    return Tally(1, 0)


def finish(job: Job) -> tuple[ItemResult, Path, Tally]:
    result = ItemResult(job.render.id, job.render.path, job.render.output)
    return result, job.cache, Tally()


def test_what_a_worker_says_is_heard_while_it_works(tmp_path: Path, monkeypatch: Patch) -> None:
    class Heard(Watch):
        def step_progress(self, render: Render, step: str, fraction: float) -> None:
            super().step_progress(render, step, fraction)
            (tmp_path / "cache" / "heard").touch()

    (tmp_path / "raw").mkdir()
    (tmp_path / "cache").mkdir()
    (tmp_path / "raw" / "a.wav").write_bytes(b"a")
    for name, task in (("clean", slow), ("measure_raw", lambda job: Tally()), ("finish", finish)):
        monkeypatch.setattr(tasks, name, task)
    watch = Heard()
    finished = loop.run(
        discover(tmp_path / "raw").renders,
        embedded(),
        Cache(tmp_path / "cache"),
        lambda left: ThreadPoolExecutor(2),
        watch,
    )
    assert [result.failure for result in finished.items] == [None]
    assert set(watch.shares) == {("a.wav", "separate: slow", 0.5)}


def test_a_log_counts_renders_and_says_which_gates_one_fails(
    capsys: pytest.CaptureFixture[str], monkeypatch: Patch
) -> None:
    clock = iter([0.0, 60.0, 240.0])
    monkeypatch.setattr("stemsilver.cli.progress.time.monotonic", lambda: next(clock))
    renders = [ItemResult(name, f"{name}.wav", f"{name}__speech_only.wav") for name in "abcde"]

    def faults(result: ItemResult) -> list[str]:
        return ["Loudness −20.0 LUFS, limit −16 ± 0.5 LUFS"] if result.id == "c" else []

    with BatchProgress(5, Console(width=100), faults) as progress:
        progress.done(renders[0], reused=True)
        for render in renders[1:3]:
            progress.done(render, reused=False)
    assert capsys.readouterr().out.splitlines() == [
        "✓ b.wav (2/5, about 3 min left)",
        "✗ c.wav (3/5, about 4 min left)",
        "  Loudness −20.0 LUFS, limit −16 ± 0.5 LUFS",
    ]


def test_a_log_hears_now_and_then(capsys: pytest.CaptureFixture[str], monkeypatch: Patch) -> None:
    clock = iter([0.0, 30.0, 61.0, 62.0, 130.0])
    monkeypatch.setattr("stemsilver.cli.progress.time.monotonic", lambda: next(clock))
    render = Render("a", "[a].wav", Path("a.wav"), "a__speech_only.wav")
    with BatchProgress(1, Console(width=100)) as progress:
        for share in (0.1, 0.2, 0.3, 0.4):
            progress.step_progress(render, "separate: x", share)
    printed = capsys.readouterr().out.splitlines()
    assert printed == ["  [a].wav: separate: x 20%", "  [a].wav: separate: x 40%"]
