"""Post the single comment of a pull request on GitHub, and keep it up to date."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from stemsilver.config import Profile
from stemsilver.delivery.github import GitHub
from stemsilver.delivery.pull_request.artifact import forged_error, read, read_claim
from stemsilver.delivery.pull_request.comment import MARKER, comment_markdown
from stemsilver.delivery.pull_request.fetch import ARTIFACT, artifact_of_run, fetch
from stemsilver.delivery.pull_request.previews import FOLDER
from stemsilver.delivery.pull_request.verify_origin import check_origin, finished_run
from stemsilver.errors import NothingToDo

_AUTHOR = "github-actions[bot]"


def comment_on_run(github: GitHub, profile: Profile, event: Path) -> int:
    """Comment on the pull request whose run has ended.

    The claim of the run's artifact is verified against GitHub's API before its scorecards are read.

    Args:
        github: the repository of the pull request.
        profile: its gates and guardrail apply.
        event: a file with GitHub's `workflow_run` event.

    Returns:
        The number of the pull request.

    Raises:
        NothingToDo: the run has no artifact, or the pull request is closed or has a newer commit.
        UsageError: the artifact is forged, or `event` is not a `workflow_run` event.
        EnvironmentFault: a request to GitHub failed.
    """
    run = finished_run(event)
    artifact_id = artifact_of_run(github, run.id)
    if artifact_id is None:
        raise NothingToDo(
            f"the run has no artifact `{ARTIFACT}` that can be downloaded",
            next_step="Nothing to do.",
        )
    with TemporaryDirectory() as temporary:
        folder, pull = Path(temporary, "artifact"), Path(temporary, "pull.json")
        fetch(github, artifact_id, folder)
        claim = read_claim(folder)
        number = claim.number
        asked = github.get(f"pulls/{number}")
        if asked is None:
            raise forged_error(f"it claims #{number}, which is not a pull request")
        pull.write_text(json.dumps(asked), encoding="utf-8")
        check_origin(claim, event, pull)
        pages = github.get("pages")
        preview = f"{pages['html_url'].rstrip('/')}/{FOLDER}/pr-{number}/" if pages else None
        body = comment_markdown(read(folder), profile, run.html_url, preview)
    post(github, number, body)
    return number


def post(github: GitHub, number: int, body: str) -> None:
    """Create the comment, or replace the comment of an earlier run.

    Raises:
        EnvironmentFault: a request to GitHub failed.
    """
    for one in github.entries(f"issues/{number}/comments"):
        # Anybody can write the marker, but only a workflow has this login.
        author = (one["user"] or {}).get("login")
        if author == _AUTHOR and one["body"].splitlines()[:1] == [MARKER]:
            github.send("PATCH", f"issues/comments/{one['id']}", {"body": body})
            return
    github.send("POST", f"issues/{number}/comments", {"body": body})
