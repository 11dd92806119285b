"""Previews of open pull requests: each from its own artifact, and none at another one's cost."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest

from stemsilver.delivery.pull_request import Previews, add_previews, previews
from stemsilver.errors import UsageError
from stemsilver.microsite.publish.marker import MARKER

from .github_server import GitHubServer, archive_of
from .pull_requests import COMMIT, Opened, embedded, pull


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A built site."""
    (tmp_path / "site").mkdir()
    return tmp_path / "site"


def add(server: GitHubServer, site: Path, megabytes: float = 200) -> Previews:
    return add_previews(server.client, embedded(), site, megabytes)


def test_a_forged_one_gets_no_preview(server: GitHubServer, handed: Opened, site: Path) -> None:
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


def test_older_ones_yield_to_the_budget(
    server: GitHubServer,
    handed: Opened,
    site: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Calls in this process are faster.
    call = lambda function, *arguments: function(*arguments)  # noqa: E731
    monkeypatch.setattr(previews, "isolated", lambda _: nullcontext(call))
    server.pulls.append(pull() | {"number": 8})
    server.hand_over(handed.folder, COMMIT)
    done = add(server, site, 25)
    assert (done.added, done.left_out) == ([7], [8])


def test_a_closed_one_loses_its_preview(server: GitHubServer, site: Path) -> None:
    server.pulls = []
    (site / "previews" / "pr-7").mkdir(parents=True)
    with pytest.raises(UsageError, match="did not make"):
        add(server, site)
    assert (site / "previews" / "pr-7").is_dir()
    (site / MARKER).touch()
    add(server, site)
    assert not (site / "previews").exists()
