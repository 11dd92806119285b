"""Only what GitHub's own words bear out is spoken of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stemsilver.delivery.pull_request import Claim, check_origin
from stemsilver.errors import NothingToDo, UsageError

from .pull_requests import COMMIT, NUMBER, OTHER_COMMIT, event, pull, write_words

CLAIM = Claim(schema_version=1, number=NUMBER, commit=COMMIT)
Change = Callable[[Any, Any], object]


def check(folder: Path, change: Change = lambda event, pull: None, claim: Claim = CLAIM) -> None:
    ran, asked = event(), pull()
    change(ran, asked)
    check_origin(claim, *write_words(folder, ran, asked))


def test_what_github_bears_out_passes(tmp_path: Path) -> None:
    check(tmp_path)


@pytest.mark.parametrize(
    ("claim", "why"),
    [
        (CLAIM.model_copy(update={"number": 8}), "it claims #8"),
        (CLAIM.model_copy(update={"commit": OTHER_COMMIT}), "another commit"),
    ],
)
def test_a_claim_to_be_another(tmp_path: Path, claim: Claim, why: str) -> None:
    with pytest.raises(UsageError, match=f"forged.*{why}"):
        check(tmp_path, claim=claim)


def test_another_number_for_which_github_was_asked(tmp_path: Path) -> None:
    """The victim's pull request is open, and everything of it is as GitHub says."""

    def victims(ran: Any, asked: Any) -> None:
        asked["number"] = 8
        asked["head"] = {"sha": OTHER_COMMIT, "repo": {"full_name": "victim/fork"}}

    with pytest.raises(UsageError, match=r"forged.*victim/fork"):
        check(tmp_path, victims, CLAIM.model_copy(update={"number": 8}))
    # Naming the victim's commit as well does not help: another one ran.
    with pytest.raises(UsageError, match=r"forged.*another commit"):
        check(tmp_path, victims, Claim(schema_version=1, number=8, commit=OTHER_COMMIT))


def run(**values: object) -> Change:
    return lambda ran, asked: ran["workflow_run"].update(values)


def answer(**values: object) -> Change:
    return lambda ran, asked: asked.update(values)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (run(event="push"), "not triggered by a pull request"),
        (run(event="pull_request_target"), "not triggered by a pull request"),
        (run(head_sha=OTHER_COMMIT), "another commit"),
        (run(head_repository={"full_name": "other/fork"}), "comes from stranger/fork"),
        (answer(base={"repo": {"full_name": "other/batch"}}), "not a pull request to team/batch"),
    ],
)
def test_what_does_not_agree_is_forged(tmp_path: Path, change: Change, why: str) -> None:
    with pytest.raises(UsageError, match=f"forged.*{why}") as refused:
        check(tmp_path, change)
    assert refused.value.exit_code == 2


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (answer(state="closed"), "is closed"),
        (
            lambda ran, asked: asked["head"].update(sha=OTHER_COMMIT),
            "moved on to another commit",
        ),
        (lambda ran, asked: asked["head"].update(repo=None), "fork that is no more"),
        (run(head_repository=None), "fork that is no more"),
    ],
)
def test_what_came_too_late_ends_quietly(tmp_path: Path, change: Change, why: str) -> None:
    with pytest.raises(NothingToDo, match=f"stale: #7 .*{why}") as stale:
        check(tmp_path, change)
    assert stale.value.exit_code == 3


def test_a_forgery_is_not_taken_for_what_came_too_late(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"forged"):
        check(tmp_path, answer(state="closed"), CLAIM.model_copy(update={"number": 8}))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (run(head_sha=None), "head_sha"),
        (run(head_repository="stranger/fork"), "head_repository"),
        (answer(number="7"), "number"),
        (answer(head=None), "head"),
        (lambda ran, asked: ran.pop("workflow_run"), "workflow_run"),
    ],
)
def test_words_that_are_not_of_github_do_not_pass(tmp_path: Path, change: Change, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        check(tmp_path, change)


def test_words_that_are_missing_are_a_slip_and_no_forgery(tmp_path: Path) -> None:
    ran, asked = write_words(tmp_path, event(), pull())
    for said, answered, option in (
        (Path("/dev/null"), asked, "--event"),
        (ran, tmp_path, "--pull"),
    ):
        with pytest.raises(UsageError) as refusal:
            check_origin(CLAIM, said, answered)
        assert "forged" not in refusal.value.message
        assert option in refusal.value.next_step
