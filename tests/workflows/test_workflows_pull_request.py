"""`pr-scorecard.yml` and `pr-comment.yml`: a pull request is measured, judged and told so."""

from __future__ import annotations

import json
from pathlib import Path
from zipfile import ZipFile

import pytest

from .github import GitHub, Run
from .single_step import play
from .story import ADDRESS, FORK, Closed, Forged, Scored

MARK = "<!-- stemsilver-scorecard -->"


def spoken(scored: Scored) -> list[tuple[str, str]]:
    """The comments of the pull request by who wrote them."""
    number = str(scored.pull["number"])
    return [
        (comment["user"]["login"], comment["body"])
        for comment in scored.comments
        if comment["issue"] == number
    ]


def test_a_worse_profile_fails_the_guardrail(worsened: Scored) -> None:
    job = worsened.run.jobs["scorecard"]
    assert worsened.run.conclusion == "failure"
    assert job.steps["diff"].outputs == {"code": "1"}
    assert job.errors == [
        "This change costs more than the guardrail allows; the summary says where."
    ]
    assert "The guardrail fails: Music presence, mean." in job.summary


def test_the_artifact_is_handed_over_even_so(worsened: Scored, github: GitHub) -> None:
    [artifact] = (
        one for one in github.load("artifacts") if one["workflow_run"]["id"] == worsened.run.id
    )
    with ZipFile(github.folder / "state" / f"artifact-{artifact['id']}.zip") as packed:
        names = packed.namelist()
        claim = json.loads(packed.read("pull_request.json"))
    assert {"base.json", "head.json"} <= set(names)
    assert [name for name in names if name.endswith(".flac")]
    assert (claim["number"], claim["commit"]) == (1, worsened.pull["head"]["sha"])


def test_the_base_is_taken_from_what_main_has_computed(worsened: Scored) -> None:
    log = worsened.run.log
    assert log.index("2 of 2 renders reused whole") < log.index("0 of 2 renders reused whole")


def test_one_environment_serves_base_and_head(worsened: Scored) -> None:
    environments = list(worsened.run.jobs["scorecard"].temporary.glob("*/pyvenv.cfg"))
    assert [path.parent.name for path in environments] == ["stemsilver"]


def test_the_comment_says_what_is_worse_and_where_to_hear_it(worsened: Scored) -> None:
    assert worsened.comment.conclusion == "success", worsened.comment.log
    [(author, body)] = spoken(worsened)
    assert author == "github-actions[bot]"
    assert body.startswith(f"{MARK}\n")
    assert worsened.pull["head"]["sha"][:12] in body
    assert "The guardrail fails: Music presence, mean." in body
    assert f"({ADDRESS}previews/pr-1/)" in body
    assert f"/actions/runs/{worsened.run.id})" in body


def test_a_change_without_consequence_passes_and_says_so(mended: Scored) -> None:
    assert mended.run.conclusion == "success", mended.run.log
    job = mended.run.jobs["scorecard"]
    assert job.steps["diff"].outputs == {"code": "0"}
    assert job.summary.startswith("**Nothing changed")
    assert job.errors == []


def test_the_same_pull_request_has_one_comment_which_is_brought_up_to_date(
    worsened: Scored, mended: Scored
) -> None:
    [(_, before)], [(_, after)] = spoken(worsened), spoken(mended)
    assert before != after
    assert "Nothing changed" in after
    assert mended.pull["head"]["sha"][:12] in after
    [earlier], [later] = worsened.comments, mended.comments
    assert earlier["id"] == later["id"]


def test_a_fork_that_may_only_read_is_measured_and_gets_its_comment(first_renders: Scored) -> None:
    job = first_renders.run.jobs["scorecard"]
    assert first_renders.pull["head"]["repo"]["full_name"] == FORK
    assert set(job.rights.values()) == {"read"}
    assert first_renders.run.conclusion == "success", first_renders.run.log
    assert first_renders.comment.conclusion == "success", first_renders.comment.log
    [(_, body)] = spoken(first_renders)
    assert body.startswith(f"{MARK}\n")


