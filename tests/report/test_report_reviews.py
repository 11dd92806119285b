"""Reviews: read from strangers, merged without loss, and valid for the output they are about."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from stemsilver.errors import UsageError
from stemsilver.profiles import load_profile
from stemsilver.report import (
    Scorecard,
    add_reviews,
    batch_metrics_csv,
    check_guardrail,
    diff,
    diff_markdown,
    is_approved,
    read_review,
    read_reviews,
    read_scorecard,
    review_json,
    review_words,
    reviewers,
    reviews_csv,
    reviews_line,
    reviews_markdown,
    scorecard_json,
    scorecard_markdown,
    with_reviews,
)
from stemsilver.report.reviews.folder import MAX_FOLDER_BYTES, file_name
from stemsilver.report.reviews.merging import merge_reviews
from stemsilver.report.reviews.reader import MAX_BYTES, parse_review

from .cards import GUARDRAIL, card, failed, item
from .planted_batch import write

NOW, LATER = "2026-11-30T10:00:00.000Z", "2026-11-30T10:00:01.000Z"
ONE, TWO = "1" * 64, "2" * 64
SCRIPT = "<script>alert(1)</script>"


def remark(text: str = "music", id: str = "r1", written: str = NOW, at: float = 7.0) -> Any:
    return {"id": id, "at": at, "track": "clean", "text": text, "written": written}


def entry(
    decision: str | None = "approved", *remarks: Any, sha: str = ONE, decided: str | None = NOW
) -> dict[str, Any]:
    return {
        "path": "a.wav",
        "sound_sha256": sha,
        "decision": decision,
        "decided": decided,
        "remarks": list(remarks),
    }


def review(*entries: Any, reviewer: str = "Ada") -> dict[str, Any]:
    build = {"profile": "embedded", "config_digest": "abcd", "created": NOW}
    return {
        "kind": "stemsilver-review",
        "schema_version": 1,
        "reviewer": reviewer,
        "build": build,
        "renders": list(entries),
    }


def reviewed(*reviews: Any) -> Scorecard:
    batch = card(replace(item("a"), sound_sha256=ONE), replace(item("b"), sound_sha256=TWO))
    return with_reviews(batch, merge_reviews(map(parse_review, reviews)))


def test_a_review_is_read_as_it_was_written(tmp_path: Path) -> None:
    values = review(entry("needs_work", remark()))
    found = read_review(write(tmp_path / "ada.json", values))
    assert review_json(found) == values


DAMAGES: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "another kind of file": (lambda one: one.update(kind="scorecard"), "`kind`"),
    "a later version": (lambda one: one.update(schema_version=2), "`schema_version`"),
    "no name": (lambda one: one.update(reviewer="  "), "`reviewer`"),
    "a long name": (lambda one: one.update(reviewer="x" * 81), "`reviewer`"),
    "no hash": (lambda one: one["renders"][0].update(sound_sha256="1"), "sound_sha256"),
    "a position before the start": (lambda one: remark_of(one).update(at=-1), "remarks.0.at"),
    "an unknown track": (lambda one: remark_of(one).update(track="x"), "remarks.0.track"),
    "a long remark": (lambda one: remark_of(one).update(text="x" * 2001), "remarks.0.text"),
    "an unknown time": (lambda one: remark_of(one).update(written="now"), "remarks.0.written"),
    "a number as time": (lambda one: one["renders"][0].update(decided=5), "renders.0.decided"),
    "too many remarks": (lambda one: one["renders"][0].update(remarks=[remark()] * 501), "501"),
}


def remark_of(values: dict[str, Any]) -> dict[str, Any]:
    return values["renders"][0]["remarks"][0]  # type: ignore[no-any-return]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_of_a_stranger_is_refused_by_name(damage: str, tmp_path: Path) -> None:
    values = review(entry("approved", remark()))
    change, why = DAMAGES[damage]
    change(values)
    path = write(tmp_path / "x.json", values)
    with pytest.raises(UsageError, match=r"x\.json: not a review of Stemsilver") as refused:
        read_review(path)
    assert why in refused.value.message


def test_large_and_ambiguous_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(b" " * 10_000_000)
    with pytest.raises(UsageError, match="more than 2 MB"):
        read_review(path)
    text = json.dumps(review(entry())).replace(
        '"reviewer": "Ada"', '"reviewer": "Ada", "reviewer": "Bo"'
    )
    path.write_text(text)
    with pytest.raises(UsageError, match="'reviewer' occurs twice"):
        read_review(path)
    path.write_text("[" * 100_000)
    with pytest.raises(UsageError, match="not a review"):
        read_review(path)


def test_a_merge_loses_nothing_whatever_the_order() -> None:
    phone = review(entry("approved", remark("late", written=LATER), remark("two", id="r2")))
    desk = review(entry("needs_work", remark("early"), decided=LATER), reviewer="ADA")
    # Taken back on another device: the remark is gone, and stays gone.
    train = review(entry(None, remark("", id="r2", written=LATER), decided=None))
    other = review(entry("approved", remark("mine")), reviewer="Bo")
    files = [parse_review(one) for one in (phone, desk, train, other)]
    results = {merge_reviews(order) for order in permutations(files)}
    assert len(results) == 1
    ((ada, bo),) = results
    assert [one.reviewer for one in (ada, bo)] == ["Ada", "Bo"]
    (about,) = ada.renders
    assert about.decision == "needs_work"
    assert {one.id: one.text for one in about.remarks} == {"r1": "late", "r2": ""}
    assert merge_reviews([ada, bo, *files]) == (ada, bo), "a second merge changes nothing"


def test_two_versions_of_one_moment_are_both_kept() -> None:
    files = [parse_review(review(entry(one, remark(one)))) for one in ("approved", "needs_work")]
    (merged,) = merge_reviews(files)
    assert merged.renders[0].decision == "needs_work", "the cautious one counts"
    assert [one.text for one in merged.renders[0].remarks] == ["approved", "needs_work"]


def test_a_render_that_changed_has_lost_its_approval() -> None:
    former = reviewed(review(entry("approved", remark(), sha=TWO)))
    (a, _) = former.renders
    assert not is_approved(a, 1)
    assert review_words(a) == "outdated"
    assert reviewers(former)[0].counts == (0, 0, 0, 0, 1)
    # Approved again, only the present review is shown.
    (a, b) = reviewed(review(entry("approved", sha=TWO), entry("approved"))).renders
    assert is_approved(a, 1)
    assert [one.sound_sha256 for one in a.reviews] == [ONE]
    assert b.reviews == ()
    # What was taken back says nothing any more.
    assert reviewed(review(entry(None, remark("")))).renders[0].reviews == ()


def test_everyone_reads_the_reviews(tmp_path: Path) -> None:
    ada = review(entry("needs_work", remark(f"{SCRIPT} @all [x](http://x.de)")), reviewer=SCRIPT)
    found = reviewed(ada, review(entry("approved"), reviewer="Bo"))
    path = write(tmp_path / "scorecard.json", scorecard_json(found))
    assert read_scorecard(path).renders == found.renders
    assert review_words(found.renders[0]) == f"needs work ({SCRIPT}), approved (Bo), 1 remark"
    assert "needs work" in batch_metrics_csv(found)
    listing = reviews_markdown(found)
    assert "needs work" in listing
    assert "0:07 in clean" in listing
    assert "Not reviewed by anybody: 1 of 2 renders." in listing
    assert "0 of 2 renders approved" in reviews_line(found)
    comment = diff_markdown(diff(reviewed(), found), ())
    assert "Reviewers ask for work on it" in comment
    for text in (listing, comment, scorecard_markdown(found, load_profile())):
        # In code spans, nothing has an effect.
        outside = re.sub("`[^`]*`", "", text)
        assert not re.search(r"<script|\[x\]\(|@all", outside)
    rows = reviews_csv(found).splitlines()
    assert len(rows) == 1 + 3


def test_a_batch_without_reviews_is_as_before() -> None:
    assert reviews_line(reviewed()) == ""
    assert "Reviews" not in diff_markdown(diff(reviewed(), reviewed()), ())


@pytest.mark.parametrize(
    ("least", "reviews", "passed", "found"),
    [
        (1, ["approved"], True, "1 of 1 render approved"),
        (2, ["approved"], False, "0 of 1 render approved"),
        (2, ["approved", "approved"], True, "1 of 1 render approved"),
        (1, ["approved", "needs_work"], False, "0 of 1 render approved, 1 needs work"),
        (1, ["skipped"], False, "0 of 1 render approved"),
        (1, [], False, "0 of 1 render approved"),
    ],
)
def test_the_guardrail_may_ask_for_approvals(
    least: int, reviews: list[str], passed: bool, found: str
) -> None:
    files = [parse_review(review(entry(one), reviewer=f"P{i}")) for i, one in enumerate(reviews)]
    head = with_reviews(card(replace(item("a"), sound_sha256=ONE), failed("x")), files)
    rule = GUARDRAIL.model_copy(update={"approvals_min": least})
    checks = {one.name: one for one in check_guardrail(diff(head, head), rule)}
    assert (checks["approvals"].passed, checks["approvals"].found) == (passed, found)
    assert checks["approvals"].renders == (() if passed else ("a.wav",))
    assert "approvals" not in {one.name for one in check_guardrail(diff(head, head), GUARDRAIL)}


def test_the_folder_has_one_file_a_person_and_keeps_what_it_cannot_read(tmp_path: Path) -> None:
    folder = tmp_path / "reviews"
    assert read_reviews(folder) == ((), ())
    first = parse_review(review(entry("approved")))
    other = parse_review(review(entry("needs_work"), reviewer="Bo"))
    assert set(add_reviews([first, other], folder)) == {
        folder / "stemsilver-review-ada.json",
        folder / "stemsilver-review-bo.json",
    }
    # A file that was put there by hand counts too, and one that is damaged is named.
    write(folder / "by hand.json", review(entry("approved", remark()), reviewer="Cy"))
    (folder / "broken.json").write_text("{")
    (folder / "link.json").symlink_to(folder / "by hand.json")
    found, refused = read_reviews(folder)
    assert [one.reviewer for one in found] == ["Ada", "Bo", "Cy"]
    assert [one.path for one in refused] == ["reviews/broken.json", "reviews/link.json"]
    (folder / "stemsilver-review-ada.json").write_text("{")
    with pytest.raises(UsageError, match=r"ada\.json: not a review"):
        add_reviews([first], folder)
    assert (folder / "stemsilver-review-ada.json").read_text() == "{"


def test_the_folder_is_bounded(tmp_path: Path) -> None:
    for number in range(3):
        values = review(entry(), reviewer=f"P{number}")
        write(tmp_path / f"{number}.json", values | {"padding": "x" * (MAX_BYTES - 10_000)})
    found, refused = read_reviews(tmp_path)
    assert len(found) == MAX_FOLDER_BYTES // MAX_BYTES
    assert [one.path for one in refused] == [f"{tmp_path.name}/2.json"]


def test_every_name_has_a_file_of_its_own() -> None:
    names = ["Ada", "ada", "Ada L", "ada-l", "Жанна", "Жана", "../x", "con", "a" * 80, "a" * 79]
    files = [file_name(name) for name in names]
    assert len(set(files)) == len(names) - 1
    assert all(name.isascii() and "/" not in name and len(name) < 80 for name in files)
