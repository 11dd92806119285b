"""Packing what a pull request hands over."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from stemsilver.delivery.pull_request import Claim, pack, read
from stemsilver.delivery.pull_request.comparison import changed_renders, compare
from stemsilver.errors import UsageError

from ..pipeline.batches import contents
from .pull_requests import (
    BETTER,
    COMMIT,
    GOOD,
    NUMBER,
    SLIGHTLY_WORSE,
    WORSE,
    a_change,
    failed,
    opened,
    render,
    write_report,
)

SIGNALS = ("base", "clean", "raw")
CLAIM = Claim(schema_version=1, number=NUMBER, commit=COMMIT)


def test_both_scorecards_and_the_snippets_of_what_changed_are_packed(tmp_path: Path) -> None:
    done = a_change(tmp_path)
    files = contents(done.folder)
    snippets = [
        f"ab/{id_}/{name}"
        for id_ in ("much-worse", "little-worse", "better")
        for name in ("ab.json", *(f"ab-{n}-{of}.flac" for n in (1, 2) for of in SIGNALS))
    ]
    assert json.loads(files.pop("pull_request.json")) == CLAIM.model_dump()
    assert files == {
        "base.json": (done.base / "scorecard.json").read_bytes(),
        "head.json": (done.head / "scorecard.json").read_bytes(),
        **{name: (done.head / name).read_bytes() for name in snippets},
    }
    assert done.packed.renders == ("much-worse.wav", "little-worse.wav", "better.wav")
    assert done.packed.left_out == ()
    assert read(done.folder).claim == CLAIM


def test_what_does_not_fit_is_left_out_the_least_changed_first(tmp_path: Path) -> None:
    whole = a_change(tmp_path / "whole")
    room = (whole.packed.bytes - 1) / 1e6
    done = pack(whole.base, whole.head, CLAIM, tmp_path / "small", room)
    assert done.renders == ("much-worse.wav", "little-worse.wav")
    assert done.left_out == ("better.wav",)
    assert not (tmp_path / "small" / "ab" / "better").exists()
    assert sum(map(len, contents(tmp_path / "small").values())) < room * 1e6 + 200
    with pytest.raises(UsageError, match="scorecards alone"):
        pack(whole.base, whole.head, CLAIM, tmp_path / "none", 0.001)
    # The second has more bytes than what is left; the third has less, and is less bad.
    for path in (whole.head / "ab" / "little-worse").glob("*.flac"):
        path.write_bytes(path.read_bytes() * 9)
    done = pack(whole.base, whole.head, CLAIM, tmp_path / "small", whole.packed.bytes / 1e6)
    assert done.renders == ("much-worse.wav",)
    assert done.left_out == ("little-worse.wav", "better.wav")


def test_no_more_files_than_anybody_unpacks(tmp_path: Path) -> None:
    many = [f"r{number}" for number in range(140)]
    before, after = ([render(name, of) for name in many] for of in (GOOD, WORSE))
    done = opened(tmp_path, before, after)
    assert len(contents(done.folder)) <= 901
    assert len(done.packed.renders) + len(done.packed.left_out) == 140
    assert done.packed.left_out
    read(done.folder)


def test_the_order_is_worse_then_unknown_then_better(tmp_path: Path) -> None:
    values = {"better": BETTER, "little": SLIGHTLY_WORSE, "much": WORSE, "same": GOOD}
    before = [render(id_, GOOD) for id_ in (*values, "broken")] + [failed("mended")]
    after = [render(id_, scores) for id_, scores in values.items()]
    after += [render("mended", GOOD), render("added", GOOD), failed("broken")]
    found = read(opened(tmp_path, before, after).folder)
    changed = changed_renders(compare(found.base, found.head))
    assert [item.id for item in changed] == ["much", "little", "mended", "added", "better"]


def test_without_a_base_every_render_is_a_change(tmp_path: Path) -> None:
    done = opened(tmp_path / "first", [], [render("one", GOOD), failed("two")], no_base=True)
    assert not (done.folder / "base.json").exists()
    assert done.packed.renders == ("one.wav",)
    assert read(done.folder).base is None
    done = opened(tmp_path / "same", [render("one", GOOD)], [render("one", GOOD)])
    assert set(contents(done.folder)) == {"pull_request.json", "base.json", "head.json"}


def test_what_is_missing_of_a_report(tmp_path: Path) -> None:
    base = write_report(tmp_path / "b", [render("one", GOOD)])
    head = write_report(tmp_path / "h", [render("one", WORSE)])
    artifact = tmp_path / "artifact"
    with pytest.raises(UsageError, match="cannot be read"):
        pack(tmp_path / "none", head, CLAIM, artifact, 50)
    (head / "ab" / "one" / "ab-2-raw.flac").unlink()
    with pytest.raises(UsageError, match="snippets cannot be read"):
        pack(base, head, CLAIM, artifact, 50)
    assert sorted(os.listdir(tmp_path)) == ["b", "h"]
    (head / "ab").rename(tmp_path / "elsewhere")  # as of a profile that asks for none
    done = pack(base, head, CLAIM, artifact, 50)
    assert (done.renders, done.left_out) == ((), ())


def test_only_what_was_packed_before_is_replaced(tmp_path: Path) -> None:
    done = a_change(tmp_path / "pull")
    again = pack(done.base, done.base, CLAIM, done.folder, 50)
    assert (again.renders, (done.folder / "ab").exists()) == ((), False)
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    with pytest.raises(UsageError, match="would be deleted"):
        pack(done.base, done.head, CLAIM, mine, 50)
    assert (mine / "thesis.txt").read_text() == "years of work"
