"""GitHub's command line, as far as the workflows use it, on the state that `github.py` keeps.

It stands in for the program `gh`: it takes the same words, and refuses any other.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import parse_qs, urlsplit

STATE = Path(os.environ.get("GITHUB_STATE", ""))


def load(name: str, default: Any) -> Any:
    path = STATE / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else default


def save(name: str, value: object) -> None:
    (STATE / f"{name}.json").write_text(json.dumps(value))


def fail(status: int, message: str) -> NoReturn:
    print(json.dumps({"message": message, "status": str(status)}))
    print(f"gh: {message} (HTTP {status})", file=sys.stderr)
    sys.exit(1)


def need(right: str, level: str) -> None:
    given = json.loads(os.environ["GH_TOKEN"])["rights"].get(right)
    if given != "write" and (level == "write" or given != "read"):
        fail(403, f"Resource not accessible by integration: {right}: {level}")


def paged(found: list[Any], query: dict[str, str]) -> list[Any]:
    size, page = int(query.get("per_page", "30")), int(query.get("page", "1"))
    if size > 100:
        fail(422, "per_page is at most 100")
    return found[(page - 1) * size : page * size]


def pulls(query: dict[str, str]) -> Any:
    need("pull-requests", "read")
    if set(query) - {"state", "sort", "direction", "per_page"}:
        fail(422, f"unknown among {sorted(query)}")
    if (query["sort"], query["direction"]) != ("updated", "desc"):
        fail(422, "only the newest first is known here")
    found = [pull for pull in load("pulls", {}).values() if pull["state"] == query["state"]]
    return paged(found, query)


def pull(query: dict[str, str], number: str) -> Any:
    need("pull-requests", "read")
    return load("pulls", {}).get(number) or fail(404, "Not Found")


def artifacts(query: dict[str, str], run: str | None = None) -> Any:
    need("actions", "read")
    found = [
        artifact
        for artifact in reversed(load("artifacts", []))
        if artifact["name"] == query["name"]
        and (run is None or str(artifact["workflow_run"]["id"]) == run)
    ]
    return {"total_count": len(found), "artifacts": paged(found, query)}


def archive(query: dict[str, str], number: str) -> bytes:
    need("actions", "read")
    path = STATE / f"artifact-{number}.zip"
    return path.read_bytes() if path.exists() else fail(404, "Not Found")


def pages(query: dict[str, str]) -> Any:
    need("pages", "read")
    return load("pages", None) or fail(404, "Not Found")


def comments(query: dict[str, str], number: str) -> Any:
    need("pull-requests", "read")
    return paged([one for one in load("comments", []) if one["issue"] == number], query)


def comment(query: dict[str, str], number: str, *, body: str) -> Any:
    need("pull-requests", "write")
    if number not in load("pulls", {}):
        fail(404, "Not Found")
    found = load("comments", [])
    new = {
        "id": 9000 + len(found),
        "issue": number,
        "user": {"login": "github-actions[bot]"},
        "body": sound(body),
    }
    save("comments", [*found, new])
    return new


def edit(query: dict[str, str], id_: str, *, body: str) -> Any:
    need("pull-requests", "write")
    found = load("comments", [])
    for one in found:
        if str(one["id"]) == id_:
            one["body"] = sound(body)
            save("comments", found)
            return one
    fail(404, "Not Found")


def sound(body: str) -> str:
    if not body.strip() or len(body) > 65_536:
        fail(422, "Validation Failed: body")
    return body


ENDPOINTS = {
    ("GET", "pulls"): pulls,
    ("GET", r"pulls/(\d+)"): pull,
    ("GET", "actions/artifacts"): artifacts,
    ("GET", r"actions/runs/(\d+)/artifacts"): artifacts,
    ("GET", r"actions/artifacts/(\d+)/zip"): archive,
    ("GET", "pages"): pages,
    ("GET", r"issues/(\d+)/comments"): comments,
    ("POST", r"issues/(\d+)/comments"): comment,
    ("PATCH", r"issues/comments/(\d+)"): edit,
}


def call(method: str, address: str, fields: dict[str, str]) -> Any:
    parts = urlsplit(address)
    prefix = f"repos/{os.environ['GITHUB_REPOSITORY']}/"
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if parts.path.startswith(prefix):
        for (verb, pattern), endpoint in ENDPOINTS.items():
            match = re.fullmatch(pattern, parts.path.removeprefix(prefix))
            if verb == method and match:
                return endpoint(query, *match.groups(), **fields)
    fail(404, f"Not Found: {method} {address}")


def api(given: argparse.Namespace) -> None:
    fields = {}
    for assignment in given.field:
        name, _, value = assignment.partition("=")
        fields[name] = Path(value[1:]).read_text() if value.startswith("@") else value
    method = given.method or ("POST" if fields else "GET")
    if given.paginate:
        found, page = [], 1
        while part := call(method, f"{given.address}&page={page}", fields):
            found.append(part)
            page += 1
        # Without --slurp the lists follow each other, which is no JSON.
        print(json.dumps(found) if given.slurp else "".join(map(json.dumps, found)))
        return
    answer = call(method, given.address, fields)
    if isinstance(answer, bytes):
        sys.stdout.buffer.write(answer)
    else:
        print(json.dumps(answer))


def release(given: argparse.Namespace) -> None:
    if not os.environ.get("GH_REPO"):
        sys.exit("no repository")
    need("contents", "read" if given.verb == "view" else "write")
    releases = load("releases", {})
    if (given.verb == "create") == (given.tag in releases):
        sys.exit("release already exists" if given.tag in releases else "release not found")
    if given.verb == "view":
        print(given.tag)
        return
    if given.verb == "create":
        # --verify-tag: a tag that is not there is not made.
        if not given.verify_tag or not (STATE.parent / "origin.git/refs/tags" / given.tag).exists():
            sys.exit("the tag is not there")
        notes = Path(given.notes_file).read_text()
        if len(notes) > 125_000:
            sys.exit("body is too long")
        releases[given.tag] = {"title": given.title, "notes": notes, "files": []}
    folder = STATE / "releases" / given.tag
    folder.mkdir(parents=True, exist_ok=True)
    for path in map(Path, given.files):
        if path.name in releases[given.tag]["files"] and not given.clobber:
            sys.exit(f"asset {path.name} exists")
        shutil.copyfile(path, folder / path.name)
        releases[given.tag]["files"] = sorted({*releases[given.tag]["files"], path.name})
    save("releases", releases)


def main() -> None:
    parser = argparse.ArgumentParser(prog="gh", allow_abbrev=False)
    verbs = parser.add_subparsers(required=True)
    to_api = verbs.add_parser("api", allow_abbrev=False)
    to_api.add_argument("address")
    to_api.add_argument("--method", choices=("GET", "POST", "PATCH"))
    to_api.add_argument("--paginate", action="store_true")
    to_api.add_argument("--slurp", action="store_true")
    to_api.add_argument("--field", action="append", default=[])
    to_api.set_defaults(act=api)
    releasing = verbs.add_parser("release", allow_abbrev=False).add_subparsers(
        dest="verb", required=True
    )
    for verb in ("view", "create", "upload"):
        words = releasing.add_parser(verb, allow_abbrev=False)
        words.add_argument("tag")
        if verb != "view":
            words.add_argument("files", nargs="+")
        if verb == "create":
            words.add_argument("--verify-tag", action="store_true")
            words.add_argument("--title", required=True)
            words.add_argument("--notes-file", required=True)
        if verb == "upload":
            words.add_argument("--clobber", action="store_true")
        words.set_defaults(act=release, clobber=False)
    if not os.environ.get("GH_TOKEN"):
        sys.exit("To use GitHub CLI in a workflow, set the GH_TOKEN environment variable.")
    given = parser.parse_args()
    given.act(given)


if __name__ == "__main__":
    main()
