"""`ci.yml`: the tests; and that not a script of any workflow goes unrun in these tests."""

from __future__ import annotations

from .github import GitHub, Run
from .runner import read
from .story import CHECKOUT, Closed, Released, Scored
from .test_workflows_valid import FILES


def test_the_tests_are_run(checked: Run) -> None:
    job = checked.jobs["test"]
    assert checked.conclusion == "success", checked.log
    assert "passed" in job.log
    assert "pip install" not in job.log


def test_the_pins_are_resolved(checked: Run) -> None:
    assert "lock.py --check" in checked.jobs["pins"].log


def test_every_script_of_every_workflow_and_of_the_action_was_run(
    github: GitHub,
    worsened: Scored,
    first_renders: Scored,
    closed: Closed,
    released: Released,
    checked: Run,
) -> None:
    written = set()
    for path in FILES:
        content = read((CHECKOUT / path).read_text(encoding="utf-8"))
        jobs = content.get("jobs") or {"runs": content["runs"]}
        written |= {
            (path.name, f"{name}/{index}")
            for name, job in jobs.items()
            for index, step in enumerate(job["steps"])
            if "run" in step
        }
    assert len(written) > 20
    run = {
        (script.file, script.place)
        for one in github.runs
        for job in one.jobs.values()
        for script in job.scripts
    }
    assert written - run == set()
