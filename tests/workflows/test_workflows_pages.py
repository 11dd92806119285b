"""`pages.yml`: main is built, composed with the previews, checked, and deployed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from .github import GitHub, served
from .single_step import Played, play
from .story import Closed, Deployed, Forged

ADD, CHECK = "Add the previews", "Check what is to be deployed"


def test_a_push_to_main_deploys_its_site(published: Deployed) -> None:
    assert published.run.conclusion == "success", published.run.log
    assert [job.result for job in published.run.jobs.values()] == ["success", "success"]
    site = published.site
    assert {"index.html", "method.html", "trend.html"} <= {path.name for path in site.iterdir()}
    assert [path.suffix for path in site.glob("downloads/*.zip")] == [".zip"]
    assert not any(path.is_symlink() or path.stat().st_nlink > 1 for path in site.rglob("*.*"))
    assert published.previews == set()


def test_the_summary_is_the_scorecard(published: Deployed) -> None:
    summary = published.run.jobs["build"].summary
    assert summary.startswith("# Scorecard")
    assert "`sub/two.wav`" in summary


def test_only_the_job_that_deploys_may_write(published: Deployed) -> None:
    rights = {name: set(job.rights.values()) for name, job in published.run.jobs.items()}
    assert rights == {"build": {"read"}, "deploy": {"write"}}


def test_the_history_grows_with_main_and_outlives_what_builds_it(
    published: Deployed, forged: Forged, closed: Closed
) -> None:
    first, again, last = published.history, forged.pages.history, closed.pages.history
    assert len(first) == 1
    assert [build["commit"] for build in again] == [first[0]["commit"]]  # the same, built again
    assert len(last) == 2
    assert last[0]["commit"] == first[0]["commit"] != last[1]["commit"]


def test_what_main_has_computed_is_not_computed_again(published: Deployed, forged: Forged) -> None:
    assert "0 of 2 renders reused whole" in published.run.log
    assert "2 of 2 renders reused whole" in forged.pages.run.log


def test_an_open_pull_request_has_a_preview_and_no_other(forged: Forged) -> None:
    assert forged.pages.run.conclusion == "success", forged.pages.run.log
    assert forged.pages.previews == {"pr-1"}
    page = (forged.pages.site / "previews" / "pr-1" / "index.html").read_text()
    assert "one.wav" in page
    assert list((forged.pages.site / "previews" / "pr-1").rglob("*.flac"))


def test_a_forged_artifact_costs_its_own_preview_and_a_warning(forged: Forged) -> None:
    build = forged.pages.run.jobs["build"]
    refused = [text for text in build.warnings if "No preview" in text]
    assert sorted(refused) == [
        f"No preview of pull request {pull['number']}: its artifact was refused."
        for pull in forged.pulls.values()
    ]


def test_nothing_in_an_artifact_commands_the_runner_or_leaves_its_folder(forged: Forged) -> None:
    build = forged.pages.run.jobs["build"]
    assert build.errors == []
    assert {command for command, _ in build.commands} == {"warning"}
    found = [
        path
        for root in (build.workspace, forged.pages.site)
        for path in root.rglob("index.html")
        if path.read_text() == "taken over"
    ]
    assert found == []
    assert not (build.temporary / "artifacts" / "13").joinpath("zeros").exists()


def test_a_merged_pull_request_loses_its_preview_and_others_keep_theirs(closed: Closed) -> None:
    assert closed.pages.run.conclusion == "success", closed.pages.run.log
    assert closed.pages.previews == {"pr-2", "pr-4"}


def test_runs_that_are_no_pull_requests_publish_nothing(
    github: GitHub, published: Deployed
) -> None:
    event = {
        "action": "completed",
        "workflow_run": {"id": 1, "name": "PR scorecard", "event": "workflow_dispatch"},
    }
    run = github.run("pages", "workflow_run", event, "refs/heads/main", github.head("main"))
    assert {job.result for job in run.jobs.values()} == {"skipped"}


@pytest.mark.parametrize("fault", ["refused", "broken"])
def test_a_history_that_cannot_be_fetched_stops_the_run_and_the_site_stays(
    fault: str, github: GitHub, published: Deployed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sorted(github.deployed.iterdir())
    with served(tmp_path, status=500) as address:
        if fault == "broken":
            monkeypatch.setattr(github, "pages_url", address)
            run = github.push("pages", "refs/heads/main")
    if fault == "refused":  # nobody listens there any more
        monkeypatch.setattr(github, "pages_url", address)
        run = github.push("pages", "refs/heads/main")
    assert run.conclusion == "failure"
    assert "HTTP Error 500" in run.log or "Connection refused" in run.log
    assert (run.jobs["build"].steps["history"].outcome, run.jobs["deploy"].result) == (
        "failure",
        "skipped",
    )
    assert not (run.jobs["build"].workspace / "site").exists()
    assert sorted(github.deployed.iterdir()) == before


# --- steps on their own


def _symbolic(site: Path) -> None:
    (site / "deep" / "link.html").symlink_to("page.html")


def _to_a_folder(site: Path) -> None:
    (site / "link").symlink_to("deep")


def _hard(site: Path) -> None:
    os.link(site / "deep" / "page.html", site / "again.html")


def _large(site: Path) -> None:
    with (site / "sound.flac").open("wb") as sound:
        sound.truncate(1_000_000_000)


@pytest.mark.parametrize(
    ("plant", "why"),
    [
        (_symbolic, "symbolic or hard links"),
        (_to_a_folder, "symbolic or hard links"),
        (_hard, "symbolic or hard links"),
        (_large, "Pages takes 1 GB"),
    ],
)
def test_what_pages_does_not_take_is_not_deployed(
    plant: Callable[[Path], None], why: str, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    (site / "deep").mkdir(parents=True)
    (site / "deep" / "page.html").write_text("x")
    assert play("pages", CHECK, tmp_path) == Played(0, "")
    plant(site)
    refused = play("pages", CHECK, tmp_path)
    [(command, text)] = refused.obeyed
    assert (refused.code, command) == (1, "error")
    assert why in text


@pytest.mark.parametrize(("megabytes", "full"), [(175, False), (176, True)])
def test_when_the_budget_is_spent_older_pull_requests_have_no_preview(
    megabytes: int, full: bool, tmp_path: Path
) -> None:
    (tmp_path / "site" / "previews").mkdir(parents=True)
    with (tmp_path / "site" / "previews" / "sound.flac").open("wb") as sound:
        sound.truncate((megabytes - 1) * 1024 * 1024)  # the folder itself fills the last one
    (tmp_path / "previews.txt").write_text("5 77\n4 76\n")
    done = play("pages", ADD, tmp_path, {"gh": "exit 1"}, STEMSILVER="true")
    assert done.code == 0
    assert ["full" in text for _, text in done.obeyed] == ([True] if full else [False, False])


def test_what_is_printed_of_an_artifact_is_no_command(tmp_path: Path) -> None:
    (tmp_path / "site" / "previews").mkdir(parents=True)
    (tmp_path / "previews.txt").write_text("5 77\n")
    done = play(
        "pages", ADD, tmp_path, {"gh": "echo ::error::taken over >&2; exit 1"}, STEMSILVER="true"
    )
    assert "::error::taken over" in done.printed
    assert [command for command, _ in done.obeyed] == ["warning"]
