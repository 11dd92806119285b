"""Runs the jobs of a workflow as GitHub's runner does, every script in a real bash.

Keys, actions and expressions that are not known here are errors, so that nothing is passed over.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from .expressions import evaluate, insert

JOB_KEYS = {
    "name", "if", "needs", "runs-on", "timeout-minutes", "permissions", "steps", "environment",
    "strategy", "defaults",
}  # fmt: skip
STEP_KEYS = {
    "name", "id", "if", "uses", "with", "run", "shell", "env", "working-directory",
    "continue-on-error",
}  # fmt: skip

Values = dict[str, Any]
Action = Callable[["Job", dict[str, str]], "dict[str, str] | None"]


class StepFailed(Exception):
    """A step ended badly; `outputs` are those it had set before."""

    def __init__(self, why: str, outputs: dict[str, str] | None = None) -> None:
        super().__init__(why)
        self.outputs = outputs or {}


@dataclass
class Job:
    """A job: where it works, what is given to it, and what has become of it so far.

    `variables` are what the machine has set, `actions` the actions of others by their names, `used`
    those that were used.
    """

    folder: Path
    contexts: Values
    variables: dict[str, str]
    actions: Mapping[str, Action]
    result: str = "success"
    steps: Values = field(default_factory=dict)
    used: list[str] = field(default_factory=list)
    log: str = ""
    summary: str = ""

    @property
    def workspace(self) -> Path:
        """Where the repository is checked out."""
        return self.folder / "work"


def read(path: Path) -> Values:
    """A workflow or an action."""
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))


def run_job(job: Job, spec: Values) -> Job:
    """Run a job of a workflow, if its condition holds."""
    assert set(spec) <= JOB_KEYS, set(spec) - JOB_KEYS
    for folder in (job.workspace, job.folder / "temp", job.folder / "bin"):
        folder.mkdir(parents=True, exist_ok=True)
    job.contexts["runner"] = {"os": "Linux", "arch": "X64", "temp": str(job.folder / "temp")}
    if "if" in spec and not evaluate(spec["if"], job.contexts, {}):
        job.result = "skipped"
    elif not _run_steps(job, spec["steps"], job.contexts, {}, job.steps):
        job.result = "failure"
    return job


def _run_steps(
    job: Job, steps: list[Values], contexts: Values, variables: dict[str, str], done: Values
) -> bool:
    """Run steps until one fails; whether none did. What becomes of them is put into `done`."""
    functions = {"hashFiles": lambda pattern: "x" if any(job.workspace.glob(pattern)) else ""}
    # GITHUB_ENV of one step is seen by those after it.
    shared = dict(variables)
    for step in steps:
        assert set(step) <= STEP_KEYS, set(step) - STEP_KEYS
        seen = {**contexts, "steps": done}

        def given(key: str, step: Values = step, seen: Values = seen) -> dict[str, str]:
            found = step.get(key, {}).items()
            return {name: insert(value, seen, functions) for name, value in found}

        outcome, outputs = "skipped", {}
        # None of them names a status function, so each runs only after success.
        if "if" not in step or evaluate(step["if"], seen, functions):
            try:
                if "run" in step:
                    where = insert(step.get("working-directory", "."), seen, functions)
                    given_here = {**shared, **given("env")}
                    outputs = _run_script(job, step["run"], given_here, where, shared)
                else:
                    outputs = _use(job, step["uses"], given("with"), shared)
                outcome = "success"
            except StepFailed as failure:
                job.log += f"{failure}\n"
                outcome, outputs = "failure", failure.outputs
        if "id" in step:
            done[step["id"]] = {"outcome": outcome, "outputs": outputs}
        if outcome == "failure" and not step.get("continue-on-error"):
            return False
    return True


def _use(job: Job, uses: str, inputs: dict[str, str], variables: dict[str, str]) -> dict[str, str]:
    if not uses.startswith("./"):
        name = uses.partition("@")[0]
        job.used.append(name)
        return job.actions[name](job, inputs) or {}
    folder = job.workspace / uses
    action = read(folder / "action.yml")
    assert action["runs"]["using"] == "composite"
    assert set(inputs) <= set(action["inputs"])
    values = {name: str(one.get("default", "")) for name, one in action["inputs"].items()} | inputs
    contexts = {**job.contexts, "inputs": values}
    done: Values = {}
    environment = {**variables, "GITHUB_ACTION_PATH": str(folder)}
    good = _run_steps(job, action["runs"]["steps"], contexts, environment, done)
    outputs = {
        name: insert(one["value"], {**contexts, "steps": done}, {})
        for name, one in action["outputs"].items()
    }
    if not good:
        raise StepFailed(f"{uses} failed", outputs)
    return outputs


def _run_script(
    job: Job, script: str, variables: dict[str, str], where: str, shared: dict[str, str]
) -> dict[str, str]:
    assert "${{" not in script
    names = ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_STEP_SUMMARY")
    files = {name: job.folder / name.lower() for name in names}
    for path in files.values():
        path.write_text("")
    ended = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=job.workspace / where,
        env={
            "PATH": os.pathsep.join((str(job.folder / "bin"), os.environ["PATH"])),
            "HOME": str(job.folder), "LANG": "C.UTF-8", "CI": "true",
            "RUNNER_TEMP": str(job.folder / "temp"), "GITHUB_WORKSPACE": str(job.workspace),
            **{name: str(path) for name, path in files.items()}, **job.variables, **variables,
        },
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    job.log += ended.stdout.decode("utf-8", "replace")
    told, environment, summary = (path.read_text(encoding="utf-8") for path in files.values())
    job.summary += summary
    pair = re.compile(r"^([\w-]+)=(.*)$", re.MULTILINE)
    shared |= dict(pair.findall(environment))
    outputs = dict(pair.findall(told))
    if ended.returncode:
        raise StepFailed(f"exit code {ended.returncode}", outputs)
    return outputs


def program(path: Path, script: str) -> None:
    """Write a program for the shell."""
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def set_up_python(job: Job, inputs: dict[str, str]) -> dict[str, str]:
    """A `python` whose new environments have the Stemsilver of these tests, and a pip that only
    writes down what it should install: there is no index to install from.
    """
    here = Path(sys.executable).parent
    pip = f'echo "$# $@" >> "{job.folder}/installed"'
    command = job.variables.get("STUB", here / "stemsilver")
    inner = f'[ "$1 $2" = "-m pip" ] && {{ {pip}; exit; }}\nexec "{sys.executable}" "$@"'
    outer = (
        f'[ "$1 $2 $3 $4" = "-m pip cache dir" ] && {{ echo "{job.folder}/pip"; exit; }}\n'
        f'[ "$1 $2" = "-m pip" ] && {{ {pip}; ln -sf "{command}" "${{0%/*}}/stemsilver"; exit; }}\n'
        f'[ "$1 $2" = "-m venv" ] || exec "{sys.executable}" "$@"\n'
        'mkdir -p "$3/bin"\n'
        f'ln -s "{command}" "$3/bin/stemsilver"\n'
        f'cp "{job.folder}/inner" "$3/bin/python"\n'
    )
    for name, script in (("bin/python", outer), ("inner", inner)):
        program(job.folder / name, script)
    return {"python-version": "3.11.9"}
