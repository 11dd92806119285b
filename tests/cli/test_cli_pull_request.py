"""`stemsilver pull-request pack`, of a real build."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from stemsilver import load_profile
from stemsilver.audio import decode
from stemsilver.delivery.pull_request import read, write_preview

from ..delivery.pull_requests import COMMIT
from ..pipeline.batches import Workspace, contents
from .terminal import Ended, Terminal, faulty


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


def test_what_is_packed_is_the_sound_of_the_build(artifact: Path, stemsilver: Terminal) -> None:
    found = read(artifact)
    assert (found.claim.number, found.claim.commit) == (7, COMMIT)
    preview = write_preview(found, load_profile(), Path("site", "previews", "pr-7"), 25)
    assert (preview.heard, preview.left_out) == (1, 0)
    ab = preview.index.parent / "ab"
    [id_] = [path.name for path in ab.iterdir()]
    for name in ("ab-1-raw.flac", "ab-1-clean.flac"):
        shown, built = (decode(at / id_ / name, 1) for at in (ab, Path("report", "ab")))
        assert (shown.samples == built.samples).all()
        assert shown.duration > 1


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


def test_a_first_pull_request_has_no_base(workspace: Workspace, stemsilver: Terminal) -> None:
    faulty(pack(stemsilver), 2, "base-report", "cannot be read")
    assert pack(stemsilver, "--no-base").code == 0
    assert "base.json" not in contents(Path("artifact"))
