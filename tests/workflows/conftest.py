"""One story on one simulated GitHub, told once a session: every chapter is a fixture.

main publishes its site; a pull request makes the speech worse and is stopped; strangers forge what
they hand over; the pull request is mended; a fork says nothing new; the first renders come; a pull
request is closed; a tag is released.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
import yaml

from ..build.batches import write_batch
from .actions import store_artifact
from .github import GitHub, Run, served
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


@pytest.fixture(scope="session")
def github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitHub]:
    """The repository with main, before anything was run."""
    host = GitHub(tmp_path_factory.mktemp("github"))
    seed(host, host.folder / "clone")
    with served(host.deployed) as address:
        host.pages_url = address
        host.save("pages", {"html_url": ADDRESS})
        yield host


@pytest.fixture(scope="session")
def clone(github: GitHub) -> Path:
    """Where the engineer works."""
    return github.folder / "clone"


@pytest.fixture(scope="session")
def published(github: GitHub) -> Deployed:
    """main is pushed, and has no deployed site yet."""
    return deploy(github, github.push("pages", "refs/heads/main"))


@pytest.fixture(scope="session")
def worsened(github: GitHub, clone: Path, published: Deployed) -> Scored:
    """A pull request takes the denoiser and one separator out of the profile."""
    path = clone / "config" / "embedded.yaml"
    profile = yaml.safe_load(path.read_text())
    profile["separation"]["models"] = [{"model_name": "spleeter-2stems"}]
    profile["enhancement"]["model_name"] = "none"
    path.write_text(yaml.safe_dump(profile))
    return score(github, "opened", github.propose(1, commit(github, clone, "cheaper", "Faster")))


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


@dataclass(frozen=True)
class Forged:
    """What strangers hand over, each of the pull request of their number, and what comes of it."""

    pulls: dict[str, Values]
    comments: dict[str, Run]
    pages: Deployed
    said: list[Values]


@pytest.fixture(scope="session")
def forged(github: GitHub, worsened: Scored) -> Forged:
    """Five pull requests of strangers, whose runs hand over what no run of ours would."""
    artifact = github.load("artifacts")[-1]
    honest = (github.folder / "state" / f"artifact-{artifact['id']}.zip").read_bytes()
    pulls = {
        name: empty(github, number, fork=FORK)
        for number, name in enumerate(("number", "garbage", "bomb", "commands", "climbs"), 11)
    }

    def claim(name: str) -> bytes:
        pull = pulls[name]
        said = {"schema_version": 1, "number": pull["number"], "commit": pull["head"]["sha"]}
        return json.dumps(said).encode()

    handed_over = {
        "number": honest,  # which is pull request 1's
        "garbage": b"no ZIP at all",
        "bomb": archive({"pull_request.json": claim("bomb"), "zeros": bytes(200_000_000)}),
        "commands": archive(
            {
                "pull_request.json": claim("commands"),
                "head.json": b'{"\\n::error::taken over": 1}',
                "x\n::error::taken over\n": b"",
            }
        ),
        "climbs": archive({"pull_request.json": claim("climbs"), "../../../../index.html": b"x"}),
    }
    comments = {}
    for number, (name, content) in enumerate(handed_over.items(), 900):
        pull = pulls[name]
        store_artifact(github, number, pull["head"]["sha"], "scorecard", content)
        if name in ("number", "commands"):
            run = Run(number, "PR scorecard", "success", {})
            comments[name] = github.follow("pr-comment", run, pull)
    pages = deploy(github, github.follow("pages", worsened.run, worsened.pull))
    return Forged(pulls, comments, pages, github.load("comments"))


@pytest.fixture(scope="session")
def mended(github: GitHub, clone: Path, forged: Forged) -> Scored:
    """The first pull request takes its change back, and changes the README instead."""
    github.git("checkout", "--quiet", "main", folder=clone)
    with (clone / "README.md").open("a") as readme:
        readme.write("\nThank you.\n")
    pull = github.propose(1, commit(github, clone, "cheaper", "Only thanks"))
    return score(github, "synchronize", pull)


@pytest.fixture(scope="session")
def forked(github: GitHub, clone: Path, mended: Scored) -> Scored:
    """A fork has the same to say, in a run that may only read."""
    tree = github.git("rev-parse", "cheaper^{tree}", folder=github.origin)
    parent = ("-p", "main", "-m", "Thanks")
    theirs = github.git("commit-tree", tree, *parent, folder=github.origin)
    return score(github, "opened", github.propose(2, theirs, fork=FORK))


@pytest.fixture(scope="session")
def first_renders(github: GitHub, forked: Scored) -> Scored:
    """A pull request brings the first renders to a branch that has none."""
    return score(github, "opened", github.propose(3, github.head("main"), onto=START))


@dataclass(frozen=True)
class Closed:
    """The end of the first pull request, and of main without it."""

    scorecard: Run
    comment: Run
    pages: Deployed


@pytest.fixture(scope="session")
def closed(github: GitHub, first_renders: Scored) -> Closed:
    """The first pull request is merged, which closes it."""
    merge = github.git("rev-parse", "refs/pull/1/merge", folder=github.origin)
    github.git("update-ref", "refs/heads/main", merge, folder=github.origin)
    pull = github.close(1)
    run = github.pull_request("closed", pull)
    comment = github.follow("pr-comment", run, pull)
    return Closed(run, comment, deploy(github, github.follow("pages", run, pull)))


@pytest.fixture(scope="session")
def released(github: GitHub, closed: Closed) -> tuple[Run, Run]:
    """A tag is pushed, and its run is started once more."""
    github.git("update-ref", "refs/tags/v1.2.0", github.head("main"), folder=github.origin)
    first = github.push("release", "refs/tags/v1.2.0")
    return first, github.push("release", "refs/tags/v1.2.0")


@pytest.fixture(scope="session")
def checked(github: GitHub, released: tuple[Run, Run]) -> Run:
    """The tests, or a small file of them, run on a machine that has installed them before."""
    kept = github.folder / "kept"
    environment = kept / ".venv"
    environment.mkdir(parents=True)
    for name in ("bin", "lib", "pyvenv.cfg"):
        (environment / name).symlink_to(Path(sys.prefix) / name)
    for name in (".created", ".installed", ".installed-test"):
        (environment / name).touch()
    if (CHECKOUT / ".mypy_cache").is_dir():
        shutil.copytree(CHECKOUT / ".mypy_cache", kept / ".mypy_cache")
    github.kept = kept
    github.environment = {"PYTEST_ADDOPTS": "tests/test_layers.py"}
    return github.push("ci", "refs/heads/main")
