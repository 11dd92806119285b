"""The comment on GitHub: written once, brought up to date, and never for a forged artifact."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stemsilver.delivery.pull_request import comment_on_run
from stemsilver.errors import EnvironmentFault, NothingToDo, UsageError

from .github_server import BOT, GitHubServer
from .pull_requests import COMMIT, Opened, embedded, event, pull

MARKER = "<!-- stemsilver-scorecard -->"
OTHER = "f" * 40


@pytest.fixture(autouse=True)
def _rights_of_the_workflow(server: GitHubServer) -> None:
    server.rights["pull-requests"] = "write"
    server.pages_url = "https://team.github.io/batch/"


def comment(server: GitHubServer, folder: Path, said: Any = None) -> int:
    path = folder / "event.json"
    path.write_text(json.dumps(said or event()))
    return comment_on_run(server.client, embedded(), path)


def test_one_comment_is_kept_up_to_date(
    server: GitHubServer, handed: Opened, tmp_path: Path
) -> None:
    others = [f"{MARKER}\nnot by a workflow", "no marker", f"quoted: {MARKER}"]
    server.comments = [
        {"id": number, "user": {"login": login}, "body": body}
        for number, (login, body) in enumerate(zip(("stranger", BOT, BOT), others, strict=True))
    ]
    server.comments += [{"id": 50 + more, "user": None, "body": ""} for more in range(100)]
    with pytest.raises(NothingToDo, match="has no artifact"):
        comment(server, tmp_path)
    server.hand_over(handed.folder, COMMIT)
    assert comment(server, tmp_path) == 7
    new = server.comments[-1]
    assert new["body"].splitlines()[0] == MARKER
    assert COMMIT[:12] in new["body"]
    assert "The guardrail fails: " in new["body"]
    assert "(https://team.github.io/batch/previews/pr-7/)" in new["body"]
    assert "(https://github.com/team/batch/actions/runs/1)" in new["body"]
    new["body"] = f"{MARKER}\nold"
    server.pages_url = None
    assert comment(server, tmp_path) == 7
    assert len(server.comments) == 104
    assert "previews/" not in server.comments[-1]["body"]
    assert "old" not in server.comments[-1]["body"]
    assert [one["body"] for one in server.comments[:3]] == others


@pytest.mark.parametrize(
    ("claim", "asked", "error"),
    [
        ({"number": 8}, {}, UsageError),  # another one that is open
        ({"number": 9}, {}, UsageError),  # none
        ({"number": "../../user"}, {}, UsageError),
        ({"commit": OTHER}, {}, UsageError),
        ({}, {"state": "closed"}, NothingToDo),
    ],
)
def test_nothing_is_posted_for_what_was_forged_or_came_too_late(
    claim: dict[str, object],
    asked: dict[str, object],
    error: type[Exception],
    server: GitHubServer,
    handed: Opened,
    tmp_path: Path,
) -> None:
    other = {"sha": OTHER, "repo": {"full_name": "victim/fork"}}
    server.pulls = [pull() | asked, pull() | {"number": 8, "head": other}]
    handed.change("pull_request.json", lambda values: values.update(claim))
    server.hand_over(handed.folder, COMMIT)
    with pytest.raises(error, match="forged" if claim else "stale"):
        comment(server, tmp_path)
    assert server.comments == []
    assert all(one.startswith("GET ") for one in server.asked)
    assert not any("user" in one for one in server.asked)


def test_a_missing_right_is_named(server: GitHubServer, handed: Opened, tmp_path: Path) -> None:
    server.rights["pull-requests"] = "read"
    server.hand_over(handed.folder, COMMIT)
    with pytest.raises(EnvironmentFault, match="POST issues/7/comments: HTTP 403"):
        comment(server, tmp_path)


def test_an_event_of_another_kind_is_refused(server: GitHubServer, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="`workflow_run` event"):
        comment(server, tmp_path, {"pull_request": {}})
