"""A small real batch, built once for all tests, and an executor that needs no processes."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import soundfile

from stemsilver import config, pipeline
from stemsilver.config import Profile
from stemsilver.discover import discover
from stemsilver.pipeline import BuildOutcome, Places, executors, tasks
from stemsilver.pipeline.executors import LocalPool
from stemsilver.records import ItemResult, Render
from stemsilver.resources import resource

DEMO = Path(__file__).parents[2] / "raw"
EPOCH = "1750000000"
"""The time of every build in these tests, so that equal builds give equal bytes."""


def cut(name: str, start: float, seconds: float, target: Path) -> None:
    """Write a piece of a demo render; the format follows the name of `target`."""
    path = DEMO / name
    if not path.is_file():
        pytest.fail(
            f"The demo batch is missing: {path}. Make it with `python tools/make_demo.py`.",
            pytrace=False,
        )
    rate = soundfile.info(path).samplerate
    samples, _ = soundfile.read(path, round(seconds * rate), round(start * rate), dtype="int16")
    target.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(target, samples, rate, subtype="PCM_16")


def write_batch(raw: Path) -> None:
    """Two renders of 2 s: mono with a script and a truth, and stereo in a folder."""
    cut("museum_guide.wav", 0.6, 2.2, raw / "one.wav")
    cut("museum_guide.reference.flac", 0.6, 2.2, raw / "one.reference.flac")
    (raw / "one.txt").write_text("Welcome to the hall of explorers.\n")
    cut("sequential/podcast_intro.wav", 0.8, 2.0, raw / "sub" / "two.wav")


def embedded() -> Profile:
    """The default profile as shipped."""
    return config.load(resource("config") / "embedded.yaml")


def changed(profile: Profile, section: str, **values: object) -> Profile:
    """A profile with some values of one section changed."""
    part = getattr(profile, section).model_copy(update=values)
    return profile.model_copy(update={section: part})


def contents(folder: Path) -> dict[str, bytes]:
    """Every file under a folder, hidden ones left out."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


@dataclass
class InThisProcess(Executor):
    """Runs every task at once, here, where the models are loaded once for all tests."""

    calls: list[tuple[str, str]] = field(default_factory=list)
    shutdowns: list[bool] = field(default_factory=list)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.calls.append((fn.__name__, args[0].render.path))
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self.shutdowns.append(cancel_futures)


class NoWorkers(InThisProcess):
    """For a build that finds everything done, or is refused before it begins."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        pytest.fail(f"{fn} was computed")


class Planted(LocalPool):
    """Worker processes that are given something else to do for the cleaning of one render."""

    def __init__(self, jobs: int, victim: str, fn: Callable[..., Any], *args: Any) -> None:
        super().__init__(jobs)
        self._victim, self._instead = victim, (fn, *args)

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        if fn is tasks.clean and args[0].render.path == self._victim:
            return super().submit(*self._instead)
        return super().submit(fn, *args, **kwargs)


@dataclass
class Watch:
    """A progress that takes notes."""

    shares: list[tuple[str, str, float]] = field(default_factory=list)
    final: list[tuple[str, bool]] = field(default_factory=list)

    def stage(self, render: Render, stage: str) -> None:
        pass

    def step_progress(self, render: Render, step: str, fraction: float) -> None:
        self.shares.append((render.path, step, fraction))

    def done(self, result: ItemResult, reused: bool) -> None:
        self.final.append((result.path, reused))


@dataclass(frozen=True)
class Workspace:
    """A folder with a batch in `raw` and whatever was built from it."""

    folder: Path

    @property
    def raw(self) -> Path:
        return self.folder / "raw"

    @property
    def places(self) -> Places:
        return Places(*(self.folder / name for name in ("proceed", "report", "site", "cache")))

    def renders(self) -> Sequence[Render]:
        return discover(self.raw).renders

    def build(
        self,
        executor: Executor,
        profile: Profile | None = None,
        megabytes: float = 100,
        *,
        stages: bool = False,
        base: Path | None = None,
        history: Sequence[Path] = (),
        watch: Watch | None = None,
    ) -> BuildOutcome:
        """Build with `executor`, wherever the caller is, at the time of all these builds."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(executors, "workers", lambda profile, left, jobs: executor)
            patch.setenv("SOURCE_DATE_EPOCH", EPOCH)
            patch.chdir(self.folder)
            return pipeline.build_site(
                self.renders(),
                self.places,
                profile or embedded(),
                stages=stages,
                base=base,
                history=history,
                max_site_megabytes=megabytes,
                progress=watch or Watch(),
            )

    def copy(self, target: Path) -> Workspace:
        shutil.copytree(self.folder, target)
        return Workspace(target)


@dataclass(frozen=True)
class Built:
    """The finished batch, for reading and copying only."""

    workspace: Workspace
    outcome: BuildOutcome


@cache
def build_once(base: Path) -> Built:
    """Build the batch below `base`, once a session."""
    workspace = Workspace(base / "built-batch")
    write_batch(workspace.raw)
    return Built(workspace, workspace.build(InThisProcess()))
