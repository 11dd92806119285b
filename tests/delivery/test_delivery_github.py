"""The client of GitHub's API: long lists, missing things, refusals, files that do not end."""

from __future__ import annotations

from pathlib import Path

import pytest

from stemsilver.delivery.github import GitHub
from stemsilver.errors import EnvironmentFault, UsageError

from .github_server import REPOSITORY, TOKEN, GitHubServer


@pytest.mark.parametrize("count", [0, 1, 100, 101, 200])
def test_a_list_is_read_to_its_end(server: GitHubServer, count: int) -> None:
    server.comments = [{"id": number} for number in range(count)]
    assert [one["id"] for one in server.client.entries("issues/7/comments")] == list(range(count))


def test_what_github_refuses_is_named(server: GitHubServer) -> None:
    assert server.client.get("pulls/8") is None
    with pytest.raises(EnvironmentFault, match="HTTP 404"):
        server.client.send("POST", "nowhere", {})
    with pytest.raises(EnvironmentFault, match="POST issues/7/comments: HTTP 403") as refusal:
        server.client.send("POST", "issues/7/comments", {"body": "x"})
    assert "permissions" in refusal.value.next_step
    with pytest.raises(EnvironmentFault, match="HTTP 401"):
        GitHub(REPOSITORY, "another", server.address).get("pulls/7")
    with pytest.raises(EnvironmentFault, match="ConnectionError"):
        GitHub(REPOSITORY, TOKEN, "http://127.0.0.1:9").get("pulls/7")


def test_a_file_is_written_up_to_its_limit(server: GitHubServer, tmp_path: Path) -> None:
    number = server.hand_over(b"x" * 200_000, "0" * 40)
    target = tmp_path / "file.zip"
    server.client.download(f"actions/artifacts/{number}/zip", target, 200_000)
    assert target.read_bytes() == b"x" * 200_000
    with pytest.raises(EnvironmentFault, match="more than"):
        server.client.download(f"actions/artifacts/{number}/zip", target, 199_999)


@pytest.mark.parametrize("name", ["GH_TOKEN", "GITHUB_REPOSITORY"])
def test_the_missing_variable_is_named(
    name: str, server: GitHubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, value in server.environment.items():
        monkeypatch.setenv(key, value)
    assert GitHub.from_environment().get("pulls/8") is None
    monkeypatch.delenv(name)
    with pytest.raises(UsageError, match=name):
        GitHub.from_environment()


@pytest.mark.parametrize("name", ["batch", "a/b/c", "a/b?x"])
def test_a_repository_is_an_owner_and_a_name(name: str) -> None:
    with pytest.raises(UsageError, match="OWNER/NAME"):
        GitHub(name, TOKEN)
