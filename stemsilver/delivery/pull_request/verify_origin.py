"""Verify against GitHub's own data that an artifact belongs to the pull request it claims."""

from __future__ import annotations

from pathlib import Path

from stemsilver.delivery.pull_request.artifact import Claim, forged_error
from stemsilver.errors import NothingToDo
from stemsilver.report.untrusted import UntrustedModel, read_json

_MAX_ANSWER_BYTES = 30_000_000  # GitHub sends no larger event
_STALE = "Nothing to do: a newer run will comment, or no comment is needed."


class _Repository(UntrustedModel):
    full_name: str


class _Run(UntrustedModel):
    event: str
    head_sha: str
    # None if the fork was deleted.
    head_repository: _Repository | None


class _Event(UntrustedModel):
    """A `workflow_run` event."""

    workflow_run: _Run
    repository: _Repository


class FinishedRun(UntrustedModel):
    """The run of a `workflow_run` event: its id, and the URL of its page."""

    id: int
    html_url: str


class _Finished(UntrustedModel):
    workflow_run: FinishedRun


class _Head(UntrustedModel):
    sha: str
    repo: _Repository | None


class _Base(UntrustedModel):
    repo: _Repository


class _Pull(UntrustedModel):
    """A pull request as the API describes it."""

    number: int
    state: str
    head: _Head
    base: _Base


def finished_run(event: Path) -> FinishedRun:
    """Read the finished run from a file with a `workflow_run` event.

    Raises:
        UsageError: the file has no such event.
    """
    return read_json(
        event,
        _Finished.model_validate,
        _MAX_ANSWER_BYTES,
        what="a `workflow_run` event about a run",
        next_step="Run this in a workflow that `on: workflow_run` starts.",
    ).workflow_run


def check_origin(claim: Claim, event: Path, pull: Path) -> None:
    """Verify the claim against GitHub's event and GitHub's API.

    Number, commit, head and both repositories must be the same in all three sources.

    Args:
        claim: the claim of the artifact.
        event: a file with the `workflow_run` event that the pull request's run caused.
        pull: a file with the API's answer for the claimed number.

    Raises:
        UsageError: the sources differ, or a file has no such content.
        NothingToDo: the pull request was closed or has a newer commit, or its fork was deleted.
    """
    said = read_json(
        event,
        _Event.model_validate,
        _MAX_ANSWER_BYTES,
        what="a `workflow_run` event about a run",
        next_step="Give GitHub's `workflow_run` event as a file to --event.",
    )
    asked = read_json(
        pull,
        _Pull.model_validate,
        _MAX_ANSWER_BYTES,
        what="GitHub's answer for a pull request",
        next_step="Give GitHub's answer for the pull request as a file to --pull.",
    )
    run = said.workflow_run
    if run.event != "pull_request":
        raise forged_error("the run was not triggered by a pull request")
    if claim.commit != run.head_sha:
        raise forged_error(f"it claims another commit; the run built {run.head_sha}")
    if claim.number != asked.number:
        raise forged_error(f"it claims #{claim.number}, and GitHub answered for #{asked.number}")
    if asked.base.repo != said.repository:
        raise forged_error(f"#{claim.number} is not a pull request to {said.repository.full_name}")
    if run.head_repository is None or asked.head.repo is None:
        raise _stale(claim, "comes from a fork that is no more")
    if asked.head.repo != run.head_repository:
        raise forged_error(
            f"#{claim.number} comes from {asked.head.repo.full_name}, "
            f"what ran from {run.head_repository.full_name}"
        )
    if asked.state != "open":
        raise _stale(claim, "is closed")
    if asked.head.sha != run.head_sha:
        raise _stale(claim, "has moved on to another commit")


def _stale(claim: Claim, why: str) -> NothingToDo:
    return NothingToDo(f"stale: #{claim.number} {why}", next_step=_STALE)
