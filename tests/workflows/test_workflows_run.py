"""One straight run of each workflow, as a team's repository has it; and the ways off it, with a
program in the place of Stemsilver that only writes down how it is called.

A pull request takes models out of the profile, and loosens the rule by which it will be judged. It
is measured, commented on, and can be heard in a preview. Then a tag is released.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest
import yaml

from ..delivery.github_server import BOT, REPOSITORY, github_server, serving
from ..delivery.pull_requests import event
from ..delivery.pull_requests import pull as pull_request
from .runner import Job, Values, program, read, run_job
from .team import ADDRESS, Team, found, git

ROOT = Path(__file__).parents[2]
CANCELLED = {"conclusion": "cancelled"}
PLANTED = b"raise SystemExit('taken over')"
PLACES = (
    "index.html", "sitecustomize.py", "stemsilver/__init__.py", "config/embedded.yaml",
    ".github/actions/stemsilver/action.yml",
)  # fmt: skip


def propose(team: Team) -> Values:
    """The pull request, merged as a trial; GitHub's words for it."""
    git(team.repository, "checkout", "-q", "-B", "change", "main")
    path = team.repository / "config" / "embedded.yaml"
    profile = yaml.safe_load(path.read_text())
    profile["separation"]["models"] = [{"model_name": "spleeter-2stems"}]
    profile["enhancement"]["model_name"] = "none"
    profile["guardrail"] = dict.fromkeys(profile["guardrail"], 1.0)
    path.write_text(yaml.safe_dump(profile))
    commit = team.commit("change")
    git(team.repository, "checkout", "-q", "-B", "merge", "main")
    git(team.repository, "merge", "-q", "--no-ff", "-m", "Merge", "change")
    git(team.repository, "checkout", "-q", "main")
    asked = pull_request()
    asked["head"]["sha"] = commit
    return asked


def scorecard(team: Team, pull: Values) -> Job:
    """The run that measures the pull request."""
    merge = git(team.repository, "rev-parse", "merge")
    said = {"action": "opened", "pull_request": pull}
    return team.run("pr-scorecard", "scorecard", said, sha=merge)


def ended(pull: Values) -> Values:
    """The event that the run has ended."""
    said = event()
    said["workflow_run"] |= {"conclusion": "failure", "head_sha": pull["head"]["sha"]}
    return said


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    """The repository with `main`, where nothing was run yet."""
    with github_server() as server:
        yield found(tmp_path_factory.mktemp("team"), server)


@pytest.fixture(scope="module")
def pull(team: Team) -> Values:
    """The pull request of a stranger."""
    pull = propose(team)
    team.server.pulls = [pull]
    return pull


@pytest.fixture(scope="module")
def scored(team: Team, pull: Values) -> Job:
    """It is measured; then what was handed over gets more files than our code packs."""
    job = scorecard(team, pull)
    [number] = team.server.archives
    with ZipFile(team.folder / "artifact.zip", "w") as archive:
        artifact = job.workspace / "artifact"
        for path in artifact.rglob("*"):
            archive.write(path, path.relative_to(artifact))
        for name in PLACES:
            archive.writestr(name, PLANTED)
    team.server.archives[number] = (team.folder / "artifact.zip").read_bytes()
    return job


@pytest.fixture(scope="module")
def commented(team: Team, pull: Values, scored: Job) -> Job:
    """It is commented on."""
    team.server.pages_url = ADDRESS
    return team.run("pr-comment", "comment", ended(pull))


@pytest.fixture(scope="module")
def published(team: Team, pull: Values, scored: Job) -> Job:
    """The site is built with its preview."""
    with serving(lambda *_: 404) as team.pages_url:
        return team.run("pages", "build", ended(pull), event_name="workflow_run")


def test_a_pull_request_is_measured_beside_its_base(scored: Job) -> None:
    assert scored.result == "failure", scored.log  # by the guardrail, at the end
    assert {name: one["outcome"] for name, one in scored.steps.items()} == {
        "merge": "success", "base": "success", "head": "success", "diff": "success"
    }  # fmt: skip
    assert scored.steps["diff"]["outputs"] == {"code": "1"}
    assert "This change costs more than the guardrail allows" in scored.log
    assert "The guardrail fails: " in scored.summary
    claim = json.loads((scored.workspace / "artifact" / "pull_request.json").read_bytes())
    assert claim["number"] == 7
    assert list((scored.workspace / "artifact").rglob("*.flac"))
    assert (scored.folder / "installed").read_text().splitlines() == [
        "9 -m pip install --quiet --disable-pip-version-check --constraint constraints.txt "
        "-r requirements.txt"
    ] * 2


def test_its_comment_is_by_the_rule_of_main(team: Team, scored: Job, commented: Job) -> None:
    assert commented.result == "success", commented.log
    [comment] = team.server.comments
    assert comment["user"]["login"] == BOT
    # By its own rule it would not fail.
    assert "The guardrail fails: Music presence, mean." in comment["body"]
    assert f"({ADDRESS}previews/pr-7/)" in comment["body"]
    profile = (commented.workspace / "config" / "embedded.yaml").read_text()
    assert "deepfilternet3" in profile


