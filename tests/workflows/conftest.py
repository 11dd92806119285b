"""One story on one simulated GitHub, told once a session: every chapter is a fixture.

main publishes its site; a pull request makes the speech worse and is stopped; strangers forge what
they hand over; the pull request is mended; a fork brings renders to a branch without any; another
one brings the action to a branch without it; the first one is merged; a tag is released; the tests
are run.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from .actions import store_artifact
from .github import GitHub, Run, served
from .story import (
    ADDRESS,
    CHECKOUT,
    FORK,
    START,
    Closed,
    Deployed,
    Forged,
    Released,
    Scored,
    archive,
    commit,
    deploy,
    empty,
    score,
    seed,
)

WITHOUT_REGISTRY = '''\
"""Stands in for the script that resolves the pins, which takes a registry."""

import sys

print("lock.py", *sys.argv[1:])
'''


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


@pytest.fixture(scope="session")
def forged(github: GitHub, worsened: Scored) -> Forged:
    """Four pull requests of strangers, whose runs hand over what no run of ours would."""
    artifact = github.load("artifacts")[-1]
    honest = (github.folder / "state" / f"artifact-{artifact['id']}.zip").read_bytes()
    names = ("number", "garbage", "bomb", "commands")
    pulls = {name: empty(github, number, fork=FORK) for number, name in enumerate(names, 11)}

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
                "head.json": b'{"\n::error::taken over": 1}',
                "x\n::error::taken over\n": b"",
                "../../../../index.html": b"taken over",
            }
        ),
    }
    for number, (name, content) in enumerate(handed_over.items(), 900):
        store_artifact(github, number, pulls[name]["head"]["sha"], "scorecard", content)
    run = Run(900, "PR scorecard", "success", {})
    comment = github.follow("pr-comment", run, pulls["number"])
    comments = github.load("comments")
    pages = deploy(github, github.follow("pages", worsened.run, worsened.pull))
    for pull in pulls.values():
        github.close(pull["number"])
    return Forged(pulls, comment, comments, pages)


@pytest.fixture(scope="session")
def mended(github: GitHub, clone: Path, forged: Forged) -> Scored:
    """The first pull request takes its change back, and changes the README instead."""
    github.git("checkout", "--quiet", "main", folder=clone)
    with (clone / "README.md").open("a") as readme:
        readme.write("\nThank you.\n")
    pull = github.propose(1, commit(github, clone, "cheaper", "Only thanks"))
    return score(github, "synchronize", pull)


@pytest.fixture(scope="session")
def overtaken(github: GitHub, worsened: Scored, mended: Scored) -> Run:
    """The comment on the first commit starts late, when the second is there."""
    return github.follow("pr-comment", worsened.run, worsened.pull)


@pytest.fixture(scope="session")
def first_renders(github: GitHub, overtaken: Run) -> Scored:
    """A fork, whose run may only read, brings the first renders to a branch that has none."""
    return score(github, "opened", github.propose(2, github.head("main"), fork=FORK, onto=START))


@pytest.fixture(scope="session")
def action_first(github: GitHub, clone: Path, first_renders: Scored) -> Run:
    """A pull request brings the action to a branch that has only the renders."""
    github.git("checkout", "--quiet", "--orphan", "bare", folder=clone)
    github.git("rm", "--quiet", "--cached", "-r", ".", folder=clone)
    github.git("add", "raw", folder=clone)
    github.git("commit", "--quiet", "--message", "Renders", folder=clone)
    github.git("push", "--quiet", "origin", "HEAD:refs/heads/bare", folder=clone)
    tree = github.git("rev-parse", "main^{tree}", folder=github.origin)
    parent = ("-p", "bare", "-m", "All the rest")
    theirs = github.git("commit-tree", tree, *parent, folder=github.origin)
    return github.pull_request("opened", github.propose(4, theirs, onto="bare"))


@pytest.fixture(scope="session")
def closed(github: GitHub, action_first: Run) -> Closed:
    """The first pull request is merged, which closes it."""
    merge = github.git("rev-parse", "refs/pull/1/merge", folder=github.origin)
    github.git("update-ref", "refs/heads/main", merge, folder=github.origin)
    pull = github.close(1)
    run = github.pull_request("closed", pull)
    comment = github.follow("pr-comment", run, pull)
    return Closed(run, comment, deploy(github, github.follow("pages", run, pull)))


@pytest.fixture(scope="session")
def released(github: GitHub, closed: Closed) -> Released:
    """A tag is pushed; its run is started once more, on a machine that kept the finished work."""
    github.git("update-ref", "refs/tags/v1.2.0", github.head("main"), folder=github.origin)
    done = Released([], [])
    for _ in range(2):
        run = github.push("release", "refs/tags/v1.2.0")
        folder = github.folder / "state" / "releases" / "v1.2.0"
        done.runs.append(run)
        done.files.append({path.name: path.read_bytes() for path in folder.iterdir()})
        github.kept = github.folder / "finished"
        work = run.jobs["release"].workspace / ".stemsilver"
        shutil.copytree(work, github.kept / ".stemsilver", dirs_exist_ok=True)
    github.kept = None
    return done


@pytest.fixture(scope="session")
def checked(github: GitHub, released: Released) -> Run:
    """The tests, or a small file of them, run on a machine that has installed them before."""
    kept = github.folder / "kept"
    environment = kept / ".venv"
    environment.mkdir(parents=True)
    for name in ("bin", "lib", "pyvenv.cfg"):
        (environment / name).symlink_to(Path(sys.prefix) / name)
    stamps = (".created", ".installed", ".installed-test", ".installed-studio", ".installed-lock")
    for name in (*stamps, ".browser"):
        (environment / name).touch()
        # Newer than anything that is checked out later.
        os.utime(environment / name, (2**32, 2**32))
    (kept / "tools").mkdir()
    (kept / "tools" / "lock.py").write_text(WITHOUT_REGISTRY)
    if (CHECKOUT / ".mypy_cache").is_dir():
        shutil.copytree(CHECKOUT / ".mypy_cache", kept / ".mypy_cache")
    github.kept = kept
    github.environment = {"PYTEST_ADDOPTS": "tests/dsp/test_masks.py"}
    return github.push("ci", "refs/heads/main")
