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
OF_8 = CLAIM.model_copy(update={"number": 8})
OF_OTHER = CLAIM.model_copy(update={"commit": OTHER_COMMIT})
Change = Callable[[Any, Any], object]


def check(folder: Path, change: Change = lambda event, pull: None, claim: Claim = CLAIM) -> None:
    ran, asked = event(), pull()
    change(ran, asked)
    check_origin(claim, *write_words(folder, ran, asked))


def run(**values: object) -> Change:
    return lambda ran, asked: ran["workflow_run"].update(values)


def answer(**values: object) -> Change:
    return lambda ran, asked: asked.update(values)


def head(**values: object) -> Change:
    return lambda ran, asked: asked["head"].update(values)


VICTIMS = answer(number=8, head={"sha": OTHER_COMMIT, "repo": {"full_name": "victim/fork"}})
"""Another number is claimed, whose pull request is open, and all of it is as GitHub says."""


def test_what_github_bears_out_passes(tmp_path: Path) -> None:
    check(tmp_path)


@pytest.mark.parametrize(
    ("change", "claim", "why"),
    [
        (run(), OF_8, "it claims #8"),
        (run(), OF_OTHER, "another commit"),
        (VICTIMS, OF_8, "victim/fork"),
        # Naming the victim's commit as well does not help: another one ran.
        (VICTIMS, OF_OTHER.model_copy(update={"number": 8}), "another commit"),
        # It is not taken for what came too late.
        (answer(state="closed"), OF_8, ""),
        (run(event="pull_request_target"), CLAIM, "not triggered by a pull request"),
        (run(head_sha=OTHER_COMMIT), CLAIM, "another commit"),
        (run(head_repository={"full_name": "other/fork"}), CLAIM, "comes from stranger/fork"),
        (
            answer(base={"repo": {"full_name": "other/batch"}}),
            CLAIM,
            "not a pull request to team/batch",
        ),
    ],
)
def test_a_contradiction_is_forged(tmp_path: Path, change: Change, claim: Claim, why: str) -> None:
    with pytest.raises(UsageError, match=f"forged.*{why}") as refused:
        check(tmp_path, change, claim)
    assert refused.value.exit_code == 2


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (answer(state="closed"), "is closed"),
        (head(sha=OTHER_COMMIT), "moved on to another commit"),
        (head(repo=None), "fork that is no more"),
        (run(head_repository=None), "fork that is no more"),
    ],
)
def test_what_came_too_late_ends_quietly(tmp_path: Path, change: Change, why: str) -> None:
    with pytest.raises(NothingToDo, match=f"stale: #7 .*{why}") as stale:
        check(tmp_path, change)
    assert stale.value.exit_code == 3


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
    for words, option in (((Path("/dev/null"), asked), "--event"), ((ran, tmp_path), "--pull")):
        with pytest.raises(UsageError) as refusal:
            check_origin(CLAIM, *words)
        assert "forged" not in refusal.value.message
        assert option in refusal.value.next_step
