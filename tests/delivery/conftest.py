from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .github_server import GitHubServer, github_server
from .pull_requests import Opened, a_change, pull


@pytest.fixture
def server() -> Iterator[GitHubServer]:
    """A GitHub with an open pull request, for a token that may read."""
    with github_server(actions="read", pages="read", pull_requests="read") as there:
        there.pulls = [pull()]
        yield there


@pytest.fixture
def handed(tmp_path: Path) -> Opened:
    """What a pull request's run hands over."""
    return a_change(tmp_path / "pull")
