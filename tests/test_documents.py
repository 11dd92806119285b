"""What README.md, CONTRIBUTING.md and docs/ promise: their links lead somewhere, and the commands
that they name exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import cli_docs
import pytest
import typer.main
from markdown_it import MarkdownIt
from markdown_it.token import Token

import stemsilver
from stemsilver.cli.main import app

REPOSITORY = Path(__file__).parents[1]
DOCUMENTS = [
    path.relative_to(REPOSITORY).as_posix()
    for path in (
        *REPOSITORY.glob("*.md"),
        *sorted((REPOSITORY / "docs").glob("*.md")),
        REPOSITORY / "raw" / "README.md",
        REPOSITORY / "tests" / "faults" / "README.md",
    )
]
EACH = pytest.mark.parametrize("name", DOCUMENTS)


def tokens(path: Path) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(path.read_text(encoding="utf-8"))


def inline(path: Path) -> Iterator[Token]:
    for token in tokens(path):
        yield from token.children or ()


def anchors(path: Path) -> set[str]:
    """The fragments that GitHub gives to the headings of a page."""
    found = tokens(path)
    headings = [found[at + 1].content for at, one in enumerate(found) if one.type == "heading_open"]
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


@EACH
def test_every_relative_link_leads_to_a_file_and_heading(name: str) -> None:
    page = REPOSITORY / name
    for token in inline(page):
        link = urlsplit(str(token.attrs.get("href") or token.attrs.get("src") or ""))
        if link.scheme or not (link.path or link.fragment):
            continue
        target = (page.parent / unquote(link.path)).resolve() if link.path else page
        assert target.is_relative_to(REPOSITORY), link.path
        assert target.exists(), link.path
        if link.fragment:
            assert link.fragment in anchors(target), f"{link.path}#{link.fragment}"


@pytest.mark.parametrize("index", ["README.md", "docs/README.md"])
def test_every_document_is_linked_from_both_lists(index: str) -> None:
    page = REPOSITORY / index
    links = {str(token.attrs.get("href", "")).partition("#")[0] for token in inline(page)}
    linked = {(page.parent / link).resolve() for link in links}
    missing = {REPOSITORY / name for name in DOCUMENTS if name.startswith("docs/")} - linked
    assert missing <= {page}


def test_every_file_that_the_map_names_is_there() -> None:
    folders = "stemsilver site_src tests tools templates benchmarks config docs raw .github"
    there = [f"/{path.name}" for path in REPOSITORY.iterdir()]
    for folder in folders.split(" "):
        for path in (REPOSITORY / folder, *(REPOSITORY / folder).rglob("*")):
            end = "/" if path.is_dir() else ""
            there.append(f"/{path.relative_to(REPOSITORY).as_posix()}{end}")
    map_ = [one for one in inline(REPOSITORY / "CONTRIBUTING.md") if one.type == "code_inline"]
    file = re.compile(r"\w[\w./-]*(\.(py|js|md|yml|txt|toml)|/)")
    named = {one.content for one in map_ if file.fullmatch(one.content)}
    assert len(named) > 60
    assert [name for name in named if not any(one.endswith(f"/{name}") for one in there)] == []


# --- commands


def commands() -> dict[tuple[str, ...], set[str]]:
    """Every command and group of the command line, with its options; a group has those of all its
    commands.
    """
    found: dict[tuple[str, ...], set[str]] = {}

    def walk(command: Any, path: tuple[str, ...]) -> set[str]:
        options = {"--help"} | {
            word for one in command.params for word in (*one.opts, *one.secondary_opts)
        }
        for name, below in getattr(command, "commands", {}).items():
            options |= walk(below, (*path, name))
        found[path] = options
        return options

    walk(typer.main.get_command(app), ())
    return found


COMMANDS = commands()


def command_of(words: list[str]) -> tuple[str, ...]:
    """The longest beginning of `words` that is a command."""
    return max((path for path in COMMANDS if words[: len(path)] == [*path]), key=len)


def snippets(path: Path) -> Iterator[list[str]]:
    """The words of every command, and with those of a table's first cell the options that stand
    alone in its row.
    """
    row: list[str] = []
    for token in tokens(path):
        if token.type == "tr_open":
            row = []
        elif token.type == "fence" and token.info in ("sh", "bat"):
            for line in token.content.splitlines():
                yield line.partition("#")[0].replace(".venv\\Scripts\\", "").split()
        for child in token.children or ():
            words = child.content.split() if child.type == "code_inline" else []
            if words and words[0].startswith("--"):
                yield [*row, *words] if row else []
            elif words:
                row = row or words
                yield words


@EACH
def test_every_command_and_option_exists(name: str) -> None:
    for words in snippets(REPOSITORY / name):
        named = words[:1] == ["stemsilver"] and words[1:2] != ["@"]
        rest = words[1:] if named else words
        if rest and (named or (rest[0],) in COMMANDS):
            command = command_of(rest)
            assert command or rest[0] in COMMANDS[()], " ".join(words)
            options = {word for word in rest if re.fullmatch(r"--?[a-z][a-z-]*", word)}
            assert options <= COMMANDS[command], " ".join(words)


def test_the_command_page_is_current() -> None:
    assert cli_docs.PAGE.read_text(encoding="utf-8") == cli_docs.page(), "run `make docs`"


def test_a_planted_mistake_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("| `stemsilver serve` | `--nothing` |\n|---|---|\n", encoding="utf-8")
    assert ["stemsilver", "serve", "--nothing"] in list(snippets(page))
    assert command_of(["serve", "--nothing"]) == ("serve",)
    assert "--nothing" not in COMMANDS["serve",]
    assert command_of(["sreve"]) == ()


def test_the_python_page_uses_the_public_face() -> None:
    blocks = [token for token in tokens(REPOSITORY / "docs" / "python.md") if token.type == "fence"]
    [code] = [token.content for token in blocks if token.info == "python"]
    used = set(re.findall(r"\bstemsilver\.(\w+)", code))
    assert used
    assert used <= set(stemsilver.__all__)
