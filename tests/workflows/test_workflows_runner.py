"""The runner itself: keys, conditions, outputs and failures mean to it what they mean to GitHub."""

from __future__ import annotations

import os
from pathlib import Path
from textwrap import dedent

import pytest
import yaml

from .github import listens
from .runner import Job, Scope, StepFailed, WorkflowError, read, run_steps

PATH = os.environ["PATH"]


def nobody(job: Job, name: str, inputs: dict[str, str]) -> dict[str, str]:
    """Actions of others: one that gives back what it was given, and one that fails."""
    if name == "a/fails":
        raise StepFailed("it fails")
    return {**inputs, "name": name}


def play(folder: Path, steps: str, **environment: str) -> tuple[Job, Scope]:
    """Run some steps, written in YAML."""
    for name in ("work", "temp"):
        (folder / name).mkdir()
    contexts = {"github": {"event": {"title": "x; touch hacked"}}, "runner": {"os": "Linux"}}
    base = {"PATH": PATH, "RUNNER_TEMP": str(folder / "temp")}
    job = Job("job", folder / "work", folder / "temp", {}, base, contexts)
    scope = Scope("file.yml", "job", contexts, dict(environment), job.workspace)
    run_steps(job, yaml.safe_load(dedent(steps)), scope, nobody)
    return job, scope


def test_outputs_and_variables_of_a_step_reach_those_after_it(tmp_path: Path) -> None:
    job, scope = play(
        tmp_path,
        """
        - id: first
          run: |
            echo "a=1=2" >> "$GITHUB_OUTPUT"
            printf 'b<<END\\nx\\ny\\nEND\\n' >> "$GITHUB_OUTPUT"
            echo "SAID=later" >> "$GITHUB_ENV"
            mkdir "$RUNNER_TEMP/bin" && echo "$RUNNER_TEMP/bin" >> "$GITHUB_PATH"
            printf '#!/bin/sh\\necho from the path' > "$RUNNER_TEMP/bin/mine"
            chmod +x "$RUNNER_TEMP/bin/mine"
            echo "line" >> "$GITHUB_STEP_SUMMARY"
        - id: second
          env: {A: "${{ steps.first.outputs.a }}", GIVEN: inner}
          run: mine; echo "$A $SAID $GIVEN"; echo "again" >> "$GITHUB_STEP_SUMMARY"
        - run: echo "$GIVEN"
        """,
        GIVEN="outer",
    )
    assert scope.steps["first"].outputs == {"a": "1=2", "b": "x\ny"}
    assert "from the path\n1=2 later inner\n" in job.log
    assert job.log.endswith("outer\n")
    assert job.summary == "line\nagain\n"


def test_after_a_failure_only_those_that_ask_for_it_run(tmp_path: Path) -> None:
    job, scope = play(
        tmp_path,
        """
        - {id: allowed, continue-on-error: true, run: "exit 7"}
        - {id: normal, run: "true"}
        - {id: bad, run: "false | true"}
        - {id: skipped, run: "true"}
        - {id: always, if: "always() && steps.allowed.outcome == 'failure'", run: "true"}
        - {id: never, if: "success() || false", run: "true"}
        """,
    )
    outcomes = {name: (step.outcome, step.conclusion) for name, step in scope.steps.items()}
    assert outcomes == {
        "allowed": ("failure", "success"),
        "normal": ("success", "success"),
        "bad": ("failure", "failure"),  # pipefail
        "skipped": ("skipped", "skipped"),
        "always": ("success", "success"),
        "never": ("skipped", "skipped"),
    }
    assert scope.failed
    assert [script.code for script in job.scripts] == [7, 0, 1, 0]


def test_a_script_stops_at_its_first_failing_line(tmp_path: Path) -> None:
    job, _ = play(tmp_path, """[{run: "echo one\\nfalse\\necho two"}]""")
    assert "one" in job.log
    assert "two" not in job.log


def test_an_inserted_title_is_run_and_one_in_the_environment_is_not(tmp_path: Path) -> None:
    play(
        tmp_path,
        """
        - env: {TITLE: "${{ github.event.title }}"}
          run: echo "$TITLE" > said
        - run: echo ${{ github.event.title }}
        """,
    )
    assert (tmp_path / "work" / "said").read_text() == "x; touch hacked\n"
    assert (tmp_path / "work" / "hacked").exists()


