"""The workflows that publish Stemsilver itself: the package is built and checked for real, what is
installed from a registry or run by Docker is written down.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.utils import parse_sdist_filename, parse_wheel_filename

from stemsilver import __version__

from ..delivery.github_server import github_server
from .runner import Action, Job, Values, program, read
from .team import Team, git

ROOT = Path(__file__).parents[2]
TAG = {"ref_name": f"v{__version__}", "ref_type": "tag", "event_name": "push"}
NOT_COPIED = shutil.ignore_patterns(
    ".*cache", ".git", ".hypothesis", ".stemsilver", ".venv", "__pycache__", "bakeoff", "dist",
    "proceed", "report", "site", "tests",
)  # fmt: skip


class Own(Team):
    """This repository, and what its workflows publish."""

    published: Mapping[str, Path]

    @property
    def repository(self) -> Path:
        """Its repository."""
        return ROOT

    def actions(self) -> Mapping[str, Action]:
        """The actions of others."""
        docker = ("setup-buildx-action", "setup-qemu-action", "login-action", "build-push-action")
        return {
            **super().actions(),
            "pypa/gh-action-pypi-publish": self._publish,
            "docker/metadata-action": lambda *_: {"tags": "image:1", "labels": ""},
            **{f"docker/{name}": lambda *_: {"digest": "sha256:0"} for name in docker},
        }

    def _checkout(self, job: Job, inputs: dict[str, str]) -> None:
        assert inputs["persist-credentials"] == "false"
        target = job.workspace / inputs.get("path", ".")
        shutil.copytree(ROOT, target, ignore=NOT_COPIED, dirs_exist_ok=True)
        git(target, "init", "-q")
        git(target, "add", "pyproject.toml")
        git(target, "commit", "-q", "-m", "main")

    def _publish(self, job: Job, inputs: dict[str, str]) -> None:
        where = inputs.get("repository-url", "PyPI")
        self.published = {where: job.workspace / "dist"}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Own]:
    folder = tmp_path_factory.mktemp("own")
    program(folder / "stub", 'echo "$@" >> "$HOME/asked"; [ "$1" != build-site ] || mkdir site')
    with github_server() as server:
        yield Own(folder, server, stub=folder / "stub")


@pytest.fixture(scope="module")
def built(own: Own) -> Job:
    """The package, as a tag builds it."""
    return own.run("publish", "build", {}, **TAG)


def test_a_tag_builds_one_package_that_passes_its_checks(own: Own, built: Job) -> None:
    assert built.result == "success", built.log
    assert built.log.count("PASSED") == 2
    assert "OK" in built.log
    archive, wheel = sorted(own.artifacts["dist"].iterdir(), key=lambda path: path.suffix)
    assert str(parse_sdist_filename(archive.name)[1]) == __version__
    assert str(parse_wheel_filename(wheel.name)[1]) == __version__
    assert ZipFile(wheel).testzip() is None


def test_a_tag_that_is_not_the_version_builds_nothing(own: Own) -> None:
    job = own.run("publish", "build", {}, **(TAG | {"ref_name": "v0.0.1"}))
    assert job.result == "failure"
    assert (
        f"::error::The tag is v0.0.1, and the version of the package is {__version__}." in job.log
    )
    assert not (job.workspace / "dist").exists()


def test_the_wheel_is_tried_away_from_its_source_on_every_system(own: Own, built: Job) -> None:
    job = own.run("publish", "try", {}, **TAG)
    assert job.result == "success", job.log
    assert (job.folder / "asked").read_text().splitlines() == [
        "doctor", "build-site", "ci check-site site", f"ci release-notes v{__version__}"
    ]  # fmt: skip
    [installed] = (job.folder / "installed").read_text().splitlines()
    assert installed.endswith(f"-constraint source/constraints.txt dist/{wheel_of(own).name}")
    renders = (job.workspace / "batch" / "raw").glob("*.wav")
    assert len([path for path in renders if path.with_suffix(".txt").is_file()]) == 2
    systems = spec("publish", "try")["strategy"]["matrix"]["system"]
    assert [name.partition("-")[0] for name in systems] == ["ubuntu", "macos", "windows"]


def wheel_of(own: Own) -> Path:
    [wheel] = own.artifacts["dist"].glob("*.whl")
    return wheel


def spec(workflow: str, job: str) -> Values:
    return dict(read(ROOT / ".github" / "workflows" / f"{workflow}.yml")["jobs"][job])


def test_what_was_tried_is_published_and_by_hand_to_the_test_index_alone(
    own: Own, built: Job
) -> None:
    by_hand = {"ref_type": "branch", "event_name": "workflow_dispatch"}
    for said, ran, index in (
        (TAG, "publish", "PyPI"),
        (by_hand, "publish-test", "https://test.pypi.org/legacy/"),
        (TAG | by_hand | {"ref_type": "tag"}, "publish-test", "https://test.pypi.org/legacy/"),
    ):
        own.published, own.attested = {}, []
        jobs = {name: own.run("publish", name, {}, **said) for name in ("publish", "publish-test")}
        assert {name for name, job in jobs.items() if job.result == "success"} == {ran}
        [(where, files)] = own.published.items()
        assert where == index
        assert (files / wheel_of(own).name).read_bytes() == wheel_of(own).read_bytes()
        assert bool(own.attested) == (ran == "publish")
    for name, place in (("publish", "pypi"), ("publish-test", "testpypi")):
        # A job with an identity runs no script, and no code of this repository.
        assert all("run" not in step for step in spec("publish", name)["steps"])
        assert spec("publish", name)["needs"] == "try"
        assert spec("publish", name)["environment"] == place


def test_the_image_builds_a_site_without_network_rights_or_a_place_to_write(own: Own) -> None:
    job_folder = own.folder / f"job-{len(own.jobs)}"
    docker = own.folder / "bin"
    docker.mkdir()
    program(
        docker / "docker",
        'echo "$@" >> "$HOME/asked"\n[ "$1" = run ] || { echo image; exit; }\n'
        "mkdir -p batch/site batch/proceed\n"
        "touch batch/site/index.html batch/proceed/library_notice__speech_only.wav",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(docker), prepend=":")
        job = own.run("container", "try", {}, event_name="push", ref_type="branch")
    assert job.result == "success", job.log
    run, saved = (job_folder / "asked").read_text().splitlines()
    for word in ("--network none", "--read-only", "--tmpfs /tmp", "--cap-drop all", "--user "):
        assert word in run
    assert saved == "save stemsilver:try"
    assert "MB to pull" in job.summary
    assert len(list((job.workspace / "batch" / "raw").iterdir())) == 4


def test_an_image_is_pushed_by_a_tag_alone(own: Own) -> None:
    for said in (
        {"ref_type": "branch", "event_name": "push"},
        TAG | {"event_name": "workflow_dispatch"},
    ):
        assert own.run("container", "push", {}, **said).result == "skipped"
    image = spec("container", "push")
    assert image["needs"] == "try"
    inputs = {step["uses"].partition("@")[0]: step.get("with", {}) for step in image["steps"]}
    assert inputs["docker/build-push-action"]["platforms"] == "linux/amd64,linux/arm64"
    assert inputs["actions/attest"]["subject-digest"] == "${{ steps.image.outputs.digest }}"
