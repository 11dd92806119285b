"""One script of a workflow on its own, with other programs in the places of those it calls."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .runner import commands, read
from .story import CHECKOUT


@dataclass(frozen=True)
class Played:
    """How a script ended, what it printed, and what of that the runner would obey."""

    code: int
    printed: str

    @property
    def obeyed(self) -> list[tuple[str, str]]:
        """The commands in what was printed."""
        return commands(self.printed)


def play(
    workflow: str,
    name: str,
    folder: Path,
    programs: Mapping[str, str] | None = None,
    **environment: str,
) -> Played:
    """Run the step called `name` in `folder`, with `programs` as shell scripts on the path."""
    content = read((CHECKOUT / ".github" / "workflows" / f"{workflow}.yml").read_text())
    [step] = [
        step
        for job in content["jobs"].values()
        for step in job["steps"]
        if step.get("name") == name
    ]
    for program, script in (programs or {}).items():
        (folder / program).write_text(f"#!/bin/sh\n{script}\n")
        (folder / program).chmod(0o755)
    path = [str(folder), str(Path(sys.executable).parent), os.environ["PATH"]]
    told = {name: str(folder / name.lower()) for name in ("GITHUB_OUTPUT", "GITHUB_EVENT_PATH")}
    ended = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=folder,
        env={
            "PATH": os.pathsep.join(path),
            "RUNNER_TEMP": str(folder),
            "GITHUB_REPOSITORY": "a/b",
            **told,
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Played(ended.returncode, ended.stdout)
