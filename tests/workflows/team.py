"""A team's repository on a GitHub of this machine, and the actions of others that it uses."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stemsilver.delivery.repository import initialise

from ..delivery.github_server import REPOSITORY, GitHubServer
from ..pipeline.batches import EPOCH, write_batch
from .runner import Action, Job, StepFailed, Values, read, run_job, set_up_python

ADDRESS = "https://team.github.io/batch/"


def git(folder: Path, *words: str) -> str:
    """Run git in a folder and return what it printed."""
    author = ["-c", "user.name=A", "-c", "user.email=a@example.invalid"]
    nothing = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    done = subprocess.run(
        ["git", *author, *words],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, **nothing, "GIT_COMMITTER_DATE": f"{EPOCH} +0000"},
    )
    return done.stdout.strip()


@dataclass
class Team:
    """The repository in `folder/repository`, with `main`, and the service around it."""

    folder: Path
    server: GitHubServer
    pages_url: str = ""
    visibility: str = "public"
    stub: Path | None = None
    caches: dict[str, Path] = field(default_factory=dict)
    artifacts: dict[str, Path] = field(default_factory=dict)
    attested: list[str] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)

    @property
    def repository(self) -> Path:
        """Its repository."""
        return self.folder / "repository"

    @property
    def deployed(self) -> Path:
        """What Pages serves."""
        return self.folder / "deployed"

    def commit(self, branch: str) -> str:
        """Commit everything to a branch; the commit."""
        git(self.repository, "checkout", "-q", "-B", branch)
        git(self.repository, "add", "--all")
        git(self.repository, "commit", "-q", "--allow-empty", "-m", branch)
        return git(self.repository, "rev-parse", "HEAD")

    def run(self, workflow: str, job: str, event: Values, **github: Any) -> Job:
        """Run a job of a workflow of `main`, with the rights that it asks for."""
        path = self.repository / ".github" / "workflows" / f"{workflow}.yml"
        spec = read(path)["jobs"][job]
        folder = self.folder / f"job-{len(self.jobs)}"
        self.server.rights = spec["permissions"]
        repository = {"full_name": REPOSITORY, "default_branch": "main"}
        event = {**event, "repository": {**repository, "visibility": self.visibility}}
        folder.mkdir()
        (folder / "event.json").write_text(json.dumps(event))
        contexts = {
            "github": {
                "event": event, "token": self.server.environment["GH_TOKEN"],
                "workspace": str(folder / "work"), **github,
            }
        }  # fmt: skip
        variables = {
            **self.server.environment,
            "GITHUB_EVENT_PATH": str(folder / "event.json"),
            "GITHUB_REF_NAME": str(github.get("ref_name", "main")),
            "MPLCONFIGDIR": str(self.folder / "matplotlib"),
            "OMP_NUM_THREADS": "1",
        }
        del variables["GH_TOKEN"]  # steps that need it name it in their `env`
        if self.stub:
            variables["STUB"] = str(self.stub)
        done = run_job(Job(folder, contexts, variables, self.actions()), spec)
        self.jobs.append(done)
        return done

    def actions(self) -> Mapping[str, Action]:
        """The actions of others."""
        return {
            "actions/checkout": self._checkout,
            "actions/setup-python": set_up_python,
            "actions/cache/restore": self._restore,
            "actions/cache/save": self._save,
            "actions/upload-artifact": self._hand_over,
            "actions/download-artifact": self._fetch,
            "actions/attest": self._attest,
            "actions/configure-pages": lambda *_: {"base_url": self.pages_url},
            "actions/upload-pages-artifact": self._upload,
            "actions/deploy-pages": lambda *_: {"page_url": ADDRESS},
        }

    def _checkout(self, job: Job, inputs: dict[str, str]) -> None:
        assert inputs["persist-credentials"] == "false"
        target = job.workspace / inputs.get("path", ".")
        git(job.folder, "clone", "-q", str(self.repository), str(target))
        git(target, "checkout", "-q", inputs.get("ref") or job.contexts["github"]["sha"])

    def _restore(self, job: Job, inputs: dict[str, str]) -> dict[str, str]:
        for wanted in (inputs["key"], *inputs["restore-keys"].split()):
            for key in reversed(self.caches):
                if key.startswith(wanted):
                    shutil.copytree(self.caches[key], inputs["path"], dirs_exist_ok=True)
                    hit = "true" if key == inputs["key"] else "false"
                    return {"cache-primary-key": inputs["key"], "cache-hit": hit}
        return {"cache-primary-key": inputs["key"]}

    def _save(self, job: Job, inputs: dict[str, str]) -> None:
        if Path(inputs["path"]).is_dir():
            kept = self.folder / f"cache-{len(self.caches)}"
            self.caches[inputs["key"]] = Path(shutil.copytree(inputs["path"], kept))

    def _hand_over(self, job: Job, inputs: dict[str, str]) -> None:
        if not (job.workspace / inputs["path"]).is_dir():
            raise StepFailed("No files were found with the provided path")
        if "pull_request" not in job.contexts["github"]["event"]:
            kept = self.folder / f"artifact-{len(self.artifacts)}"
            hidden = shutil.ignore_patterns(".*")  # which the action leaves out
            shutil.copytree(job.workspace / inputs["path"], kept, ignore=hidden)
            self.artifacts[inputs["name"]] = kept
            return
        commit = job.contexts["github"]["event"]["pull_request"]["head"]["sha"]
        self.server.hand_over(job.workspace / inputs["path"], commit)

    def _fetch(self, job: Job, inputs: dict[str, str]) -> None:
        shutil.copytree(self.artifacts[inputs["name"]], job.workspace / inputs["path"])

    def _attest(self, job: Job, inputs: dict[str, str]) -> None:
        found = sorted(path.name for path in job.workspace.glob(inputs["subject-path"]))
        if not found:
            raise StepFailed("Could not find subject at path")
        self.attested += found

    def _upload(self, job: Job, inputs: dict[str, str]) -> None:
        shutil.rmtree(self.deployed, ignore_errors=True)
        shutil.copytree(job.workspace / inputs["path"], self.deployed)


def found(folder: Path, server: GitHubServer) -> Team:
    """Make the repository, with one short render."""
    team = Team(folder, server)
    initialise(team.repository)
    write_batch(team.repository / "raw")
    shutil.rmtree(team.repository / "raw" / "sub")
    git(team.repository, "init", "-q", "-b", "main")
    team.commit("main")
    return team
