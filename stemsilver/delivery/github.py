"""A small client of GitHub's REST API."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests

from stemsilver.errors import EnvironmentFault, UsageError

PAGE = 100
"""Entries on one page of a list: the maximum of GitHub's API."""

_SECONDS = (10, 60)  # timeouts: to connect, and between two chunks
_CHUNK = 1 << 16
_NOT_FOUND = 404


class GitHub:
    """A client for one repository, with the permissions of one token.

    Addresses are relative to the repository, for example `pulls/7`.
    """

    def __init__(self, repository: str, token: str, api: str = "https://api.github.com") -> None:
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository, re.ASCII):
            raise UsageError(
                f"GITHUB_REPOSITORY is {repository!r}, which is not OWNER/NAME",
                next_step="Run this in a workflow, which sets GITHUB_REPOSITORY.",
            )
        self._root = f"{api.rstrip('/')}/repos/{repository}"
        self._session = requests.Session()
        self._session.headers.update(
            {
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {token}",
                "X-GitHub-Api-Version": "2022-11-28",
            }
        )

    @classmethod
    def from_environment(cls) -> GitHub:
        """Return a client for the repository of the running workflow.

        Raises:
            UsageError: GITHUB_REPOSITORY or GH_TOKEN is missing.
        """
        api = os.environ.get("GITHUB_API_URL", "https://api.github.com")
        return cls(required_env("GITHUB_REPOSITORY"), required_env("GH_TOKEN"), api)

    def get(self, address: str, **query: str | int) -> Any:
        """Return the JSON answer to a GET request, or None if it is 404.

        Raises:
            EnvironmentFault: GitHub cannot be reached, or answers with another error.
        """
        return self._ask("GET", address, params=query)

    def entries(self, address: str, **query: str | int) -> Iterator[Any]:
        """Yield every entry of a list, from all its pages.

        Raises:
            EnvironmentFault: as in `get`.
        """
        number = 1
        while found := self.get(address, **query, per_page=PAGE, page=number):
            yield from found
            if len(found) < PAGE:
                return
            number += 1

    def send(self, method: str, address: str, content: Any) -> None:
        """Create something with POST, or change it with PATCH.

        Raises:
            EnvironmentFault: as in `get`, or the answer is 404.
        """
        if self._ask(method, address, json=content) is None:
            raise _refused(method, address, "HTTP 404")

    def download(self, address: str, target: Path, max_bytes: int) -> None:
        """Download the content at `address` to the file `target`.

        Raises:
            EnvironmentFault: as in `get`, the content is larger than `max_bytes`, or the file
                cannot be written.
        """
        received = 0
        try:
            with (
                self._session.get(
                    f"{self._root}/{address}", stream=True, timeout=_SECONDS
                ) as answer,
                target.open("wb") as file,
            ):
                answer.raise_for_status()
                for chunk in answer.iter_content(_CHUNK):
                    received += len(chunk)
                    if received > max_bytes:
                        raise _refused("GET", address, f"more than {max_bytes / 1e6:.0f} MB")
                    file.write(chunk)
        except (requests.RequestException, OSError) as error:
            raise _refused("GET", address, _reason(error)) from error

    def _ask(self, method: str, address: str, **content: Any) -> Any:
        try:
            answer = self._session.request(
                method, f"{self._root}/{address}", timeout=_SECONDS, **content
            )
            if answer.status_code == _NOT_FOUND:
                return None
            answer.raise_for_status()
            return answer.json()
        except requests.RequestException as error:
            raise _refused(method, address, _reason(error)) from error


def required_env(name: str) -> str:
    """Return an environment variable that every workflow sets, or should set.

    Raises:
        UsageError: it is not set.
    """
    if not (value := os.environ.get(name)):
        raise UsageError(
            f"{name} is not set",
            next_step="Run this in a workflow of GitHub Actions, with GH_TOKEN in its `env`.",
        )
    return value


def _reason(error: Exception) -> str:
    """Return the cause in a word, without the text of the response, which is untrusted."""
    answer = getattr(error, "response", None)
    return f"HTTP {answer.status_code}" if answer is not None else type(error).__name__


def _refused(method: str, address: str, why: str) -> EnvironmentFault:
    return EnvironmentFault(
        f"GitHub: {method} {address}: {why}",
        next_step="Check the `permissions` of the job, then run it again.",
    )
