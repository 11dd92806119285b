"""The `gh` of the simulated GitHub: as strict as the real one, and as careful about rights."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .github import TOOLS

READ = {"pull-requests": "read", "actions": "read"}


def gh(
    state: Path, *words: str, rights: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    environment = {"GITHUB_STATE": str(state), "GITHUB_REPOSITORY": "a/b", "GH_REPO": "a/b"}
    if rights is not None:
        environment["GH_TOKEN"] = json.dumps({"run": "1", "rights": rights})
    command = [sys.executable, str(TOOLS / "gh.py"), *words]
    return subprocess.run(
        command, cwd=state, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """One open pull request, and 101 comments on it."""
    comments = [
        {"id": number, "issue": "1", "user": {"login": "x"}, "body": "b"} for number in range(101)
    ]
    (tmp_path / "pulls.json").write_text(json.dumps({"1": {"number": 1, "state": "open"}}))
    (tmp_path / "comments.json").write_text(json.dumps(comments))
    return tmp_path


@pytest.mark.parametrize(
    "words",
    [
        ("api", "repos/a/b/pulls/1", "--silent"),
        ("api", "repos/a/b/pulls/1", "--pag"),
        ("api", "repos/a/b/pulls/1", "--method", "DELETE"),
        ("pr", "view", "1"),
        ("release", "create", "v1", "--draft"),
        ("release", "delete", "v1"),
    ],
)
def test_unknown_words_are_refused(words: tuple[str, ...], state: Path) -> None:
    assert gh(state, *words, rights=READ).returncode == 2


def test_an_answer_is_json_and_a_missing_thing_or_right_is_an_error(state: Path) -> None:
    found = gh(state, "api", "repos/a/b/pulls/1", rights=READ)
    assert (found.returncode, json.loads(found.stdout)["number"]) == (0, 1)
    for address, rights, status in [
        ("repos/a/b/pulls/2", READ, "404"),
        ("repos/a/b/pages", {**READ, "pages": "read"}, "404"),
        ("repos/a/b/pages", READ, "403"),
        ("repos/other/b/pulls/1", READ, "404"),
        ("repos/a/b/pulls/1", {"pull-requests": "none"}, "403"),
    ]:
        ended = gh(state, "api", address, rights=rights)
        assert (ended.returncode, f"HTTP {status}" in ended.stderr) == (1, True), address
    assert gh(state, "api", "repos/a/b/pulls/1").returncode == 1


def test_lists_come_in_pages_and_only_slurped_ones_are_json(state: Path) -> None:
    address = "repos/a/b/issues/1/comments?per_page=100"
    slurped = gh(state, "api", "--paginate", "--slurp", address, rights=READ)
    assert [len(page) for page in json.loads(slurped.stdout)] == [100, 1]
    bare = gh(state, "api", "--paginate", address, rights=READ)
    with pytest.raises(json.JSONDecodeError):
        json.loads(bare.stdout)


def test_only_who_may_write_can_comment_and_a_comment_has_an_end(state: Path) -> None:
    (state / "body.md").write_text("x" * 65_536)
    (state / "long.md").write_text("x" * 65_537)
    write = {"pull-requests": "write"}
    for words, rights, code in [
        (("api", "repos/a/b/issues/1/comments", "--field", "body=@body.md"), READ, 1),
        (("api", "repos/a/b/issues/1/comments", "--field", "body=@body.md"), write, 0),
        (("api", "repos/a/b/issues/1/comments", "--field", "body=@long.md"), write, 1),
        (("api", "repos/a/b/issues/2/comments", "--field", "body=@body.md"), write, 1),
    ]:
        assert gh(state, *words, rights=rights).returncode == code, words
    written = json.loads((state / "comments.json").read_text())
    assert [len(comment["body"]) for comment in written[101:]] == [65_536]
