"""`stemsilver ci`, as the workflows call it, and `build-site --history`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from stemsilver.report import HISTORY, history_json, read_history

from ..delivery.github_server import GitHubServer, archive_of, github_server, serving
from ..delivery.pull_requests import COMMIT, Opened, a_change, event, pull
from ..pipeline.batches import Workspace
from ..report.planted_history import builds
from .terminal import Terminal, faulty

Patch = pytest.MonkeyPatch


@pytest.fixture
def server(monkeypatch: Patch, folder: Path) -> Iterator[GitHubServer]:
    """The GitHub of a workflow that runs in an empty folder."""
    with github_server(actions="read", pages="read", pull_requests="write") as there:
        there.pulls = [pull()]
        (folder / "event.json").write_text(json.dumps(event()))
        monkeypatch.setenv("GITHUB_EVENT_PATH", "event.json")
        for name, value in there.environment.items():
            monkeypatch.setenv(name, value)
        yield there


@pytest.fixture
def handed(folder: Path) -> Opened:
    """What a pull request's run hands over."""
    return a_change(folder / "pull")


def test_a_cache_key_is_a_word(folder: Path, stemsilver: Terminal) -> None:
    (folder / "raw").mkdir()
    first = stemsilver("ci", "cache-key", "raw", "config")
    assert (first.code, first.err) == (0, "")
    assert first.out.strip().isalnum()
    (folder / "raw" / "one.wav").write_text("a")
    assert stemsilver("ci", "cache-key", "raw", "config").out != first.out


def test_a_comment_is_posted(server: GitHubServer, handed: Opened, stemsilver: Terminal) -> None:
    nothing = stemsilver("ci", "comment")
    assert nothing.code == 0, "what came too late is no failure"
    assert "No comment: the run has no artifact `scorecard`" in nothing.out
    server.hand_over(handed.folder, COMMIT)
    assert stemsilver("ci", "comment").out == "Commented on #7.\n"
    [posted] = server.comments
    assert "`much-worse.wav`" in posted["body"]


def test_a_forgery_is_2_and_names_no_command(server: GitHubServer, stemsilver: Terminal) -> None:
    claim = {"schema_version": 1, "number": 7, "commit": "\n::error::taken over"}
    server.hand_over(archive_of({"pull_request.json": json.dumps(claim).encode()}), COMMIT)
    ended = stemsilver("ci", "comment")
    faulty(ended, 2, "forged")
    assert not any(line.strip().startswith("::") for line in ended.err.splitlines())
    assert server.comments == []


def test_previews_are_added(server: GitHubServer, handed: Opened, stemsilver: Terminal) -> None:
    server.pulls.append(pull() | {"number": 8, "head": {"sha": "f" * 40}})
    server.hand_over(b"\n::error::no ZIP", "f" * 40)
    server.hand_over(handed.folder, COMMIT)
    Path("site").mkdir()
    ended = stemsilver("ci", "previews", "site")
    assert (ended.code, ended.err) == (0, "")
    added, warning = ended.out.splitlines()
    assert added == "Preview of #7: site/previews/pr-7/"
    assert warning.startswith("::warning::No preview of pull request 8: forged")
    assert Path("site", "previews", "pr-7", "index.html").is_file()


def test_a_site_that_pages_does_not_take_is_1(folder: Path, stemsilver: Terminal) -> None:
    (folder / "site").mkdir()
    (folder / "site" / "index.html").write_text("x")
    assert stemsilver("ci", "check-site", "site").code == 0
    (folder / "site" / "link").symlink_to("index.html")
    faulty(stemsilver("ci", "check-site", "site"), 1, "link")


def test_notes_are_those_of_the_version(folder: Path, stemsilver: Terminal) -> None:
    faulty(stemsilver("ci", "release-notes", "v1.0.0"), 3, "CHANGELOG.md")
    (folder / "CHANGELOG.md").write_text("## 1.0.0 - unreleased\n[One] more.\n")
    faulty(stemsilver("ci", "release-notes", "v1.0.0"), 2, "not dated")
    (folder / "CHANGES.md").write_text("## 1.0.0 - today\n[One] more.\n")
    ended = stemsilver("ci", "release-notes", "v1.0.0", "--changelog", "CHANGES.md")
    assert (ended.code, ended.out) == (0, "[One] more.\n")


def test_outside_a_workflow_it_is_2(folder: Path, stemsilver: Terminal, monkeypatch: Patch) -> None:
    for name in ("GITHUB_EVENT_PATH", "GITHUB_REPOSITORY", "GH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    faulty(stemsilver("ci", "comment"), 2, "is not set")
    faulty(stemsilver("ci", "previews", "site"), 2, "is not set")


def test_histories_can_be_many_and_at_addresses(workspace: Workspace, stemsilver: Terminal) -> None:
    told = builds(2)
    answers = {"/batch/downloads/history.json": json.dumps(history_json(told)).encode()}
    older = [replace(one, created=one.created.replace("2026", "2023")) for one in told]
    Path("older.json").write_text(json.dumps(history_json(older)))
    words = ["build-site", "--cache", "cache", "--history"]
    with serving(lambda method, path, *_: answers.get(path, 404)) as address:
        new = stemsilver(*words, f"{address}/new/")
        assert new.code in (0, 1)
        assert f"No history at {address}/new/ yet" in new.err
        ended = stemsilver(*words, f"{address}/batch/", "--history", "older.json")
        assert ended.code in (0, 1)
    kept = read_history(workspace.places.report / HISTORY)
    found = [one.created for one in kept[:3]]
    assert found == [older[0].created, older[1].created, told[0].created]
    assert f"{len(kept)} builds" in (workspace.places.site / "trend.html").read_text("utf-8")
    faulty(stemsilver(*words, f"{address}/batch/"), 4, "cannot fetch the history")
    Path("older.json").write_text("{")
    damaged = stemsilver(*words, "older.json")
    assert damaged.code == 2
    assert "older.json: not a history or a scorecard of Stemsilver" in damaged.err
    assert "Name a history.json" in damaged.err