def test_the_site_is_published_with_its_preview(team: Team, scored: Job, published: Job) -> None:
    assert published.result == "success", published.log
    assert "yet; the Trend begins with this build" in published.log
    assert scored.log.count("0 of 1 renders were already finished") == 2
    assert "1 of 1 renders were already finished" in published.log
    assert published.summary.startswith("# Scorecard")
    names = {path.name for path in team.deployed.iterdir()}
    assert {"index.html", "trend.html", "previews"} <= names
    assert list(team.deployed.glob("downloads/*.zip"))
    assert "one.wav" in (team.deployed / "previews" / "pr-7" / "index.html").read_text()
    assert list((team.deployed / "previews" / "pr-7").rglob("*.flac"))
    deploy = team.run("pages", "deploy", {})
    assert (deploy.result, deploy.log) == ("success", "")


def test_nothing_handed_over_is_run_or_published(
    team: Team, commented: Job, published: Job
) -> None:
    for job in (commented, published):
        assert "taken over" not in job.log
        assert job.used.count("actions/checkout") == 1
        assert git(job.workspace, "status", "--porcelain", "config", ".github") == ""
    for path in team.deployed.rglob("*"):
        assert not path.is_symlink()
        assert path.is_dir() or b"taken over" not in path.read_bytes()
        assert path.suffix != ".py"


def test_a_tag_is_released_from_nothing(team: Team) -> None:
    kept = dict(team.caches)
    (team.repository / "CHANGELOG.md").write_text("## 1.2.0 - 2026-05-01\nLouder.\n")
    sha = team.commit("tagged")
    tag = {"sha": sha, "ref_name": "v1.2.0", "repository": REPOSITORY}
    job = team.run("release", "build", {}, **tag)
    assert job.result == "success", job.log
    assert "0 of 1 renders were already finished" in job.log
    assert not any("cache" in name for name in job.used)
    assert team.caches == kept
    archive, packages = "stemsilver-release-v1.2.0.zip", "packages-v1.2.0.cdx.json"
    released = publish(team, tag, drafts=False)
    attested = list(team.attested)
    assert attested == [packages, archive, f"{archive}.sha256"]
    # Again, where the run before made its draft only; and there are attestations for nobody else.
    team.visibility = "private"
    publish(team, tag, drafts=True)
    assert team.attested == attested
    files = released.folder / "files"
    digest, told = (files / f"{archive}.sha256").read_text().split()
    content = (files / archive).read_bytes()
    assert (digest, told.lstrip("*")) == (hashlib.sha256(content).hexdigest(), archive)
    notes = (released.folder / "notes.md").read_text()
    assert notes.startswith("Louder.\n")
    assert "# Scorecard" in notes
    listed = json.loads((files / packages).read_bytes())
    assert listed["bomFormat"] == "CycloneDX"
    assert {"stemsilver", "numpy"} <= {one["name"] for one in listed["components"]}


