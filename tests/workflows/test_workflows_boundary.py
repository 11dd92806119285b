"""The boundary to forks: what may write never runs what a pull request brought, and believes none
of it. One workflow measures, with no rights; another one, which is `main`'s, judges.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from .runner import read

ROOT = Path(__file__).parents[2]
WORKFLOWS = {path.stem: path for path in (ROOT / ".github" / "workflows").glob("*.yml")}
TRUSTED = ("pages", "pr-comment")
"""Workflows that a pull request's run starts, with the rights of `main`."""

MOST_LINES = 20
"""As long as a script may be: more is for Stemsilver's own commands, which have tests."""


def jobs(name: str) -> dict[str, Any]:
    return dict(read(WORKFLOWS[name])["jobs"])


def steps(name: str) -> list[dict[str, Any]]:
    return [step for job in jobs(name).values() for step in job["steps"]]


def triggers(name: str) -> set[str]:
    return set(read(WORKFLOWS[name])[True])  # YAML 1.1 takes `on` for a truth value


def scripts() -> list[str]:
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    found = [*action["runs"]["steps"], *(step for name in WORKFLOWS for step in steps(name))]
    return [step["run"] for step in found if "run" in step]


def test_what_a_pull_request_starts_may_read_its_code_and_nothing_else() -> None:
    started = {name for name in WORKFLOWS if triggers(name) & {"pull_request"}}
    assert started == {"pr-scorecard", "ci"}
    assert not any("pull_request_target" in triggers(name) for name in WORKFLOWS)
    for name in started:
        assert all(job["permissions"] in ({}, {"contents": "read"}) for job in jobs(name).values())
        text = WORKFLOWS[name].read_text(encoding="utf-8")
        assert not re.search(r"github\.token|secrets\.|GITHUB_TOKEN|GH_TOKEN", text)


def test_writing_is_allowed_only_where_nothing_of_a_pull_request_is_run() -> None:
    writers = {
        f"{name}/{job}": rights
        for name in WORKFLOWS
        for job, spec in jobs(name).items()
        if (rights := {one for one, level in spec["permissions"].items() if level == "write"})
    }
    assert writers == {
        "pages/deploy": {"pages", "id-token"},
        "pr-comment/comment": {"pull-requests"},
        "release/release": {"contents", "id-token", "attestations"},
        "publish/publish": {"id-token", "attestations"},
        "publish/publish-test": {"id-token"},
        "container/push": {"packages", "id-token", "attestations"},
    }
    # Where a release is made of them, no package's code may write.
    for name in ("release/release", "publish/publish", "publish/publish-test"):
        workflow, job = name.split("/")
        used = [str(step.get("uses", "")) for step in jobs(workflow)[job]["steps"]]
        assert not any(one.startswith((".", "actions/checkout@")) for one in used)


@pytest.mark.parametrize("name", TRUSTED)
def test_what_is_trusted_checks_out_main_alone_and_fetches_no_artifact_into_it(name: str) -> None:
    assert "workflow_run" in triggers(name)
    assert {one for one in WORKFLOWS if "workflow_run" in triggers(one)} == set(TRUSTED)
    used = [step for step in steps(name) if "uses" in step]
    checkouts = [step["with"] for step in used if step["uses"].startswith("actions/checkout@")]
    assert [one["ref"] for one in checkouts] == ["${{ github.event.repository.default_branch }}"]
    assert "path" not in checkouts[0]
    ours = [step["uses"] for step in used if step["uses"].startswith(".")]
    assert ours == ["./"]
    assert not any("download-artifact" in step["uses"] for step in used)
    # Our code fetches the artifact, to a temporary folder, and reads it within bounds.
    assert [step["run"].strip() for step in steps(name) if "GH_TOKEN" in step.get("env", {})] == [
        '"$STEMSILVER" ci comment'
        if name == "pr-comment"
        else '"$STEMSILVER" ci previews site\n"$STEMSILVER" ci check-site site'
    ]
    # Nor does a word of the pull request reach a step.
    for step in steps(name):
        given = {**step.get("env", {}), **step.get("with", {})}
        assert not any("workflow_run" in str(value) for value in given.values()), step


def test_every_script_is_short_and_has_no_program_in_another_language() -> None:
    assert len(scripts()) > 10
    for script in scripts():
        assert len(script.splitlines()) <= MOST_LINES, script
        assert not re.search(r"<<\s*['\"\w]|\bpython3? -c|\bjq\b", script.replace("<<<", ""))
        assert "${{" not in script
