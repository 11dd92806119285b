"""Downloads from GitHub what pull requests handed over, and unpacks it within limits."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

from stemsilver.delivery.github import GitHub
from stemsilver.delivery.pull_request.artifact import forged

ARTIFACT = "scorecard"
"""The name under which the workflow uploads the folder."""

MAX_PULLS = 30
"""Open pull requests that are looked at: those changed last."""

_MAX_PACKED = 50_000_000
_MAX_UNPACKED = 100_000_000
_MAX_FILES = 1_000


def artifact_of_run(github: GitHub, run: int) -> int | None:
    """The number of the artifact of a run; None if there is none to fetch.

    Raises:
        EnvironmentFault: GitHub refuses.
    """
    fit = _fit(github.get(f"actions/runs/{run}/artifacts", name=ARTIFACT, per_page=1))
    return fit[0]["id"] if fit else None


def artifacts_of_open_pulls(github: GitHub) -> dict[int, int]:
    """The newest artifact of each open pull request's last commit, by the pull request's number.

    The pull requests changed last come first. Two pull requests can have the same commit, so the
    claim in the artifact still has to be compared with the number.

    Raises:
        EnvironmentFault: GitHub refuses.
    """
    pulls = github.get("pulls", state="open", sort="updated", direction="desc", per_page=MAX_PULLS)
    newest: dict[str, int] = {}
    for one in _fit(github.get("actions/artifacts", name=ARTIFACT, per_page=100)):
        newest.setdefault(one["workflow_run"]["head_sha"], one["id"])
    heads = {pull["number"]: pull["head"]["sha"] for pull in pulls or ()}
    return {number: newest[sha] for number, sha in heads.items() if sha in newest}


def fetch(github: GitHub, artifact: int, folder: Path) -> None:
    """Download an artifact, and unpack it into `folder`.

    Raises:
        EnvironmentFault: GitHub refuses, or it is larger than any of ours.
        UsageError: as `unpack`.
    """
    with TemporaryDirectory() as temporary:
        archive = Path(temporary, "artifact.zip")
        github.download(f"actions/artifacts/{artifact}/zip", archive, _MAX_PACKED)
        unpack(archive, folder)


def unpack(archive: Path, folder: Path) -> None:
    """Unpack an untrusted archive: its files end up in `folder`, and none of them is a link.

    Raises:
        UsageError: it holds too much, or it is damaged.
    """
    try:
        with ZipFile(archive) as packed:
            entries = packed.infolist()
            size = sum(entry.file_size for entry in entries)
            if len(entries) <= _MAX_FILES and size <= _MAX_UNPACKED:
                packed.extractall(folder)
                return
    except Exception as error:
        # What a crafted archive makes zipfile raise has no common class, and may quote the archive.
        raise forged(f"its archive cannot be unpacked ({type(error).__name__})") from error
    raise forged("its archive is too large to be a scorecard")


def _fit(answer: Any) -> list[Any]:
    """The artifacts of an answer that can be fetched and are not too large."""
    return [
        one
        for one in answer["artifacts"]
        if not one["expired"] and one["size_in_bytes"] <= _MAX_PACKED
    ]
