"""A GitHub on this machine: repository, pull requests, artifacts, caches, Pages, workflow runs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from . import actions
from .expressions import condition, insert
from .runner import JOB_KEYS, Job, Scope, Values, WorkflowError, known, read, run_steps

REPOSITORY = "quiet-voices/stemsilver"
MAIN = "main"
PROGRAMS = ("bash", "git", "make", "find", "xargs", "du", "env")
TOOLS = Path(__file__).parent / "tools"
WORKFLOW_KEYS = {"name", "on", "permissions", "concurrency", "env", "jobs"}


@dataclass
class Run:
    """A finished run of a workflow."""

    id: int
    workflow: str
    conclusion: str
    jobs: dict[str, Job]

    @property
    def log(self) -> str:
        """What every job printed."""
        return "\n".join(job.log for job in self.jobs.values())


@dataclass
class GitHub:
    """The state lies in `folder`, where the `gh` of the jobs reads and writes it too.

    `environment` is what the machines of the jobs have set, `kept` what they hold in the workspace
    from earlier jobs.
    """

    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    pages_url: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    kept: Path | None = None
    runs: list[Run] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in ("state", "deployed", "home", "tools", "matplotlib"):
            (self.folder / name).mkdir(parents=True)
        self.git("init", "--quiet", "--bare", "--initial-branch", MAIN, str(self.origin))
        self.git("config", "uploadpack.allowAnySHA1InWant", "true", folder=self.origin)
        # What GitHub's machines bring along.
        python = f'"{sys.executable}"'
        for tool, command in {
            "python3": f'exec {python} "$@"',
            "gh": f'exec {python} "{TOOLS / "gh.py"}" "$@"',
        }.items():
            program = self.folder / "tools" / tool
            program.write_text(f"#!/bin/sh\n{command}\n")
            program.chmod(0o755)

    @property
    def origin(self) -> Path:
        """The bare repository."""
        return self.folder / "origin.git"

    @property
    def deployed(self) -> Path:
        """What Pages serves."""
        return self.folder / "deployed"

    def git(self, *arguments: str, folder: Path | None = None) -> str:
        """Run git and return what it printed."""
        author = ["-c", "user.name=A", "-c", "user.email=a@example.invalid"]
        done = subprocess.run(
            ["git", *author, *arguments],
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull},
        )
        return done.stdout.strip()

    def load(self, name: str) -> Any:
        """A part of the state."""
        path = self.folder / "state" / f"{name}.json"
        return json.loads(path.read_text()) if path.exists() else {}

    def save(self, name: str, value: object) -> None:
        """Replace a part of the state."""
        (self.folder / "state" / f"{name}.json").write_text(json.dumps(value))

    def head(self, ref: str) -> str:
        """The commit of a branch, tag or pull request."""
        return self.git("rev-parse", f"{ref}^{{commit}}", folder=self.origin)

    # --- pull requests

    def propose(
        self, number: int, commit: str, *, fork: str | None = None, onto: str = MAIN
    ) -> Values:
        """Open a pull request for a commit, or move it there, and merge it as a trial."""
        tree = self.git("merge-tree", "--write-tree", onto, commit, folder=self.origin)
        parents = ("-p", self.head(onto), "-p", commit)
        merge = self.git("commit-tree", tree, *parents, "-m", "Merge", folder=self.origin)
        self.git("update-ref", f"refs/pull/{number}/merge", merge, folder=self.origin)
        source = fork or REPOSITORY
        pull = {
            "number": number,
            "state": "open",
            "head": {"sha": commit, "ref": f"change-{number}", "repo": _repository(source)},
            "base": {"sha": self.head(onto), "ref": onto, "repo": _repository(REPOSITORY)},
            "html_url": f"https://github.com/{REPOSITORY}/pull/{number}",
        }
        pulls = {key: value for key, value in self.load("pulls").items() if key != str(number)}
        # The one updated last comes first.
        self.save("pulls", {str(number): pull, **pulls})
        return pull

    def close(self, number: int) -> Values:
        """Close a pull request."""
        pulls = self.load("pulls")
        pulls[str(number)]["state"] = "closed"
        self.save("pulls", pulls)
        return dict(pulls[str(number)])

    def pull_request(self, action: str, pull: Values) -> Run:
        """Run the workflow that a pull request starts."""
        fork = pull["head"]["repo"]["full_name"] != REPOSITORY
        ref = f"refs/pull/{pull['number']}/merge"
        event = {"action": action, "number": pull["number"], "pull_request": pull}
        return self.run("pr-scorecard", "pull_request", event, ref, self.head(ref), read_only=fork)

    def follow(self, workflow: str, run: Run, pull: Values) -> Run:
        """Run a workflow that waits for the end of another."""
        [name] = {run.workflow}
        event = {
            "action": "completed",
            "workflow_run": {
                "id": run.id,
                "name": name,
                "event": "pull_request",
                "conclusion": run.conclusion,
                "head_sha": pull["head"]["sha"],
                "head_branch": pull["head"]["ref"],
                "head_repository": pull["head"]["repo"],
                "html_url": f"https://github.com/{REPOSITORY}/actions/runs/{run.id}",
                "pull_requests": [],
            },
        }
        return self.run(workflow, "workflow_run", event, f"refs/heads/{MAIN}", self.head(MAIN))

    def push(self, workflow: str, ref: str) -> Run:
        """Run a workflow that a push to a branch or tag starts."""
        return self.run(workflow, "push", {"ref": ref}, ref, self.head(ref))

    # --- runs

    def run(
        self,
        workflow: str,
        name: str,
        event: Values,
        ref: str,
        commit: str,
        *,
        read_only: bool = False,
    ) -> Run:
        """Run a workflow as it stands in `commit`.

        Raises:
            WorkflowError: it does not wait for that event.
        """
        file = f"{workflow}.yml"
        source = self.git("show", f"{commit}:.github/workflows/{file}", folder=self.origin)
        content = read(source)
        known(content, WORKFLOW_KEYS, file)
        if not listens(content["on"], name, event, ref):
            raise WorkflowError(f"{file} does not wait for this {name}")
        number = 1000 + len(self.runs)
        event = {**event, "repository": {**_repository(REPOSITORY), "default_branch": MAIN}}
        github = {
            "event": event,
            "event_name": name,
            "sha": commit,
            "ref": ref,
            "ref_name": re.sub("^refs/(heads|tags|pull)/", "", ref),
            "repository": REPOSITORY,
            "repository_owner": REPOSITORY.partition("/")[0],
            "run_id": str(number),
            "run_attempt": "1",
            "workflow": content["name"],
            "actor": "octavia",
            "server_url": "https://github.com",
        }
        shared = {"github": github, "vars": dict(self.variables)}
        insert(content["concurrency"]["group"], shared)
        jobs: dict[str, Job] = {}
        for id_, job in content["jobs"].items():
            known(job, JOB_KEYS, f"{file} {id_}")
            rights = dict(job["permissions"])
            if read_only:
                rights = dict.fromkeys(rights, "read")
            jobs[id_] = self._run_job(file, id_, content, job, shared, rights, jobs)
        conclusion = (
            "failure" if any(job.result == "failure" for job in jobs.values()) else "success"
        )
        run = Run(number, content["name"], conclusion, jobs)
        self.runs.append(run)
        return run

    def _run_job(
        self,
        file: str,
        id_: str,
        content: Values,
        spec: Values,
        shared: Values,
        rights: dict[str, str],
        before: Mapping[str, Job],
    ) -> Job:
        needs = spec.get("needs", [])
        needed = {name: before[name] for name in ([needs] if isinstance(needs, str) else needs)}
        folder = self.folder / "jobs" / f"{shared['github']['run_id']}-{id_}"
        workspace, temporary = folder / "work", folder / "temp"
        workspace.mkdir(parents=True)
        temporary.mkdir()
        event_path = folder / "event.json"
        event_path.write_text(json.dumps(shared["github"]["event"]))
        run_id = shared["github"]["run_id"]
        token = json.dumps({"run": run_id, "rights": rights}, separators=(",", ":"))
        github = {**shared["github"], "workspace": str(workspace), "token": token, "job": id_}
        runner = {"os": "Linux", "arch": "X64", "temp": str(temporary)}
        contexts = {
            **shared,
            "github": github,
            "runner": runner,
            "secrets": {"GITHUB_TOKEN": token},
        }
        contexts["needs"] = {name: {"result": job.result} for name, job in needed.items()}
        contexts["matrix"] = {
            name: values[0] for name, values in spec.get("strategy", {}).get("matrix", {}).items()
        }
        environment = self._environment(github, temporary, event_path)
        job = Job(id_, workspace, temporary, rights, environment, contexts)
        bad = any(one.result != "success" for one in needed.values())
        functions = {"success": lambda: not bad, "always": lambda: True, "failure": lambda: bad}
        if not condition(spec.get("if", True), contexts, functions):
            job.result = "skipped"
            return job
        declared = {**(content.get("env") or {}), **(spec.get("env") or {})}
        scope = Scope(
            file,
            id_,
            contexts,
            {name: insert(value, contexts) or "" for name, value in declared.items()},
            workspace,
        )
        run_steps(job, spec["steps"], scope, partial(actions.run, self))
        job.steps = scope.steps
        job.result = "failure" if scope.failed else "success"
        if "environment" in spec:
            insert(spec["environment"]["url"], scope.seen(scope.environment))
        return job

    def _environment(self, github: Values, temporary: Path, event: Path) -> dict[str, str]:
        found = [path for program in PROGRAMS if (path := shutil.which(program))]
        folders = dict.fromkeys([str(self.folder / "tools"), *(str(Path(p).parent) for p in found)])
        told = {
            f"GITHUB_{name.upper()}": value
            for name, value in github.items()
            if isinstance(value, str) and name != "token"
        }
        return {
            "PATH": os.pathsep.join(folders),
            "HOME": str(self.folder / "home"),
            "LANG": "C.UTF-8",
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_PATH": str(event),
            "RUNNER_TEMP": str(temporary),
            "RUNNER_OS": "Linux",
            "RUNNER_ARCH": "X64",
            **told,
            # This machine has no network: pip builds and installs what lies here.
            "PIP_NO_INDEX": "1",
            "PIP_NO_BUILD_ISOLATION": "0",
            "GITHUB_STATE": str(self.folder / "state"),
            # A font cache of its own for every job would take longer than the job.
            "MPLCONFIGDIR": str(self.folder / "matplotlib"),
            **self.environment,
        }


def listens(on: Values, name: str, event: Values, ref: str) -> bool:
    """Whether a workflow's `on:` waits for an event.

    Raises:
        WorkflowError: it has a filter that is not known here.
    """
    if name not in on:
        return False
    filters = on[name] or {}
    known(filters, {"branches", "tags", "types", "workflows"}, name)
    if "types" in filters and event.get("action") not in filters["types"]:
        return False
    if "workflows" in filters and event["workflow_run"]["name"] not in filters["workflows"]:
        return False
    if name == "push" and filters:
        kind, short = ("tags", ref[10:]) if ref.startswith("refs/tags/") else ("branches", ref[11:])
        return any(fnmatchcase(short, pattern) for pattern in filters.get(kind, []))
    return True


def _repository(name: str) -> Values:
    return {"id": sum(name.encode()), "full_name": name, "name": name.partition("/")[2]}


class _Handler(SimpleHTTPRequestHandler):
    status: int | None = None

    def send_head(self) -> Any:
        if self.status is None:
            return super().send_head()
        self.send_error(self.status)
        return None

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def served(folder: Path, *, status: int | None = None) -> Iterator[str]:
    """Pages, on the loopback: the address below which `folder` is served.

    With `status` it answers with that, whatever is asked for.
    """
    handler = type("Handler", (_Handler,), {"status": status})
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder)))
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
