"""What the story of these tests is told with; `conftest.py` tells it."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from ..pipeline.batches import write_batch
from .github import GitHub, Run
from .runner import Values

CHECKOUT = Path(__file__).parents[2]
FORK = "passer-by/stemsilver"
ADDRESS = "https://quiet-voices.github.io/stemsilver/"
START = "start"


@dataclass(frozen=True)
class Scored:
    """A pull request at one commit, the run of its scorecard, and the run that comments on it."""

    pull: Values
    run: Run
    comment: Run
    comments: list[Values]


@dataclass(frozen=True)
class Deployed:
    """A run of Pages, and a copy of what was deployed after it."""

    run: Run
    site: Path

    @property
    def history(self) -> list[Any]:
        """The builds that the deployed site remembers."""
        found = json.loads((self.site / "downloads" / "history.json").read_bytes())
        return list(found["records"])

    @property
    def previews(self) -> set[str]:
        """The pull requests that can be listened to."""
        return {path.parent.name for path in self.site.glob("previews/*/index.html")}


@dataclass(frozen=True)
class Forged:
    """What strangers hand over, each of a pull request of theirs, and what comes of it."""

    pulls: dict[str, Values]
    comment: Run
    comments: list[Values]
    pages: Deployed


@dataclass(frozen=True)
class Closed:
    """The end of the first pull request, and of main without it."""

    scorecard: Run
    comment: Run
    pages: Deployed


@dataclass(frozen=True)
class Released:
    """Two runs for one tag, and the files of its release after each."""

    runs: list[Run]
    files: list[dict[str, bytes]]


def commit(github: GitHub, clone: Path, branch: str, message: str) -> str:
    """Commit everything in the clone and push it to a branch."""
    github.git("checkout", "--quiet", "-B", branch, folder=clone)
    github.git("add", "--all", folder=clone)
    github.git("commit", "--quiet", "--message", message, folder=clone)
    github.git("push", "--quiet", "--force", "origin", f"HEAD:refs/heads/{branch}", folder=clone)
    return github.head(branch)


def seed(github: GitHub, clone: Path) -> None:
    """Push this checkout as it stands, with a batch of two short renders, to main.

    The branch `start` has it without any render.
    """
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=CHECKOUT,
        check=True,
        capture_output=True,
        text=True,
    )
    github.git("clone", "--quiet", str(github.origin), str(clone))
    for name in filter(None, listed.stdout.split("\0")):
        source, target = CHECKOUT / name, clone / name
        if source.is_file() and not name.startswith("raw/"):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    (clone / "raw").mkdir()
    (clone / "raw" / "README.md").write_text("Renders go here.\n")
    commit(github, clone, START, "Everything but the batch")
    write_batch(clone / "raw")
    commit(github, clone, "main", "The batch")


def deploy(github: GitHub, run: Run) -> Deployed:
    """What is deployed after a run, kept for looking at."""
    return Deployed(run, Path(shutil.copytree(github.deployed, github.folder / f"site-{run.id}")))


def score(github: GitHub, action: str, pull: Values) -> Scored:
    """Run both workflows of a pull request."""
    run = github.pull_request(action, pull)
    comment = github.follow("pr-comment", run, pull)
    return Scored(pull, run, comment, github.load("comments") or [])


def empty(github: GitHub, number: int, *, fork: str | None = None) -> Values:
    """A pull request that changes nothing, for somebody to hand something else over for."""
    tree = github.git("rev-parse", "main^{tree}", folder=github.origin)
    parent = ("-p", "main", "-m", f"Nothing {number}")
    return github.propose(
        number, github.git("commit-tree", tree, *parent, folder=github.origin), fork=fork
    )


def archive(files: dict[str, bytes]) -> bytes:
    """A ZIP of some files."""
    target = BytesIO()
    with ZipFile(target, "w", ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return target.getvalue()
