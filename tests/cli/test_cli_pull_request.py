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
from ..pipeline.batches import contents
from .terminal import Ended, Terminal, faulty


def pack(stemsilver: Terminal, *more: str, number: str = "7", commit: str = COMMIT) -> Ended:
    options = ("--number", number, "--commit", commit, "-o", "artifact")
    return stemsilver("pull-request", "pack", "base-report", "report", *options, *more)


@pytest.mark.usefixtures("workspace")
def test_what_is_packed_is_the_sound_of_the_build(stemsilver: Terminal) -> None:
    shutil.copytree("report", "base-report")
    path = Path("report", "scorecard.json")
    card = json.loads(path.read_text())
    worse = next(item for item in card["items"] if item["path"] == "one.wav")
    worse["metrics"]["wer_raw_to_clean"] = {"value": 0.9, "reason": None}
    path.write_text(json.dumps(card))
    done = pack(stemsilver)
    assert (done.code, done.out) == (0, "")
    assert "artifact: 1 render to hear" in done.err
    found = read(Path("artifact"))
    assert (found.claim.number, found.claim.commit) == (7, COMMIT)
    preview = write_preview(found, load_profile(), Path("site", "previews", "pr-7"), 25)
    assert (preview.heard, preview.left_out) == (1, 0)
    ab = preview.index.parent / "ab"
    [id_] = [path.name for path in ab.iterdir()]
    for name in ("ab-1-raw.flac", "ab-1-clean.flac"):
        shown, built = (decode(at / id_ / name, 1) for at in (ab, Path("report", "ab")))
        assert (shown.samples == built.samples).all()
        assert shown.duration > 1


@pytest.mark.usefixtures("workspace")
def test_nothing_is_packed_under_a_name_that_would_be_refused(stemsilver: Terminal) -> None:
    shutil.copytree("report", "base-report")
    for number in ("0", "3000000000"):
        faulty(pack(stemsilver, number=number), 2, "--number")
    for commit in ("main", COMMIT[:7]):
        said = pack(stemsilver, commit=commit)
        faulty(said, 2, f"--commit: {commit} is not a full commit SHA")
        assert "pattern" not in said.err
    assert not Path("artifact").exists()


@pytest.mark.usefixtures("workspace")
def test_a_first_pull_request_has_no_base(stemsilver: Terminal) -> None:
    faulty(pack(stemsilver), 2, "base-report", "cannot be read")
    assert pack(stemsilver, "--no-base").code == 0
    assert "base.json" not in contents(Path("artifact"))
