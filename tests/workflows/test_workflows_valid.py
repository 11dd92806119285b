"""Workflows and action: valid by GitHub's schemas, and without a finding of the security audit."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).parents[2]
ACTION = REPOSITORY / "action.yml"
WORKFLOWS = sorted((REPOSITORY / ".github" / "workflows").glob("*.yml"))
FILES = [*WORKFLOWS, ACTION]
BIN = Path(sys.executable).parent
SEVERITY = "medium"

Ended = subprocess.CompletedProcess[str]


def run(program: str, *arguments: str | Path) -> Ended:
    command = [str(BIN / program), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def schema(path: Path) -> Ended:
    name = "actions" if path.name == "action.yml" else "workflows"
    return run("check-jsonschema", "--builtin-schema", f"vendor.github-{name}", path)


def audit(*paths: Path) -> Ended:
    return run(
        "zizmor",
        "--offline",
        "--no-config",
        "--no-progress",
        "--strict-collection",
        "--min-severity",
        SEVERITY,
        *paths,
    )


def planted(path: Path, folder: Path, old: str, new: str) -> Path:
    """A copy of a file with a fault put in, where the tools look for such files."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    target = folder / path.relative_to(REPOSITORY)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text.replace(old, new), encoding="utf-8")
    return target


def test_all_five_workflows_are_there() -> None:
    names = [path.stem for path in WORKFLOWS]
    assert names == ["ci", "pages", "pr-comment", "pr-scorecard", "release"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_file_is_valid_by_githubs_schema(path: Path) -> None:
    ended = schema(path)
    assert ended.returncode == 0, ended.stdout


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("pr-scorecard.yml", "contents: read", "contents: reed"),
        ("action.yml", "shell: bash", "shells: bash"),
    ],
)
def test_the_schema_sees_a_planted_fault(name: str, old: str, new: str, tmp_path: Path) -> None:
    [path] = (path for path in FILES if path.name == name)
    assert schema(planted(path, tmp_path, old, new)).returncode == 1


def test_the_audit_finds_nothing_of_medium_severity_or_more() -> None:
    ended = audit(*FILES)
    assert ended.returncode == 0, ended.stdout
    assert {path.name for path in FILES} <= set(
        re.findall(r"completed .*?([\w-]+\.yml)", ended.stderr)
    )


@pytest.mark.parametrize(
    ("name", "old", "new", "finding"),
    [
        ("ci.yml", "persist-credentials: false", "fetch-depth: 1", "artipacked"),
        ("pages.yml", " # zizmor: ignore[dangerous-triggers]", " #", "dangerous-triggers"),
        ("pr-comment.yml", " # zizmor: ignore[dangerous-triggers]", " #", "dangerous-triggers"),
        (
            "pr-scorecard.yml",
            '--number "$NUMBER"',
            "--number ${{ github.head_ref }}",
            "template-injection",
        ),
        ("pr-scorecard.yml", "permissions: {}", "permissions: write-all", "excessive-permissions"),
        ("release.yml", "@08c6903cd8c0fde910a37f88322edcfb5dd907a8", "@v5", "unpinned-uses"),
        ("action.yml", 'echo "exit-code=$code"', "echo ${{ inputs.folder }}", "template-injection"),
    ],
)
def test_the_audit_sees_a_planted_fault(
    name: str, old: str, new: str, finding: str, tmp_path: Path
) -> None:
    [path] = (path for path in FILES if path.name == name)
    ended = audit(planted(path, tmp_path, old, new))
    assert ended.returncode > 10
    assert f"[{finding}]" in ended.stdout


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_action_is_our_own_or_pinned_to_a_commit_with_its_version(path: Path) -> None:
    lines = [line for line in path.read_text().splitlines() if re.match(r"[\s-]*uses:", line)]
    assert lines or path.stem == "action"
    for line in lines:
        assert re.search(r"uses: (\./(base|head)?|[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$", line), (
            line
        )


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_job_says_what_it_may_do_and_for_how_long(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {}
    assert workflow["concurrency"]["group"]
    for name, job in workflow["jobs"].items():
        assert job["timeout-minutes"] <= 120, name
        assert "permissions" in job, name