def publish(team: Team, tag: Values, *, drafts: bool) -> Job:
    """Publish what was built; with `drafts`, a run before it has failed after making one."""
    gh = team.folder / "gh"
    program(
        gh,
        'echo "$2 $*" >> "$HOME/asked"\n[ -n "$GH_TOKEN" ] || exit 9\ncase "$2" in\n'
        f"view) exit {int(not drafts)} ;;\n"
        'create) cp release/notes.md "$HOME" ;;\nupload) cp -r release/files "$HOME" ;;\nesac',
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{team.folder}:{os.environ['PATH']}")
        job = team.run("release", "release", {}, **tag)
    assert job.result == "success", job.log
    assert "actions/checkout" not in job.used
    calls = [line.split() for line in (job.folder / "asked").read_text().splitlines()]
    # Nothing is added to a release that is published.
    assert [words[0] for words in calls] == ["view", *["create"] * (not drafts), "upload", "edit"]
    assert {"--draft", "--verify-tag"} <= set(calls[1]) or drafts
    assert calls[-1][-1] == "--draft=false"
    return job


def test_ci_calls_what_the_makefile_has() -> None:
    jobs = read(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]
    rooms = [step["run"] for step in jobs.pop("rooms")["steps"] if "run" in step]
    scripts = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    assert [script.split()[:2] for script in scripts] == [
        ["make", ".venv/.browser"], ["make", "test"], ["make", "check-lock"]
    ]  # fmt: skip
    for script in scripts:
        dry = script.replace("make ", "make --dry-run ").split()
        assert subprocess.run(dry, cwd=ROOT, capture_output=True, check=False).returncode == 0
    # Not everywhere is a make; every room that is named is there.
    named = ["bash", "-euc", f'python() {{ printf "%s\\n" "$@"; }}\n{rooms[-1]}']
    words = subprocess.run(named, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    paths = [word for word in words.split()[2:] if not word.startswith("-")]
    assert len(paths) > 10
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.fixture
def stubbed(tmp_path: Path) -> Iterator[Team]:
    """A repository whose Stemsilver writes its words down, and ends as `codes` says."""
    stub = tmp_path / "stub"
    stub.write_text(
        '#!/bin/sh\necho "$@" >> "$HOME/asked"\n'
        '[ "$1" = build-site ] && mkdir -p site report && touch site/index.html\n'
        "[ ! -d report ] || touch report/scorecard.md\n"
        f'code="$(grep -E "^($1|$2) $(basename "$PWD") " "{tmp_path}/codes" | cut -d " " -f 3)"\n'
        '[ "$1" = pull-request ] && mkdir artifact\n'
        '[ "${code:-0}" -lt 2 ] || rm -f site/index.html\n'
        'echo told; exit "${code:-0}"\n'
    )
    stub.chmod(0o755)
    (tmp_path / "codes").touch()
    with github_server() as server:
        (tmp_path / "team").mkdir()
        team = found(tmp_path / "team", server)
        team.stub = stub
        yield team


def asked(job: Job) -> list[list[str]]:
    """The words of each call of Stemsilver."""
    return [line.split() for line in (job.folder / "asked").read_text().splitlines()]


def test_a_base_that_cannot_be_built_leaves_the_head_alone(stubbed: Team) -> None:
    (stubbed.folder.parent / "codes").write_text("build-site base 3\n")
    pull = propose(stubbed)
    job = scorecard(stubbed, pull)
    assert job.result == "success", job.log
    assert {name: one["outcome"] for name, one in job.steps.items()} == {
        "merge": "success", "base": "failure", "head": "success", "diff": "skipped"
    }  # fmt: skip
    assert job.steps["base"]["outputs"]["exit-code"] == "3"
    words = asked(job)
    assert not any("--base" in one or "diff" in one for one in words)
    assert words[-1][:4] == ["pull-request", "pack", "base/report", "head/report"]
    assert words[-1][-1] == "--no-base"
    assert "this is its head alone" in job.summary
    # The same of a base that has no action yet.
    bare = git(stubbed.repository, "commit-tree", "main:raw", "-m", "Renders alone")
    merged = ("main^{tree}", "-p", bare, "-p", "change", "-m", "Merge")
    merge = git(stubbed.repository, "commit-tree", *merged)
    git(stubbed.repository, "branch", "-f", "merge", merge)
    job = scorecard(stubbed, pull)
    assert job.result == "success", job.log
    assert (job.steps["base"]["outcome"], job.steps["head"]["outcome"]) == ("skipped", "success")


@pytest.mark.parametrize(
    ("codes", "last", "said"),
    [
        ("build-site work 4\n", "build-site", "ended with exit code 4 and built no site"),
        ("check-site work 1\n", "check-site", ""),
        # A failed gate is no reason not to publish.
        ("build-site work 1\n", "", "::warning::A render or a gate failed"),
    ],
)
def test_what_fails_publishes_nothing(codes: str, last: str, said: str, stubbed: Team) -> None:
    (stubbed.folder.parent / "codes").write_text(codes)
    job = stubbed.run("pages", "build", {}, event_name="push")
    assert job.result == ("failure" if last else "success"), job.log
    assert not last or last in asked(job)[-1]
    assert said in job.log
    assert stubbed.deployed.is_dir() == (not last)


def test_without_a_requirement_the_action_installs_its_own_folder(stubbed: Team) -> None:
    folder = stubbed.folder / "a job"
    (folder / "work").mkdir(parents=True)
    for name in ("action.yml", "constraints.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / "work")
    job = Job(folder, {}, {"STUB": str(stubbed.stub)}, stubbed.actions())
    run_job(job, {"steps": [{"uses": "./", "with": {"command": "none"}}]})
    assert job.result == "success", job.log
    [installed] = (folder / "installed").read_text().splitlines()
    assert installed.startswith("8 -m pip install ")
    assert installed.endswith(f" --constraint constraints.txt {folder}/work")
    assert job.used == [f"actions/{one}" for one in ("setup-python", "cache/restore", "cache/save")]


def test_a_job_is_skipped_without_anything_to_do(stubbed: Team) -> None:
    for workflow, job, said in (
        ("pages", "build", {"workflow_run": {"event": "workflow_dispatch"}}),
        ("pr-comment", "comment", {"workflow_run": {"event": "push", "conclusion": "success"}}),
        ("pr-comment", "comment", {"workflow_run": {"event": "pull_request"} | CANCELLED}),
        ("pr-scorecard", "scorecard", {"action": "closed"}),
    ):
        done = stubbed.run(workflow, job, said, event_name="workflow_run")
        assert (done.result, done.log) == ("skipped", ""), workflow
