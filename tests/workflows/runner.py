"""Runs the jobs of a workflow as GitHub's runner does: every script for real, in a real bash.

Keys, actions and inputs that are not known here are errors, so that nothing is passed over.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import yaml

from .expressions import as_text, condition, insert

JOB_KEYS = {
    "name", "if", "needs", "runs-on", "timeout-minutes", "permissions", "env", "strategy", "steps",
    "environment", "outputs",
}  # fmt: skip
STEP_KEYS = {
    "name", "id", "if", "uses", "with", "run", "shell", "env", "working-directory",
    "continue-on-error",
}  # fmt: skip

Values = dict[str, Any]


class WorkflowError(Exception):
    """A fault of a workflow file, or something in it that this runner does not know."""


class StepFailed(Exception):
    """A step ended badly."""


@dataclass(frozen=True)
class Script:
    """A `run:` step that was executed: where it stands, and how it ended."""

    file: str
    place: str
    code: int


@dataclass
class Step:
    """What became of a step; `outcome` before, `conclusion` after `continue-on-error`."""

    outcome: str = "skipped"
    conclusion: str = "skipped"
    outputs: dict[str, str] = field(default_factory=dict)


@dataclass
class Job:
    """A job of a run: where it works, what it may do, and what it has said so far."""

    name: str
    workspace: Path
    temporary: Path
    rights: Mapping[str, str]
    base_environment: dict[str, str]
    contexts: Values
    result: str = "success"
    path: list[str] = field(default_factory=list)
    steps: dict[str, Step] = field(default_factory=dict)
    scripts: list[Script] = field(default_factory=list)
    log: str = ""
    summary: str = ""
    commands: list[tuple[str, str]] = field(default_factory=list)

    @property
    def warnings(self) -> list[str]:
        """What the runner shows as warnings."""
        return [text for command, text in self.commands if command == "warning"]

    @property
    def errors(self) -> list[str]:
        """What the runner shows as errors."""
        return [text for command, text in self.commands if command == "error"]


class Actions(Protocol):
    """The actions of others, as functions of a job and the inputs."""

    def __call__(self, job: Job, name: str, inputs: dict[str, str]) -> dict[str, str]:
        """Run the action and return its outputs; `StepFailed` if it fails."""


@dataclass
class Scope:
    """What the steps of a job, or of an action within it, share."""

    file: str
    place: str
    contexts: Values
    environment: dict[str, str]
    folder: Path
    steps: dict[str, Step] = field(default_factory=dict)
    failed: bool = False
    composite: bool = False

    def seen(self, environment: Mapping[str, str]) -> Values:
        """Every context that an expression of a step may name."""
        steps = {
            name: {"outcome": step.outcome, "conclusion": step.conclusion, "outputs": step.outputs}
            for name, step in self.steps.items()
        }
        return {**self.contexts, "env": dict(environment), "steps": steps}


def read(text: str) -> Values:
    """A workflow or action; `on` is not true, as YAML 1.1 has it."""
    content = yaml.safe_load(text)
    if True in content:
        content["on"] = content.pop(True)
    return dict(content)


def known(found: Mapping[str, Any], keys: set[str], where: str) -> None:
    """Refuse what this runner would pass over.

    Raises:
        WorkflowError: there is a key that is not one of `keys`.
    """
    if unknown := set(found) - keys:
        raise WorkflowError(f"{where}: {sorted(unknown)} unknown to this runner")


def run_steps(job: Job, steps: list[Values], scope: Scope, actions: Actions) -> None:
    """Run the steps of a job or of a composite action, each if its condition holds."""
    for index, step in enumerate(steps):
        known(step, STEP_KEYS, f"{scope.file} {scope.place} step {index}")
        if ("uses" in step) == ("run" in step):
            raise WorkflowError(f"{scope.file} step {index} is neither a script nor an action")
        done = Step()
        functions = _functions(job, scope)
        environment = dict(scope.environment)
        environment |= _texts(step.get("env"), scope.seen(environment), functions)
        seen = scope.seen(environment)
        if condition(step.get("if", True), seen, functions):
            try:
                _run_step(job, step, index, scope, environment, done, actions)
                done.outcome = done.conclusion = "success"
            except StepFailed as failure:
                job.log += f"{failure}\n"
                done.outcome = done.conclusion = "failure"
                if insert(step.get("continue-on-error", False), seen, functions):
                    done.conclusion = "success"
                else:
                    scope.failed = True
        if "id" in step:
            if step["id"] in scope.steps:
                raise WorkflowError(f"two steps have the id {step['id']}")
            scope.steps[step["id"]] = done


def _run_step(
    job: Job,
    step: Values,
    index: int,
    scope: Scope,
    environment: dict[str, str],
    done: Step,
    actions: Actions,
) -> None:
    functions, seen = _functions(job, scope), scope.seen(environment)
    if "run" in step:
        if scope.composite and "shell" not in step:
            raise WorkflowError(f"{scope.file} step {index} names no shell, which an action must")
        if step.get("shell", "bash") != "bash":
            raise WorkflowError("only bash is known here")
        folder = scope.folder / as_text(insert(step.get("working-directory", "."), seen, functions))
        script = as_text(insert(step["run"], seen, functions))
        _run_script(job, script, index, scope, environment, folder, done)
        return
    uses = step["uses"]
    inputs = _texts(step.get("with"), seen, functions)
    if uses.startswith("./"):
        done.outputs = _run_local(job, uses, inputs, environment, done, actions)
        return
    name, _, commit = uses.partition("@")
    if not re.fullmatch("[0-9a-f]{40}", commit):
        raise WorkflowError(f"{uses} is not pinned")
    done.outputs = actions(job, name, inputs)


def _run_script(
    job: Job,
    script: str,
    index: int,
    scope: Scope,
    environment: dict[str, str],
    folder: Path,
    done: Step,
) -> None:
    files = job.temporary / "_runner_file_commands"
    files.mkdir(exist_ok=True)
    told = {
        name: files / f"{name.lower()}_{len(job.scripts)}_{index}"
        for name in ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")
    }
    for path in told.values():
        path.touch()
    program = files / f"script_{len(job.scripts)}_{index}.sh"
    program.write_text(script, encoding="utf-8")
    path = os.pathsep.join([*reversed(job.path), job.base_environment["PATH"]])
    ended = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(program)],
        cwd=folder,
        env={**job.base_environment, **environment, "PATH": path, **_strings(told)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    printed = ended.stdout.decode("utf-8", "replace")
    job.log += f"--- {scope.file} {scope.place} {index}\n{printed}"
    job.commands += commands(printed)
    done.outputs = _assignments(told["GITHUB_OUTPUT"])
    scope.environment |= _assignments(told["GITHUB_ENV"])
    job.path += told["GITHUB_PATH"].read_text(encoding="utf-8").split()
    summary = told["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")
    if len(summary.encode()) > 1024 * 1024:
        raise WorkflowError("a step's summary has more than 1 MiB")
    job.summary += summary
    job.scripts.append(Script(scope.file, f"{scope.place}/{index}", ended.returncode))
    if ended.returncode:
        raise StepFailed(f"exit code {ended.returncode}")


def _run_local(
    job: Job,
    uses: str,
    inputs: dict[str, str],
    environment: dict[str, str],
    done: Step,
    actions: Actions,
) -> dict[str, str]:
    folder = (job.workspace / uses).resolve()
    if not (folder / "action.yml").is_file():
        raise StepFailed(f"can't find action.yml under {uses}")
    action = read((folder / "action.yml").read_text(encoding="utf-8"))
    if action["runs"]["using"] != "composite":
        raise WorkflowError("only composite actions are known here")
    known(inputs, set(action["inputs"]), uses)
    defaults = {name: as_text(spec.get("default")) for name, spec in action["inputs"].items()}
    github = {**job.contexts["github"], "action_path": str(folder)}
    contexts = {
        "github": github,
        "inputs": {**defaults, **inputs},
        "runner": job.contexts["runner"],
    }
    scope = Scope(
        "action.yml",
        "runs",
        contexts,
        {**environment, "GITHUB_ACTION_PATH": str(folder)},
        job.workspace,
        composite=True,
    )
    run_steps(job, action["runs"]["steps"], scope, actions)
    outputs = {
        name: as_text(insert(spec["value"], scope.seen(scope.environment)))
        for name, spec in action["outputs"].items()
    }
    if scope.failed:
        done.outputs = outputs
        raise StepFailed(f"{uses} failed")
    return outputs


def _functions(job: Job, scope: Scope) -> Values:
    def hash_files(*patterns: str) -> str:
        found = sorted(
            {path for pattern in patterns for path in job.workspace.glob(pattern) if path.is_file()}
        )
        total = hashlib.sha256()
        for path in found:
            total.update(hashlib.sha256(path.read_bytes()).digest())
        return total.hexdigest() if found else ""

    return {
        "always": lambda: True,
        "cancelled": lambda: False,
        "failure": lambda: scope.failed,
        "success": lambda: not scope.failed,
        "hashFiles": hash_files,
    }


def _texts(values: Values | None, contexts: Values, functions: Values) -> dict[str, str]:
    return {
        name: as_text(insert(value, contexts, functions)) for name, value in (values or {}).items()
    }


def _strings(values: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in values.items()}


def _assignments(path: Path) -> dict[str, str]:
    """The `name=value` and `name<<END` lines of GITHUB_OUTPUT or GITHUB_ENV."""
    found: dict[str, str] = {}
    lines = iter(path.read_text(encoding="utf-8").splitlines())
    for line in lines:
        if match := re.fullmatch(r"([\w-]+)<<(.+)", line):
            value = []
            for part in lines:
                if part == match[2]:
                    break
                value.append(part)
            else:
                raise WorkflowError(f"{match[1]} has no end")
            found[match[1]] = "\n".join(value)
        elif match := re.fullmatch(r"([\w-]+)=(.*)", line):
            found[match[1]] = match[2]
        elif line:
            raise WorkflowError(f"invalid format {line!r}")
    return found


def commands(printed: str) -> list[tuple[str, str]]:
    """The lines that the runner obeys, but for those between `stop-commands` and its token."""
    found, token = [], None
    for line in re.split(r"\r\n|\r|\n", printed):
        match = re.match(r"\s*::([\w-]+)(?: [^:]*)?::(.*)", line)
        if not match:
            continue
        if token is not None:
            token = None if match[1] == token and not match[2] else token
        elif match[1] == "stop-commands":
            token = match[2]
        else:
            found.append((match[1], match[2]))
    if token is not None:
        raise WorkflowError("commands are stopped and never taken up again")
    return found
