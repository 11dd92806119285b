"""A GitHub on this machine: the answers of its REST API, given to tokens by their rights."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from zipfile import ZIP_DEFLATED, ZipFile

from stemsilver.delivery.github import GitHub

REPOSITORY = "team/batch"
TOKEN = "t0ken"
BOT = "github-actions[bot]"


@dataclass
class GitHubServer:
    """What there is, what the token may do, and what was written: a list of changes."""

    address: str = ""
    rights: dict[str, str] = field(default_factory=dict)
    pulls: list[dict[str, Any]] = field(default_factory=list)
    artifacts: list[dict[str, Any]] = field(default_factory=list)
    archives: dict[int, bytes] = field(default_factory=dict)
    comments: list[dict[str, Any]] = field(default_factory=list)
    pages_url: str | None = None
    asked: list[str] = field(default_factory=list)

    @property
    def client(self) -> GitHub:
        """A client with its token."""
        return GitHub(REPOSITORY, TOKEN, self.address)

    @property
    def environment(self) -> dict[str, str]:
        """What a workflow has set, for commands that ask this server."""
        return {
            "GITHUB_API_URL": self.address,
            "GITHUB_REPOSITORY": REPOSITORY,
            "GH_TOKEN": TOKEN,
        }

    def hand_over(self, content: bytes | Path, commit: str, run: int = 1) -> int:
        """Store an artifact of a run: an archive, or a folder to make one of."""
        archive = content if isinstance(content, bytes) else packed(content)
        number = 500 + len(self.artifacts)
        entry = {
            "id": number,
            "name": "scorecard",
            "expired": False,
            "size_in_bytes": len(archive),
            "workflow_run": {"id": run, "head_sha": commit},
        }
        self.artifacts.insert(0, entry)  # the newest first
        self.archives[number] = archive
        return number

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Any:
        """The answer to a question: a value, the bytes of a file, or a status that is an error."""
        self.asked.append(f"{method} {path}")
        for verb, pattern, right, reply in self._endpoints():
            match = re.fullmatch(pattern, path.removeprefix(f"/repos/{REPOSITORY}/"))
            if verb == method and match:
                level = "read" if verb == "GET" else "write"
                allowed = self.rights.get(right) in (level, "write")
                return reply(query, body, *match.groups()) if allowed else 403
        return 404

    def _endpoints(self) -> list[tuple[str, str, str, Callable[..., Any]]]:
        pulls, actions = "pull-requests", "actions"
        return [
            ("GET", "pulls", pulls, lambda query, _: self._open(query)),
            ("GET", r"pulls/(\d+)", pulls, lambda *a: _found(self.pulls, a[2])),
            ("GET", "actions/artifacts", actions, lambda *a: self._artifacts(None)),
            ("GET", r"actions/runs/(\d+)/artifacts", actions, lambda *a: self._artifacts(a[2])),
            ("GET", r"actions/artifacts/(\d+)/zip", actions, lambda *a: self.archives[int(a[2])]),
            ("GET", "pages", "pages", lambda *a: self._pages()),
            ("GET", r"issues/(\d+)/comments", pulls, lambda *a: _page(self.comments, a[0])),
            ("POST", r"issues/(\d+)/comments", pulls, self._comment),
            ("PATCH", r"issues/comments/(\d+)", pulls, self._edit),
        ]

    def _pages(self) -> Any:
        return {"html_url": self.pages_url} if self.pages_url else 404

    def _open(self, query: dict[str, str]) -> Any:
        assert (query["sort"], query["direction"]) == ("updated", "desc")
        return [one for one in self.pulls if one["state"] == query["state"]]

    def _artifacts(self, run: str | None) -> Any:
        of_run = [one for one in self.artifacts if run in (None, str(one["workflow_run"]["id"]))]
        return {"total_count": len(of_run), "artifacts": of_run}

    def _comment(self, query: Any, body: Any, number: str) -> Any:
        new = {"id": 9000 + len(self.comments), "user": {"login": BOT}, "body": body["body"]}
        self.comments.append(new)
        return new

    def _edit(self, query: Any, body: Any, number: str) -> Any:
        [one] = [one for one in self.comments if one["id"] == int(number)]
        one["body"] = body["body"]
        return one


def packed(folder: Path) -> bytes:
    """A folder as the ZIP of an artifact."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return archive_of({path.relative_to(folder).as_posix(): path.read_bytes() for path in files})


def archive_of(files: dict[str, bytes]) -> bytes:
    """A ZIP of some files, with names of any kind."""
    target = BytesIO()
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def _found(pulls: list[dict[str, Any]], number: str) -> Any:
    return next((one for one in pulls if one["number"] == int(number)), 404)


def _page(found: list[Any], query: dict[str, str]) -> list[Any]:
    size, page = int(query.get("per_page", 30)), int(query.get("page", 1))
    assert size <= 100
    return found[(page - 1) * size : page * size]


@contextmanager
def serving(answer: Callable[[str, str, dict[str, str], Any, str], Any]) -> Iterator[str]:
    """The address at which requests are answered: by a value as JSON, bytes, or an error's status.

    `answer` is given method, path, query, the JSON that was sent, and the token.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            found = answer(self.command, parts.path, dict(parse_qsl(parts.query)), body, token)
            if isinstance(found, int):
                self.send_error(found)
                return
            content = found if isinstance(found, bytes) else json.dumps(found).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_PATCH = do_GET  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def github_server(**rights: str) -> Iterator[GitHubServer]:
    """A running server whose token has some rights, such as `actions="read"`."""
    there = GitHubServer(rights={name.replace("_", "-"): level for name, level in rights.items()})

    def answer(method: str, path: str, query: dict[str, str], body: Any, token: str) -> Any:
        return there.answer(method, path, query, body) if token == TOKEN else 401

    with serving(answer) as address:
        there.address = address
        yield there