def test_a_local_action_sees_its_inputs_and_hands_its_outputs_out_even_if_it_fails(
    tmp_path: Path,
) -> None:
    action = """
        inputs: {given: {default: "d"}, kept: {default: "kept"}}
        outputs: {said: {value: "${{ steps.one.outputs.said }}"}}
        runs:
          using: composite
          steps:
            - id: one
              shell: bash
              env: {GIVEN: "${{ inputs.given }}-${{ inputs.kept }}"}
              run: echo "said=$GIVEN $FROM_JOB ${GITHUB_ACTION_PATH##*/}" >> "$GITHUB_OUTPUT"
            - {shell: bash, run: "exit 3"}
            - {shell: bash, run: "echo unreached"}
        """
    steps = """
        - run: mkdir part && cp ../action.yml part/
        - {id: mine, uses: ./part, with: {given: "g"}, continue-on-error: true}
        - run: echo "${{ steps.mine.outcome }}"
        """
    (tmp_path / "action.yml").write_text(dedent(action))
    job, scope = play(tmp_path, steps, FROM_JOB="env")
    assert scope.steps["mine"].outputs == {"said": "g-kept env part"}
    assert not scope.failed
    assert "unreached" not in job.log
    assert job.log.endswith("failure\n")
    assert ("action.yml", "runs/1") in {(script.file, script.place) for script in job.scripts}


def test_commands_are_obeyed_unless_they_are_stopped(tmp_path: Path) -> None:
    job, _ = play(
        tmp_path,
        """
        - run: |
            echo "::warning::one"
            echo "::stop-commands::t0ken"
            echo "::error::not this"
            echo "::other::"
            echo "::t0ken::"
            echo "  ::error file=a.py,line=1::two"
        """,
    )
    assert (job.warnings, job.errors) == (["one"], ["two"])


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        ("[{run: 'true', shel: bash}]", "shel"),
        ("[{run: 'true', shell: pwsh}]", "only bash"),
        ("[{name: nothing}]", "neither"),
        ("[{uses: a/b@v1}]", "not pinned"),
        ("[{id: a, run: 'true'}, {id: a, run: 'true'}]", "two steps"),
        ("""[{run: 'echo nonsense >> "$GITHUB_OUTPUT"'}]""", "invalid format"),
        ("""[{run: 'echo "a<<END" >> "$GITHUB_ENV"'}]""", "no end"),
        ("""[{run: 'echo "::stop-commands::x"'}]""", "never taken up"),
    ],
)
def test_what_the_runner_does_not_know_is_an_error(steps: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(WorkflowError, match=why):
        play(tmp_path, steps)


def test_an_action_of_others_gets_its_inputs_as_text_and_can_fail(tmp_path: Path) -> None:
    commit = "0" * 40
    _, scope = play(
        tmp_path,
        f"""
        - {{id: good, uses: a/b/c@{commit}, with: {{depth: 2, flag: true}}}}
        - {{id: bad, uses: a/fails@{commit}}}
        """,
    )
    assert scope.steps["good"].outputs == {"depth": "2", "flag": "true", "name": "a/b/c"}
    assert scope.steps["bad"].outcome == "failure"


@pytest.mark.parametrize(
    ("name", "event", "ref", "expected"),
    [
        ("push", {}, "refs/heads/main", True),
        ("push", {}, "refs/heads/other", False),
        ("push", {}, "refs/tags/v1", True),
        ("push", {}, "refs/tags/x1", False),
        ("pull_request", {"action": "opened"}, "refs/pull/1/merge", True),
        ("pull_request", {"action": "labeled"}, "refs/pull/1/merge", False),
        ("workflow_run", {"action": "completed", "workflow_run": {"name": "A"}}, "", True),
        ("workflow_run", {"action": "completed", "workflow_run": {"name": "B"}}, "", False),
        ("release", {}, "", False),
    ],
)
def test_a_workflow_listens_to_what_it_names(
    name: str, event: dict[str, object], ref: str, expected: bool
) -> None:
    on = read(
        """
        on:
          push: {branches: [main], tags: ["v*"]}
          pull_request: {types: [opened]}
          workflow_run: {workflows: [A], types: [completed]}
        """
    )["on"]
    assert listens(on, name, event, ref) is expected
