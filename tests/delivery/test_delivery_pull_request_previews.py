"""Previews of open pull requests: each from its own artifact, and none at another one's cost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stemsilver.delivery.github import GitHub
from stemsilver.delivery.isolation import Call
from stemsilver.delivery.pull_request import Previews, add_previews, previews
from stemsilver.errors import UsageError
from stemsilver.microsite.publish.marker import MARKER

from .github_server import REPOSITORY, TOKEN, GitHubServer, archive_of, github_server
from .pull_requests import COMMIT, Opened, a_change, embedded, pull


@pytest.fixture
def server() -> Iterator[GitHubServer]:
    """A GitHub with one open pull request."""
    with github_server(actions="read", pull_requests="read") as there:
        there.pulls = [pull()]
        yield there


@pytest.fixture
def handed(tmp_path: Path) -> Opened:
    """What its run hands over."""
    return a_change(tmp_path / "pull")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A built site."""
    (tmp_path / "site").mkdir()
    return tmp_path / "site"


def add(server: GitHubServer, site: Path, megabytes: float = 200) -> Previews:
    return add_previews(GitHub(REPOSITORY, TOKEN, server.address), embedded(), site, megabytes)


def test_an_open_pull_request_gets_its_preview_and_a_forged_one_does_not(
    server: GitHubServer, handed: Opened, site: Path
) -> None:
    server.hand_over(handed.folder, COMMIT)
    forged = {11: handed.folder, 12: b"no ZIP", 13: archive_of({"x\n::error::taken over\n": b""})}
    for number, content in forged.items():
        commit = f"{number:040x}"
        server.pulls.append(pull() | {"number": number, "head": {"sha": commit}})
        server.hand_over(content, commit)
    done = add(server, site)
    assert (done.added, list(done.refused), done.left_out) == ([7], [11, 12, 13], [])
    assert "claims #7 and is the artifact of #11" in done.refused[11]
    assert all(why.isprintable() for why in done.refused.values())
    assert [path.name for path in site.rglob("*") if path.parent.name == "previews"] == ["pr-7"]
    assert "much-worse.wav" in (site / "previews" / "pr-7" / "index.html").read_text()
    assert list((site / "previews" / "pr-7").rglob("*.flac"))


@contextmanager
def at_once(seconds: float) -> Iterator[Call]:
    """Calls in this process, which are faster."""
    yield lambda function, *arguments: function(*arguments)


def test_when_the_budget_may_not_be_enough_older_pull_requests_have_no_preview(
    server: GitHubServer, handed: Opened, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previews, "isolated", at_once)
    server.pulls.append(pull() | {"number": 8})
    server.hand_over(handed.folder, COMMIT)
    done = add(server, site, 25)
    assert (done.added, done.left_out) == ([7], [8])


def test_a_pull_request_that_was_closed_loses_its_preview(server: GitHubServer, site: Path) -> None:
    server.pulls = []
    (site / "previews" / "pr-7").mkdir(parents=True)
    with pytest.raises(UsageError, match="did not make"):
        add(server, site)
    assert (site / "previews" / "pr-7").is_dir()
    (site / MARKER).touch()
    add(server, site)
    assert not (site / "previews").exists()
