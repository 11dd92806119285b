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

CLAIM = Claim(schema_version=1, number=NUMBER, commit=COMMIT)


def test_both_scorecards_and_the_snippets_of_what_changed_are_packed(tmp_path: Path) -> None:
    done = a_change(tmp_path)
    files = contents(done.folder)
    names = [
        f"ab-{number}-{signal}.flac" for number in (1, 2) for signal in ("base", "clean", "raw")
    ]
    assert set(files) == {
        "pull_request.json",
        "base.json",
        "head.json",
        *(
            f"ab/{id_}/{name}"
            for id_ in ("much-worse", "little-worse", "better")
            for name in ("ab.json", *names)
        ),
    }
    claim = json.loads(files["pull_request.json"])
    assert claim == {"schema_version": 1, "number": NUMBER, "commit": COMMIT}
    assert files["base.json"] == (done.base / "scorecard.json").read_bytes()
    assert files["head.json"] == (done.head / "scorecard.json").read_bytes()
    for name in names:
        source = done.head / "ab" / "better" / name
        assert files[f"ab/better/{name}"] == source.read_bytes()
    assert done.packed.renders == ("much-worse.wav", "little-worse.wav", "better.wav")
    assert done.packed.left_out == ()
    assert read(done.folder).claim == CLAIM


def test_a_change_of_nothing_hands_over_numbers_alone(tmp_path: Path) -> None:
    done = opened(tmp_path, [render("one", GOOD)], [render("one", GOOD)])
    assert set(contents(done.folder)) == {"pull_request.json", "base.json", "head.json"}


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


def test_what_is_less_bad_does_not_take_the_room_of_what_is_worse(tmp_path: Path) -> None:
    whole = a_change(tmp_path / "whole")
    # The second has more bytes than what is left, the third has less.
    for path in (whole.head / "ab" / "little-worse").glob("*.flac"):
        path.write_bytes(path.read_bytes() * 9)
    done = pack(whole.base, whole.head, CLAIM, tmp_path / "small", whole.packed.bytes / 1e6)
    assert done.renders == ("much-worse.wav",)
    assert done.left_out == ("little-worse.wav", "better.wav")


def test_no_more_files_than_anybody_unpacks(tmp_path: Path) -> None:
    many = [f"r{number}" for number in range(140)]
    done = opened(
        tmp_path, [render(name, GOOD) for name in many], [render(name, WORSE) for name in many]
    )
    assert len(contents(done.folder)) <= 901
    assert len(done.packed.renders) + len(done.packed.left_out) == 140
    assert done.packed.left_out
    read(done.folder)


def test_the_order_is_worse_then_unknown_then_better(tmp_path: Path) -> None:
    ids = ("better", "mended", "little", "much", "same", "broken")
    before = [render(id_, GOOD) for id_ in ids if id_ != "mended"] + [failed("mended")]
    after = [
        render("better", BETTER),
        render("mended", GOOD),
        render("added", GOOD),
        render("little", SLIGHTLY_WORSE),
        render("much", WORSE),
        render("same", GOOD),
        failed("broken"),
    ]
    done = opened(tmp_path, before, after)
    found = read(done.folder)
    changed = changed_renders(compare(found.base, found.head))
    assert [item.id for item in changed] == ["much", "little", "mended", "added", "better"]


def test_without_a_base_every_render_is_a_change(tmp_path: Path) -> None:
    done = opened(tmp_path, [], [render("one", GOOD), failed("two")], no_base=True)
    assert not (done.folder / "base.json").exists()
    assert done.packed.renders == ("one.wav",)
    assert read(done.folder).base is None


def test_a_report_without_snippets_is_packed_without(tmp_path: Path) -> None:
    base = write_report(tmp_path / "b", [render("one", GOOD)])
    head = write_report(tmp_path / "h", [render("one", WORSE)])
    (head / "ab").rename(tmp_path / "elsewhere")
    done = pack(base, head, CLAIM, tmp_path / "artifact", 50)
    assert (done.renders, done.left_out) == ((), ())


def test_a_snippet_that_is_missing_stops_it(tmp_path: Path) -> None:
    base = write_report(tmp_path / "b", [render("one", GOOD)])
    head = write_report(tmp_path / "h", [render("one", WORSE)])
    (head / "ab" / "one" / "ab-2-raw.flac").unlink()
    with pytest.raises(UsageError, match="snippets cannot be read"):
        pack(base, head, CLAIM, tmp_path / "artifact", 50)
    assert not (tmp_path / "artifact").exists()
    assert [name for name in os.listdir(tmp_path) if name.startswith(".")] == []


def test_a_base_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    head = write_report(tmp_path / "h", [render("one", GOOD)])
    with pytest.raises(UsageError, match="cannot be read"):
        pack(tmp_path / "none", head, CLAIM, tmp_path / "artifact", 50)


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
