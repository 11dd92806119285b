"""Download the artifacts of pull requests from GitHub, and unpack them within size limits."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

from stemsilver.delivery.github import GitHub
from stemsilver.delivery.pull_request.artifact import forged_error

ARTIFACT = "scorecard"
"""The name of the artifact that the workflow uploads."""

MAX_PULLS = 30
"""The largest number of open pull requests that get previews: the last updated ones."""

_MAX_PACKED = 50_000_000
_MAX_UNPACKED = 100_000_000
_MAX_FILES = 1_000


def artifact_of_run(github: GitHub, run: int) -> int | None:
    """Return the id of a run's artifact, or None if there is none to fetch.

    Raises:
        EnvironmentFault: the request to GitHub failed.
    """
    fit = _downloadable(github.get(f"actions/runs/{run}/artifacts", name=ARTIFACT, per_page=1))
    return fit[0]["id"] if fit else None


def artifacts_of_open_pulls(github: GitHub) -> dict[int, int]:
    """Return the id of the newest artifact of each open pull request's last commit.

    The keys are the pull requests' numbers, the last updated first. Two pull requests can have the
    same commit, so the caller must compare the claim in the artifact with the number.

    Raises:
        EnvironmentFault: a request to GitHub failed.
    """
    pulls = github.get("pulls", state="open", sort="updated", direction="desc", per_page=MAX_PULLS)
    newest: dict[str, int] = {}
    for one in _downloadable(github.get("actions/artifacts", name=ARTIFACT, per_page=100)):
        newest.setdefault(one["workflow_run"]["head_sha"], one["id"])
    heads = {pull["number"]: pull["head"]["sha"] for pull in pulls or ()}
    return {number: newest[sha] for number, sha in heads.items() if sha in newest}


def fetch(github: GitHub, artifact_id: int, folder: Path) -> None:
    """Download an artifact, and unpack it into `folder`.

    Raises:
        EnvironmentFault: the download failed, or the artifact is too large.
        UsageError: as in `unpack`.
    """
    with TemporaryDirectory() as temporary:
        archive = Path(temporary, "artifact.zip")
        github.download(f"actions/artifacts/{artifact_id}/zip", archive, _MAX_PACKED)
        unpack(archive, folder)


def unpack(archive: Path, folder: Path) -> None:
    """Unpack an untrusted ZIP into `folder`: no file is written outside it, and none is a link.

    Raises:
        UsageError: the ZIP has too many files, is too large, or is damaged.
    """
    try:
        with ZipFile(archive) as packed:
            entries = packed.infolist()
            size = sum(entry.file_size for entry in entries)
            if len(entries) <= _MAX_FILES and size <= _MAX_UNPACKED:
                packed.extractall(folder)
                return
    except Exception as error:
        # A crafted ZIP can cause any exception class, and the message may quote the ZIP.
        raise forged_error(f"its archive cannot be unpacked ({type(error).__name__})") from error
    raise forged_error("its archive is too large to be a scorecard")


def _downloadable(answer: Any) -> list[Any]:
    """Return the artifacts of an API answer that are not expired and not too large."""
    return [
        one
        for one in answer["artifacts"]
        if not one["expired"] and one["size_in_bytes"] <= _MAX_PACKED
    ]
