"""A bake-off of the small real batch, run once for all tests."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from stemsilver.config import Profile
from stemsilver.pipeline import bakeoff, executors
from stemsilver.records import Skipped

from .batches import EPOCH, InThisProcess, Watch, Workspace, build_once, changed, embedded

SKIPPED = Skipped("song.m4a", "it cannot be read")


def candidate() -> Profile:
    """The default profile with one of its separators alone, and a lax gate of its own."""
    spleeter = embedded().separation.models[1]
    alone = changed(embedded(), "separation", models=(spleeter,))
    return changed(alone, "gates", wer_max=0.5).model_copy(update={"name": "spleeter"})


@dataclass(frozen=True)
class Baked:
    """A finished bake-off, for reading and copying only."""

    workspace: Workspace
    outcome: bakeoff.BakeoffOutcome
    executor: InThisProcess

    @property
    def folder(self) -> Path:
        return self.workspace.folder / "bakeoff"


def bake(
    workspace: Workspace, profiles: list[Profile], judge: Profile, executor: InThisProcess
) -> bakeoff.BakeoffOutcome:
    """Run a bake-off in `workspace` with `executor`, at the time of all these builds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(executors, "workers", lambda profile, left, jobs: executor)
        patch.setenv("SOURCE_DATE_EPOCH", EPOCH)
        patch.chdir(workspace.folder)
        return bakeoff.compare(
            workspace.renders(),
            profiles,
            judge,
            workspace.folder / "bakeoff",
            workspace.places.cache,
            skipped=[SKIPPED],
            max_site_megabytes=100,
            progress=lambda profile: nullcontext(Watch()),
        )


@cache
def bake_once(base: Path) -> Baked:
    """Hold the candidate against the default profile, once a session, in a batch built before."""
    workspace = build_once(base).workspace.copy(base / "baked-batch")
    executor = InThisProcess()
    outcome = bake(workspace, [embedded(), candidate()], embedded(), executor)
    return Baked(workspace, outcome, executor)
