"""The few actions of others that the workflows use, doing on this machine what they do there."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .runner import Job, StepFailed, WorkflowError

if TYPE_CHECKING:
    from .github import GitHub

Inputs = dict[str, str]
Outputs = dict[str, str]


def run(github: GitHub, job: Job, name: str, inputs: Inputs) -> Outputs:
    """Run an action by its name.

    Raises:
        WorkflowError: the action, or one of the inputs, is not known here.
        StepFailed: it fails as it would there.
    """
    if name not in _ACTIONS:
        raise WorkflowError(f"{name} is unknown to this runner")
    action, allowed = _ACTIONS[name]
    if unknown := set(inputs) - allowed:
        raise WorkflowError(f"{name} has no input {sorted(unknown)}, or none known here")
    return action(github, job, inputs)


def need(job: Job, right: str, level: str) -> None:
    """Fail unless the job's token has a right.

    Raises:
        StepFailed: it has not.
    """
    if job.rights.get(right) not in {"read": ("read", "write"), "write": ("write",)}[level]:
        raise StepFailed(f"Resource not accessible by integration: {right}: {level}")


def _checkout(github: GitHub, job: Job, inputs: Inputs) -> Outputs:
    need(job, "contents", "read")
    target = job.workspace / inputs.get("path", ".")
    if not (target / ".git").exists():
        shutil.rmtree(target, ignore_errors=True)
    target.mkdir(exist_ok=True)
    ref = inputs.get("ref") or job.contexts["github"]["sha"]
    github.git("init", "--quiet", folder=target)
    github.git("remote", "add", "origin", f"file://{github.origin}", folder=target)
    depth = f"--depth={inputs.get('fetch-depth', '1')}"
    try:
        github.git("fetch", "--quiet", depth, "origin", ref, folder=target)
    except subprocess.CalledProcessError as error:
        raise StepFailed(str(error.stderr)) from error
    github.git("checkout", "--quiet", "--detach", "FETCH_HEAD", folder=target)
    if github.kept:
        shutil.copytree(github.kept, target, symlinks=True, dirs_exist_ok=True)
    return {"commit": github.git("rev-parse", "HEAD", folder=target)}


def _setup_python(github: GitHub, job: Job, inputs: Inputs) -> Outputs:
    if path := inputs.get("cache-dependency-path"):
        assert (job.workspace / path).is_file(), f"no file {path} to make a key of"
    tools = job.temporary / "python"
    tools.mkdir(exist_ok=True)
    program = tools / "python"
    # There is no index to install from: an environment made here sees the packages of this one,
    # pip among them, and what is installed into it comes first.
    packages = f"{sys.prefix}/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
    assert Path(packages).is_dir()
    program.write_text(
        "#!/usr/bin/env bash\n"
        "set -e\n"
        'if [ "$1 $2" = "-m venv" ]; then\n'
        f'  "{sys.executable}" -m venv --without-pip "$3"\n'
        '  for folder in "$3"/lib/python3*/site-packages; do\n'
        f'    echo "{packages}" > "$folder/here.pth"\n'
        "  done\n"
        "else\n"
        f'  exec "{sys.executable}" "$@"\n'
        "fi\n"
    )
    program.chmod(0o755)
    job.path.append(str(tools))
    return {"python-version": platform.python_version()}


# --- caches


def _caches(github: GitHub) -> Path:
    folder = github.folder / "caches"
    folder.mkdir(exist_ok=True)
    return folder


def _cached(github: GitHub, job: Job) -> list[dict[str, str]]:
    """What this job may see, newest first: what its own ref has kept, then what main has."""
    ref = job.contexts["github"]["ref"]
    entries = list(reversed(github.load("caches") or []))
    own = [entry for entry in entries if entry["ref"] == ref]
    return own + [entry for entry in entries if entry["ref"] == "refs/heads/main" != ref]


def _cache_restore(github: GitHub, job: Job, inputs: Inputs) -> Outputs:
    key, visible = inputs["key"], _cached(github, job)
    assert key and len(key) <= 512 and "," not in key
    outputs = {"cache-primary-key": key, "cache-hit": "", "cache-matched-key": ""}
    for wanted in [key, *inputs.get("restore-keys", "").split()]:
        exact = [entry for entry in visible if entry["key"] == wanted]
        found = exact or [entry for entry in visible if entry["key"].startswith(wanted)]
        if found:
            [path] = inputs["path"].splitlines()
            shutil.copytree(_caches(github) / found[0]["folder"], path, dirs_exist_ok=True)
            hit = "true" if found[0]["key"] == key else "false"
            return {**outputs, "cache-hit": hit, "cache-matched-key": found[0]["key"]}
    return outputs


def _cache_save(github: GitHub, job: Job, inputs: Inputs) -> Outputs:
    [path] = inputs["path"].splitlines()
    ref, entries = job.contexts["github"]["ref"], github.load("caches") or []
    taken = any((entry["key"], entry["ref"]) == (inputs["key"], ref) for entry in entries)
    if taken or not Path(path).is_dir():
        job.commands.append(("warning", f"Cache save failed: {inputs['key']}"))
        return {}
    folder = str(len(entries))
    shutil.copytree(path, _caches(github) / folder)
    github.save("caches", [*entries, {"key": inputs["key"], "ref": ref, "folder": folder}])
    return {}


# --- artifacts


def store_artifact(github: GitHub, run: int, commit: str, name: str, archive: bytes) -> int:
    """Keep an artifact of a run; every number is higher than those before."""
    artifacts = github.load("artifacts") or []
    entry = {
        "id": 500 + len(artifacts),
        "name": name,
        "size_in_bytes": len(archive),
        "expired": False,
        "workflow_run": {"id": run, "head_sha": commit},
    }
    (github.folder / "state" / f"artifact-{entry['id']}.zip").write_bytes(archive)
    github.save("artifacts", [*artifacts, entry])
    return int(str(entry["id"]))


def _files(folder: Path) -> list[Path]:
    """Every file that an artifact takes: hidden ones it leaves out."""
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]


def _upload_artifact(github: GitHub, job: Job, inputs: Inputs) -> Outputs:
    folder = job.workspace / inputs["path"]
    files = _files(folder)
    if not files:
        if inputs.get("if-no-files-found") == "error":
            raise StepFailed(f"No files were found with the provided path: {inputs['path']}")
        return {}
    archive = job.temporary / "artifact.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in files:
            packed.write(path, path.relative_to(folder))
    event = job.contexts["github"]["event"]
    commit = event["pull_request"]["head"]["sha"]
    run = int(job.contexts["github"]["run_id"])
    stored = store_artifact(github, run, commit, inputs["name"], archive.read_bytes())
    return {"artifact-id": str(stored)}


def _download_artifact(github: GitHub, job: Job, inputs: Inputs) -> Outputs:
    need(job, "actions", "read")
    assert json.loads(inputs["github-token"])["rights"] == job.rights
    for artifact in reversed(github.load("artifacts") or []):
        run = str(artifact["workflow_run"]["id"])
        if (artifact["name"], run) == (inputs["name"], inputs["run-id"]):
            source = github.folder / "state" / f"artifact-{artifact['id']}.zip"
            with zipfile.ZipFile(source) as packed:
                packed.extractall(inputs["path"])
            return {"download-path": inputs["path"]}
    raise StepFailed("Unable to download artifact(s): Artifact not found")


# --- Pages


def _configure_pages(github: GitHub, job: Job, inputs: Inputs) -> Outputs:
    need(job, "pages", "read")
    return {"base_url": github.pages_url.rstrip("/")}


def _upload_pages_artifact(github: GitHub, job: Job, inputs: Inputs) -> Outputs:
    folder = job.workspace / inputs["path"]
    for path in folder.rglob("*"):
        if path.is_symlink() or (path.is_file() and path.stat().st_nlink > 1):
            raise StepFailed(f"{path} is a link")
    with tarfile.open(_pages_artifact(github, job), "w") as archive:
        for path in _files(folder):
            archive.add(path, path.relative_to(folder))
    return {"artifact_id": "1"}


def _deploy_pages(github: GitHub, job: Job, inputs: Inputs) -> Outputs:
    need(job, "pages", "write")
    need(job, "id-token", "write")
    # The folder itself stays: it is being served.
    for entry in os.scandir(github.deployed):
        shutil.rmtree(entry.path) if entry.is_dir() else os.unlink(entry.path)
    with tarfile.open(_pages_artifact(github, job)) as archive:
        # The oldest Pythons promised have no filter; what is in it was checked when made.
        safe: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        archive.extractall(github.deployed, **safe)
    return {"page_url": github.pages_url}


def _pages_artifact(github: GitHub, job: Job) -> Path:
    return github.folder / f"pages-{job.contexts['github']['run_id']}.tar"


_CACHE = {"path", "key"}
_ACTIONS: dict[str, tuple[Callable[[GitHub, Job, Inputs], Outputs], set[str]]] = {
    "actions/checkout": (_checkout, {"ref", "path", "fetch-depth", "lfs", "persist-credentials"}),
    "actions/setup-python": (_setup_python, {"python-version", "cache", "cache-dependency-path"}),
    "actions/cache/restore": (_cache_restore, {*_CACHE, "restore-keys"}),
    "actions/cache/save": (_cache_save, _CACHE),
    "actions/upload-artifact": (
        _upload_artifact,
        {"name", "path", "retention-days", "if-no-files-found"},
    ),
    "actions/download-artifact": (_download_artifact, {"name", "path", "run-id", "github-token"}),
    "actions/configure-pages": (_configure_pages, set()),
    "actions/upload-pages-artifact": (_upload_pages_artifact, {"path"}),
    "actions/deploy-pages": (_deploy_pages, set()),
}
