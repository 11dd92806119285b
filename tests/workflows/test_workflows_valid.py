"""Workflows, action and forms: valid by GitHub's schemas, and without a finding of the audit."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import yaml

REPOSITORY = Path(__file__).parents[2]
ACTION = REPOSITORY / "action.yml"
WORKFLOWS = sorted((REPOSITORY / ".github" / "workflows").glob("*.yml"))
FILES = {path.name: path for path in (*WORKFLOWS, ACTION)}
DEPENDABOT = (".github/dependabot.yml", "templates/repository/dependabot.yml")
FORMS = (".github/ISSUE_TEMPLATE/bug.yml", ".github/ISSUE_TEMPLATE/idea.yml")
RUNTIMES = ("node24", "composite")
RECORDS = yaml.safe_load((Path(__file__).parent / "actions.yml").read_text(encoding="utf-8"))
"""Version and runtime of each action of others, by its name and commit."""

Ended = subprocess.CompletedProcess[str]


def run(program: str, *arguments: str | Path) -> Ended:
    command = [str(Path(sys.executable).parent / program), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def schema(kind: str, *paths: Path) -> Ended:
    return run("check-jsonschema", "--builtin-schema", f"vendor.{kind}", *paths)


def audit(*paths: Path) -> Ended:
    options = ("--offline", "--no-config", "--no-progress", "--strict-collection")
    return run("zizmor", *options, "--min-severity", "medium", *paths)


def planted(name: str, folder: Path, *faults: tuple[str, str]) -> Path:
    """A copy of a file with faults put in, where the tools look for such files."""
    text = FILES[name].read_text(encoding="utf-8")
    for old, new in faults:
        assert old in text
        text = text.replace(old, new)
    target = folder / FILES[name].relative_to(REPOSITORY)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    return target


def test_the_files_are_valid_by_githubs_schemas_which_see_a_planted_fault(tmp_path: Path) -> None:
    for kind, paths, name, fault in (
        ("workflows", WORKFLOWS, "pr-scorecard.yml", ("contents: read", "contents: reed")),
        ("actions", [ACTION], "action.yml", ("shell: bash", "shells: bash")),
    ):
        ended = schema(f"github-{kind}", *paths)
        assert ended.returncode == 0, ended.stdout
        assert schema(f"github-{kind}", planted(name, tmp_path, fault)).returncode == 1
    for kind, names in (
        ("dependabot", DEPENDABOT),
        ("github-issue-forms", FORMS),
        ("github-issue-config", (".github/ISSUE_TEMPLATE/config.yml",)),
        ("citation-file-format", ("CITATION.cff",)),
    ):
        ended = schema(kind, *(REPOSITORY / name for name in names))
        assert ended.returncode == 0, ended.stdout


def test_the_audit_finds_nothing_of_medium_severity_or_more() -> None:
    ended = audit(*FILES.values(), *(REPOSITORY / name for name in DEPENDABOT))
    assert ended.returncode == 0, ended.stdout
    seen = set(re.findall(r"completed .*?([\w-]+\.yml)", ended.stderr))
    assert {*FILES, "dependabot.yml"} <= seen


def test_the_audit_sees_planted_faults(tmp_path: Path) -> None:
    trigger = (" # zizmor: ignore[dangerous-triggers]", " #")
    injected = ('--number "$NUMBER"', "--number ${{ github.head_ref }}")
    written = ("permissions: {}", "permissions: write-all")
    pin = ("@3d3c42e5aac5ba805825da76410c181273ba90b1", "@v7")
    for name, findings, *faults in (
        ("ci.yml", ["artipacked"], ("persist-credentials: false", "fetch-depth: 1")),
        ("pages.yml", ["dangerous-triggers"], trigger),
        ("pr-comment.yml", ["dangerous-triggers"], trigger),
        ("pr-scorecard.yml", ["template-injection", "excessive-permissions"], injected, written),
        ("release.yml", ["unpinned-uses"], pin),
        (
            "action.yml",
            ["template-injection"],
            ('echo "exit-code=$code"', "echo ${{ inputs.folder }}"),
        ),
    ):
        ended = audit(planted(name, tmp_path, *faults))
        assert ended.returncode > 10
        assert all(f"[{finding}]" in ended.stdout for finding in findings), name


def test_every_action_is_our_own_or_pinned_to_a_commit_whose_runtime_is_known() -> None:
    """What needs a Node that GitHub has removed fails, so a new pin is looked up and recorded."""
    used = {}
    for name, path in FILES.items():
        lines = [line for line in path.read_text().splitlines() if re.match(r"[\s-]*uses:", line)]
        assert lines, name
        for line in lines:
            pinned = re.search(r"uses: (\./(?:base|head)?|(\S+@[0-9a-f]{40}) # (v[\d.]+))$", line)
            assert pinned, line
            if pinned[2]:
                used[pinned[2]] = pinned[3]
    records = {pin: record.split() for pin, record in RECORDS.items()}
    assert used == {pin: version for pin, (version, _) in records.items()}
    assert [pin for pin, (_, runtime) in records.items() if runtime not in RUNTIMES] == []
    # One commit of an action everywhere: two versions of one would need two looks.
    repositories = [tuple(pin.split("@")[0].split("/")[:2]) for pin in used]
    commits = {(*name, pin.split("@")[1]) for name, pin in zip(repositories, used, strict=True)}
    assert len(commits) == len(set(repositories))


def test_every_job_says_what_it_may_do_and_for_how_long() -> None:
    for path in WORKFLOWS:
        workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert workflow["permissions"] == {}
        assert workflow["concurrency"]["group"]
        for name, job in workflow["jobs"].items():
            assert job["timeout-minutes"] <= 120, name
            assert "permissions" in job, name
