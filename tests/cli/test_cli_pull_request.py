"""`stemsilver pull-request`, from a real build to its comment and its preview."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from stemsilver.audio import decode

from ..delivery.pull_requests import COMMIT, OTHER_COMMIT, event, pull, write_words
from ..pipeline.batches import Workspace, contents
from .terminal import Ended, Terminal, faulty

MARKER = "<!-- stemsilver-scorecard -->"


@pytest.fixture
def artifact(workspace: Workspace, stemsilver: Terminal) -> Path:
    """A real build whose numbers became worse, and what is packed of it."""
    shutil.copytree("report", "base-report")
    path = Path("report", "scorecard.json")
    card = json.loads(path.read_text())
    worse = next(item for item in card["items"] if item["path"] == "one.wav")
    worse["metrics"]["wer_raw_to_clean"] = {"value": 0.9, "reason": None}
    path.write_text(json.dumps(card))
    done = pack(stemsilver)
    assert done.code == 0, done
    assert done.out == ""
    assert "artifact: 1 render to hear" in done.err
    return Path("artifact")


def pack(stemsilver: Terminal, *more: str, number: str = "7", commit: str = COMMIT) -> Ended:
    options = ("--number", number, "--commit", commit, "-o", "artifact")
    return stemsilver("pull-request", "pack", "base-report", "report", *options, *more)


def comment(stemsilver: Terminal, asked: Any, *more: str, ran: Any = None) -> Ended:
    said = write_words(Path(), ran or event(), asked)
    options = ("--event", said[0], "--pull", said[1])
    return stemsilver("pull-request", "comment", "artifact", *options, *more)


def test_from_a_build_to_its_comment_and_its_preview(artifact: Path, stemsilver: Terminal) -> None:
    number = stemsilver("pull-request", "number", "artifact")
    assert (number.code, number.out, number.err) == (0, "7\n", "")
    said = comment(stemsilver, pull(), "--link", "https://a.example/run")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[0] == MARKER
    assert "`one.wav`" in said.out
    assert "The guardrail fails: " in said.out
    assert "(https://a.example/run)" in said.out
    done = stemsilver("pull-request", "preview", "artifact", "site/previews/pr-7", "--max-mb", "25")
    assert (done.code, done.out) == (0, "")
    target = Path("site", "previews", "pr-7")
    assert f"{target}/index.html: 1 render to hear" in done.err
    [id_] = [path.name for path in (target / "ab").iterdir()]
    for name in ("ab-1-raw.flac", "ab-1-clean.flac"):
        shown, built = (decode(at / "ab" / id_ / name, 1) for at in (target, Path("report")))
        assert (shown.samples == built.samples).all()
        assert shown.duration > 1


def test_a_forgery_prints_nothing(artifact: Path, stemsilver: Terminal) -> None:
    for number, head in ((8, COMMIT), (7, OTHER_COMMIT)):
        path = artifact / "pull_request.json"
        path.write_text(json.dumps({"schema_version": 1, "number": number, "commit": head}))
        said = comment(stemsilver, pull())
        faulty(said, 2, "forged")
        assert said.out == ""


def test_what_came_too_late_has_its_own_code(artifact: Path, stemsilver: Terminal) -> None:
    said = comment(stemsilver, pull() | {"state": "closed"})
    faulty(said, 3, "stale", "closed")
    assert said.out == ""


@pytest.mark.parametrize("command", [("number",), ("preview", "site/previews/pr-7")])
def test_what_is_refused_leaves_nothing(
    artifact: Path, stemsilver: Terminal, command: tuple[str, ...]
) -> None:
    Path(artifact, "ab", "more").symlink_to("/etc")
    name, *more = command
    said = stemsilver("pull-request", name, artifact, *more)
    faulty(said, 2, "link or a device")
    assert said.out == ""
    assert not Path("site", "previews").exists()


def test_the_rule_is_that_of_the_working_folder(artifact: Path, stemsilver: Terminal) -> None:
    shipped = Path(__file__).parents[2] / "config" / "embedded.yaml"
    text = shipped.read_text().replace("wer_rise_max: 0.02", "wer_rise_max: 0.999")
    assert text != shipped.read_text()
    Path("config").mkdir()
    Path("config", "embedded.yaml").write_text(text)
    said = comment(stemsilver, pull())
    assert "another rule" in said.out
    assert "rises by at most 99.9 points" in said.out


@pytest.mark.parametrize(
    ("number", "commit", "named"),
    [
        ("0", COMMIT, "--number"),
        ("-3", COMMIT, "--number"),
        ("3000000000", COMMIT, "--number"),
        ("7", "main", "--commit"),
        ("7", COMMIT[:7], "--commit"),
    ],
)
def test_nothing_is_packed_under_a_name_that_would_be_refused(
    workspace: Workspace, stemsilver: Terminal, number: str, commit: str, named: str
) -> None:
    shutil.copytree("report", "base-report")
    faulty(pack(stemsilver, number=number, commit=commit), 2, named)
    assert not Path("artifact").exists()


def test_a_short_commit_is_refused_in_words(workspace: Workspace, stemsilver: Terminal) -> None:
    said = pack(stemsilver, commit="abc")
    faulty(said, 2, "--commit: abc is not a full commit SHA")
    assert "pattern" not in said.err


def test_what_is_left_out_is_counted(artifact: Path, stemsilver: Terminal) -> None:
    shutil.rmtree(artifact / "ab")
    said = stemsilver("pull-request", "preview", artifact, "site/previews/pr-7")
    assert said.code == 0
    assert "0 renders to hear" in said.err
    assert "! 1 render left out" in said.err
    assert "more" not in said.err


@pytest.mark.parametrize(
    "command",
    [("number", "report"), ("preview", "nosuch", "site/previews/pr-7")],
)
def test_a_folder_named_by_mistake_is_nobodys_forgery(
    workspace: Workspace, stemsilver: Terminal, command: tuple[str, ...]
) -> None:
    said = stemsilver("pull-request", *command)
    faulty(said, 2, command[1])
    assert "Name the folder that `stemsilver pull-request pack` made" in said.err
    assert "forged" not in said.err


def test_a_first_pull_request_has_no_base(workspace: Workspace, stemsilver: Terminal) -> None:
    faulty(pack(stemsilver), 2, "base-report", "cannot be read")
    assert pack(stemsilver, "--no-base").code == 0
    assert "base.json" not in contents(Path("artifact"))
    said = comment(stemsilver, pull())
    assert said.code == 0
    assert "There is nothing to compare with" in said.out
