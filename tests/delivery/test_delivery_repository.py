"""A team's repository: whole, consistent, and never written over what is there."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

import stemsilver
from stemsilver import __version__, config
from stemsilver.delivery.repository import (
    ACTION,
    WORKFLOWS,
    initialise,
    repository,
    team_action,
    team_workflow,
)
from stemsilver.errors import EnvironmentFault, UsageError
from stemsilver.resources import resource


@pytest.fixture
def team(tmp_path: Path) -> Path:
    """A fresh repository."""
    folder = tmp_path / "team" / "batch"
    initialise(folder)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_a_new_repository_is_what_was_promised(tmp_path: Path) -> None:
    done = initialise(tmp_path / "new" / "batch")
    assert contents(tmp_path / "new" / "batch") == repository(title="batch")
    assert (done.written, done.kept) == (tuple(repository()), ())
    assert set(done.written) == {
        ".gitattributes", ".gitignore", "README.md", "constraints.txt", "mkdocs.yml",
        ".github/actions/stemsilver/action.yml", ".github/dependabot.yml",
        *(f".github/workflows/{name}" for name in WORKFLOWS),
        "config/embedded.yaml", "docs/delivery.md", "raw/README.md", "requirements.txt",
        *(f"site_src/{page}" for page in ("how-it-works.md", "assets/favicon.svg",
                                          "assets/logo.svg")),
    }  # fmt: skip


def test_profile_pins_and_look_are_the_shipped_ones(team: Path) -> None:
    shipped = config.load(resource("config") / "embedded.yaml")
    # But for the site's name, which is the folder's.
    assert config.load(team / "config" / "embedded.yaml") == shipped.titled("batch")
    for name in ("constraints.txt", "mkdocs.yml"):
        assert (team / name).read_bytes() == resource(name).read_bytes()


@pytest.mark.parametrize(
    ("name", "title"),
    [("2026", "2026"), ("true: #1 'x'", "true: #1 'x'"), ("a\nb", "a\\nb"), ("é" * 125, "é" * 120)],
)
def test_any_folder_names_its_site(tmp_path: Path, name: str, title: str) -> None:
    initialise(tmp_path / name)
    assert config.load(tmp_path / name / "config" / "embedded.yaml").site.title == title


def test_templates_come_when_asked_for_and_only_those_of_pages() -> None:
    asked, plain = repository(templates=True), repository()
    shipped = {f"templates/{path.name}": path for path in resource("templates").glob("*.html")}
    assert "templates/overview.html" in shipped
    assert asked.keys() - plain.keys() == shipped.keys()
    assert all(asked[name] == path.read_bytes() for name, path in shipped.items())
    assert [b"`templates/`" in one["README.md"] for one in (asked, plain)] == [True, False]


def test_every_workflow_and_the_action_use_only_what_is_there(team: Path) -> None:
    seen = []
    for path in (*team.glob(".github/workflows/*.yml"), team / ACTION / "action.yml"):
        text = path.read_text(encoding="utf-8")
        for used in re.findall(r"^[ -]*uses: *['\"]?(\..*?)['\"]?(?: #.*)?$", text, re.MULTILINE):
            seen.append((path.name, used))
            # A job checks its base and its head out into folders of these names.
            inside = re.sub(r"^\./((base|head)/)?", "", used)
            assert (team / inside / "action.yml").is_file(), used
        for pattern in re.findall(r"hashFiles\('(?:base/|head/)?(.+?)'\)", text):
            assert (team / pattern).is_file(), pattern
    assert {("pr-scorecard.yml", f"./{side}/{ACTION}") for side in ("base", "head")} <= set(seen)
    assert {name for name, _ in seen} == set(WORKFLOWS)


def test_workflows_differ_from_those_here_in_where_the_action_lies_alone(team: Path) -> None:
    for name in WORKFLOWS:
        written = (team / ".github" / "workflows" / name).read_text(encoding="utf-8")
        own = (resource(".github/workflows") / name).read_text(encoding="utf-8")
        pairs = list(zip(own.splitlines(), written.splitlines(), strict=True))
        changed = [(before, after) for before, after in pairs if before != after]
        assert changed
        for before, after in changed:
            without = {after.replace(part, "") for part in (ACTION, f"/{ACTION}", f"{ACTION}/")}
            assert before in without


def test_the_action_installs_what_the_team_requires(team: Path) -> None:
    action = yaml.safe_load((team / ACTION / "action.yml").read_text(encoding="utf-8"))
    own = yaml.safe_load(resource("action.yml").read_text(encoding="utf-8"))
    assert own["inputs"]["install"]["default"] == ""
    assert action["inputs"]["install"].pop("default") == "-r requirements.txt"
    del own["inputs"]["install"]["default"]
    assert action == own


@pytest.mark.parametrize("options", [{}, {"lfs": True, "templates": True}], ids=["plain", "all"])
def test_the_readme_has_no_dead_link_or_placeholder(
    tmp_path: Path, options: dict[str, bool]
) -> None:
    initialise(tmp_path, **options)
    for path in set(tmp_path.rglob("*.md")) - set((tmp_path / "site_src").rglob("*")):
        text = path.read_text(encoding="utf-8")
        assert "{" not in text
        for target in re.findall(r"\]\((.+?)\)", text):
            assert (path.parent / target).exists(), target
    assert ("git lfs install" in (tmp_path / "README.md").read_text()) == bool(options)


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=folder, check=True, capture_output=True, text=True, timeout=60
    )
    return done.stdout


@pytest.mark.parametrize("lfs", [False, True])
def test_audio_is_binary_and_renders_go_to_lfs_when_asked(tmp_path: Path, lfs: bool) -> None:
    initialise(tmp_path, lfs=lfs)
    git(tmp_path, "init", "-q")

    def attributes(path: str) -> dict[str, str]:
        lines = git(tmp_path, "check-attr", "filter", "text", "diff", "--", path).splitlines()
        return dict(line.rsplit(": ", 2)[1:] for line in lines)  # type: ignore[misc]

    kind = "lfs" if lfs else "unspecified"
    stored = {"filter": kind, "text": "unset", "diff": "lfs" if lfs else "unset"}
    for path in ("raw/a.wav", "raw/b/c/d.WAV", "raw/b/e.Flac", "raw/b/e.reference.flac"):
        assert attributes(path) == stored
    elsewhere = {"filter": "unspecified", "text": "unset", "diff": "unset"}
    assert attributes("elsewhere/a.wav") == elsewhere
    assert attributes("raw/a.txt")["filter"] == "unspecified"


def test_git_takes_the_batch_and_leaves_what_a_build_makes(team: Path) -> None:
    git(team, "init", "-q")
    made = ("proceed/a.wav", "report/scorecard.json", "site/index.html", "dist/a.zip")
    made += (".stemsilver/cache/x", ".venv/bin/python", "proceed/.stemsilver.lock")
    for name in (*made, "raw/a.wav", "raw/site/b.wav"):
        (team / name).parent.mkdir(parents=True, exist_ok=True)
        (team / name).touch()
    listed = set(git(team, "ls-files", "--others", "--exclude-standard", "-z").split("\0")) - {""}
    assert listed == {*repository(), "raw/a.wav", "raw/site/b.wav"}


def test_the_requirement_is_this_version_unless_another_is_named(tmp_path: Path) -> None:
    def required(*named: str) -> list[str]:
        lines = repository(*named)["requirements.txt"].decode().splitlines()
        return [line for line in lines if line and not line.startswith("#")]

    [line] = required()
    assert line == f"stemsilver=={__version__}"
    assert Requirement(line).name == "stemsilver"
    for named in (
        "stemsilver @ git+https://example.org/team/stemsilver@v1#egg=stemsilver",
        "./wheels/stemsilver-0.1.0-py3-none-any.whl",
        "stemsilver>=1,<2 ; python_version >= '3.11'",
    ):
        assert required(f" {named} ") == [named]


def test_what_is_not_one_requirement_is_refused(tmp_path: Path) -> None:
    breaks = ("\n--index-url https://example.org", "\x85", "\x1b[31m")
    others = ("", "  ", "--index-url https://example.org", "# nothing", "stemsilver \\")
    for requirement in (*others, *(f"stemsilver{one}evil" for one in breaks)):
        with pytest.raises(UsageError, match="is not one requirement"):
            initialise(tmp_path / "batch", requirement)
    assert not (tmp_path / "batch").exists()


def test_what_is_there_is_kept_and_the_rest_is_written(team: Path) -> None:
    (team / "README.md").write_text("Ours.\n")
    (team / ".github" / "workflows" / "pages.yml").unlink()
    (team / "config" / "studio.yaml").write_text("ours\n")
    done = initialise(team, lfs=True, templates=True)
    asked = repository(lfs=True, templates=True)
    assert set(done.kept) == repository().keys() - {".github/workflows/pages.yml"}
    assert set(done.written) == asked.keys() - set(done.kept)
    assert (team / "README.md").read_text() == "Ours.\n"
    assert (team / "config" / "studio.yaml").read_text() == "ours\n"
    assert b"lfs" not in (team / ".gitattributes").read_bytes()
    assert contents(team).keys() == asked.keys() | {"config/studio.yaml"}


def test_a_link_that_leads_nowhere_is_kept_too(tmp_path: Path) -> None:
    (tmp_path / "mkdocs.yml").symlink_to(tmp_path / "elsewhere.yml")
    assert initialise(tmp_path).kept == ("mkdocs.yml",)
    assert os.readlink(tmp_path / "mkdocs.yml") == str(tmp_path / "elsewhere.yml")
    assert not (tmp_path / "elsewhere.yml").exists()


def test_nothing_is_written_through_a_link_out_of_the_folder(tmp_path: Path) -> None:
    team, outside = tmp_path / "team", tmp_path / "outside"
    team.mkdir()
    outside.mkdir()
    (team / "site_src").symlink_to(outside)
    with pytest.raises(UsageError, match="leads out of"):
        initialise(team)
    assert contents(outside) == {}
    assert [path.name for path in team.iterdir()] == ["site_src"]


def test_a_file_a_dead_link_and_the_package_itself_are_no_place(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("ours")
    (tmp_path / "dead").symlink_to(tmp_path / "gone")
    for name in ("file", "dead"):
        with pytest.raises(UsageError, match="is not a folder"):
            initialise(tmp_path / name)
    assert (tmp_path / "file").read_text() == "ours"
    package = Path(stemsilver.__file__).parent
    (tmp_path / "inside").symlink_to(package)
    for folder in (package, package / "new", tmp_path / "inside" / "new"):
        with pytest.raises(UsageError, match="inside the installed package"):
            initialise(folder)
    assert not (package / "new").exists()


def test_a_workflow_is_rewritten_wherever_it_names_the_action() -> None:
    own = "- uses: ./{} # ours\n  if: hashFiles('{}action.yml', 'base/{}action.yml', 'x')\n"
    own += "- name: Base\n  uses: ./base{}\n- uses: actions/checkout@v5\n"
    rewritten = own.format(ACTION, f"{ACTION}/", f"{ACTION}/", f"/{ACTION}")
    assert team_workflow("x.yml", own.format("", "", "", "")) == rewritten


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("- uses: ./\n- uses: ./other\n", "./other"),
        ('- uses: ./\n- uses: "./"\n', '"./"'),
        ("- uses: ./\n- uses: '.'\n", "'.'"),
        ("- uses: ./\n- uses: ./base/\n", "./base/"),
        ("- uses: ./\n- run: cat elsewhere/action.yml\n", "elsewhere/action.yml"),
        ("- uses: ./\n- run: cat action.yaml\n", "action.yaml"),
        ("- uses: actions/checkout@v5\n", "does not use the action"),
    ],
)
def test_a_workflow_that_names_it_otherwise_or_not_is_an_error(text: str, named: str) -> None:
    with pytest.raises(EnvironmentFault, match=re.escape(named)) as caught:
        team_workflow("x.yml", text)
    assert ".github/workflows/x.yml" in caught.value.message


def test_an_action_without_exactly_one_place_for_the_requirement_is_an_error() -> None:
    place = '    # init writes "-r requirements.txt" here\n    default: ""\n'
    assert team_action(place).endswith('    default: "-r requirements.txt"\n')
    for text in ("", place * 2, place.replace('""', '"."'), place.replace("here\n", "here\n\n")):
        with pytest.raises(EnvironmentFault, match=r"action\.yml"):
            team_action(text)