def test_a_base_without_renders_leaves_the_head_alone(first_renders: Scored) -> None:
    job = first_renders.run.jobs["scorecard"]
    base, head = job.steps["base"], job.steps["head"]
    assert (base.outcome, base.conclusion, base.outputs["exit-code"]) == ("failure", "success", "3")
    assert (head.outcome, head.outputs["exit-code"]) == ("success", "0")
    assert job.steps["diff"].outcome == "skipped"
    assert "this is its head alone" in job.summary
    assert "`one.wav`" in job.summary
    assert any("nothing to compare with" in text for text in job.warnings)


def test_a_base_without_the_action_leaves_the_head_alone(action_first: Run) -> None:
    job = action_first.jobs["scorecard"]
    assert action_first.conclusion == "success", action_first.log
    assert job.steps["base"].outcome == "skipped"
    assert (job.steps["head"].outcome, job.steps["diff"].outcome) == ("success", "skipped")


def test_a_forged_number_is_refused_and_nothing_is_posted(worsened: Scored, forged: Forged) -> None:
    job = forged.comment.jobs["comment"]
    assert forged.comment.conclusion == "failure"
    assert job.steps["comment"].outcome == "failure"
    assert "forged" in job.log
    assert forged.comments == worsened.comments


def test_the_end_of_a_pull_request_has_nothing_to_say(closed: Closed) -> None:
    jobs = {name: job.result for name, job in closed.scorecard.jobs.items()}
    assert jobs == {"closed": "success", "scorecard": "skipped"}
    assert closed.comment.conclusion == "success"
    assert closed.comment.jobs["comment"].steps["artifact"].outputs == {"found": "false"}
    assert closed.comment.jobs["comment"].steps["stemsilver"].outcome == "skipped"


def test_a_scorecard_that_has_been_overtaken_is_not_posted(overtaken: Run) -> None:
    assert overtaken.conclusion == "success", overtaken.log
    assert "has moved on to another commit" in overtaken.log
    assert overtaken.jobs["comment"].steps["comment"].outputs == {}


def test_a_cancelled_run_is_not_commented_on(github: GitHub, worsened: Scored) -> None:
    run = Run(worsened.run.id, "PR scorecard", "cancelled", {})
    follower = github.follow("pr-comment", run, worsened.pull)
    assert follower.jobs["comment"].result == "skipped"


def test_what_sees_a_pull_requests_code_cannot_write(worsened: Scored, mended: Scored) -> None:
    for scored in (worsened, mended):
        assert dict(scored.run.jobs["scorecard"].rights) == {"contents": "read"}
        workspace = scored.comment.jobs["comment"].workspace
        assert not (workspace / "head").exists()
        profile = (workspace / "config" / "embedded.yaml").read_text()
        assert "deepfilternet3" in profile  # main's, which the worse one had not


@pytest.mark.parametrize(
    ("claims", "code", "told"),
    [
        ("echo 7", 0, "number=7\n"),
        ("echo ::error::taken over; exit 2", 2, ""),
        ("echo '7; id'", 1, ""),
        ("echo ../../user", 1, ""),
        ("true", 1, ""),
    ],
)
def test_only_a_number_becomes_part_of_an_address(
    claims: str, code: int, told: str, tmp_path: Path
) -> None:
    (tmp_path / "github_output").touch()
    said = 'echo "::error::taken over" >&2'
    programs = {
        "stemsilver": f'case "$2" in number) {claims};; comment) {said};; esac',
        "gh": """echo "$2" >> asked; echo '{"html_url": "https://a.example/"}'""",
    }
    done = play(
        "pr-comment", "Write the comment", tmp_path, programs, STEMSILVER="stemsilver", RUN_URL="x"
    )
    assert (done.code, done.obeyed) == (code, [])
    assert (tmp_path / "github_output").read_text() == told
    assert (tmp_path / "asked").exists() == (code == 0)
