"""Help, wrong usage and errors: exit codes, and sentences that say what to do."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import typer.main

from stemsilver import __version__, discover, fsio, optional, weights
from stemsilver.cli.main import app

from ..pipeline.batches import Workspace, contents, cut
from .terminal import Ended, Terminal, faulty

Patch = pytest.MonkeyPatch


def commands(group: Any = None, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every command and group by the words that call it."""
    found = [path]
    for name, command in getattr(group or typer.main.get_command(app), "commands", {}).items():
        found += commands(command, (*path, name))
    return found


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_explains_itself(stemsilver: Terminal, words: tuple[str, ...]) -> None:
    command = typer.main.get_command(app)
    for word in words:
        command = command.commands[word]  # type: ignore[attr-defined]
    ended = stemsilver(*words, "--help")
    assert ended.code == 0
    assert f"{' '.join(words)} [OPTIONS]" in ended.out.split("Usage: ")[1].split("\n")[0]
    assert str(command.help).split("\n")[0] in ended.out
    for option in command.params:
        assert getattr(option, "help", ""), option.name
        names = (option.opts[0], option.name, option.metavar or option.name)
        assert any(name in ended.out for name in names), option.name
    for name in getattr(command, "commands", {}):
        assert name in ended.out


def test_the_version_is_told(stemsilver: Terminal) -> None:
    assert stemsilver("--version") == Ended(0, f"stemsilver {__version__}\n", "")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ("biuld-site", "Did you mean 'build-site'?"),
        ("build-site --jbos 2", "--jbos"),
        ("build-site --jobs 0", "--jobs"),
        ("build-site --max-site-mb 0", "--max-site-mb"),
        ("clean", "paths"),
        ("clean a.wav", "--output"),
        ("evaluate a.wav", "clean"),
        ("evaluate gone.wav gone.wav", "gone.wav"),
        ("models frobnicate", "frobnicate"),
        ("[red]", "[red]"),
    ],
)
def test_wrong_usage_is_2(stemsilver: Terminal, folder: Path, arguments: str, named: str) -> None:
    ended = stemsilver(*arguments.split())
    assert ended.code == 2
    assert "Usage: " in ended.err
    assert named in ended.err
    assert list(folder.iterdir()) == []


def test_without_arguments_the_help_is_shown(stemsilver: Terminal) -> None:
    ended = stemsilver()
    assert ended.code == 2
    assert "build-site" in ended.out + ended.err


NOTHING = "no render"


@pytest.mark.parametrize(
    ("arguments", "code", "named"),
    [
        ("build-site --profile embeded", 2, "no profile `embeded`; did you mean `embedded`?"),
        ("build-site --config gone.yaml", 2, "gone.yaml: cannot be read (No such file"),
        ("build-site --config .", 2, ".: cannot be read (Is a directory)"),
        ("build-site --jobs 2 --dask tcp://here:1", 2, "--jobs cannot be used with --dask"),
        ("build-site --title=", 2, "--title: a site's name has 1 to 120 characters"),
        ("clean empty -o out --jobs 2 --dask tcp://here:1", 2, "as many workers as were started"),
        ("compare embedded uvr --jobs 2 --dask tcp://here:1", 2, "--jobs cannot be used"),
        ("clean notes.txt -o out", 2, "notes.txt is not a file of a format that can be"),
        ("build-site", 3, "there is no folder raw"),
        ("build-site --raw empty", 3, f"{NOTHING} in empty"),
        ("clean empty -o out", 3, f"{NOTHING} among empty"),
        # Markup is not interpreted.
        ("clean [red]gone[/red].wav -o out", 2, "[red]gone[/red].wav does not exist"),
        ("clean [/].wav -o out", 2, "[/].wav does not exist"),
        ("build-site --profile :bomb:[link=x]", 2, "`:bomb:[link=x]`"),
    ],
)
def test_an_error_says_what_is_wrong_and_what_to_do(
    stemsilver: Terminal, folder: Path, arguments: str, code: int, named: str
) -> None:
    (folder / "empty").mkdir()
    (folder / "notes.txt").write_text("Once upon a time.")
    faulty(stemsilver(*arguments.split()), code, named)
    assert sorted(path.name for path in folder.iterdir()) == ["empty", "notes.txt"]


def test_altered_weights_are_4_and_name_the_cure(stemsilver: Terminal, folder: Path) -> None:
    path = weights.locate("dnsmos-p835")
    stemsilver.alter_weights("dnsmos-p835", sha256="0" * 64)
    cut("museum_guide.wav", 1, 0.5, folder / "raw" / "a.wav")
    ended = stemsilver("clean", "raw", "--output", "out")
    faulty(ended, 4, str(path), f"{path.stat().st_size} bytes", "SHA-256", "0" * 64)
    assert "pip install --force-reinstall --no-deps speechmos==0.0.1.1" in ended.err
    assert [path.name for path in folder.iterdir()] == ["raw"]


def test_a_cluster_needs_its_extra(stemsilver: Terminal, folder: Path, monkeypatch: Patch) -> None:
    lacking = optional.Package("distributed", "no_such_module", ("dask",))
    monkeypatch.setitem(optional.NEEDED, "dask", (lacking,))
    cut("museum_guide.wav", 1, 0.5, folder / "raw" / "a.wav")
    ended = stemsilver("clean", "raw", "--output", "out", "--dask", "tcp://here:1")
    faulty(ended, 4, "not installed: distributed")
    assert "pip install 'stemsilver[dask]'" in ended.err
    assert [path.name for path in folder.iterdir()] == ["raw"]


def test_a_folder_in_use_is_4_and_names_who(stemsilver: Terminal, workspace: Workspace) -> None:
    before = contents(workspace.folder)
    with fsio.run_lock(workspace.places.report):
        ended = stemsilver("build-site", "--cache", "cache")
    faulty(ended, 4, f"process {os.getpid()}")
    assert contents(workspace.folder) == before


def test_errors_are_not_swallowed(stemsilver: Terminal, folder: Path, monkeypatch: Patch) -> None:
    def broken(_: Path) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(discover, "discover", broken)
    faulty(stemsilver("build-site"), 1, "ZeroDivisionError")
    # Whoever mends it asks for the whole story.
    monkeypatch.setenv("STEMSILVER_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        stemsilver("build-site")


@pytest.mark.parametrize(
    "words",
    [
        "build-site",
        "clean raw -o out",
        "evaluate raw/one.wav proceed/one__speech_only.wav",
        "compare embedded studio",
    ],
)
def test_a_device_that_is_not_there_is_2_before_any_work(
    stemsilver: Terminal, workspace: Workspace, monkeypatch: Patch, words: str
) -> None:
    monkeypatch.setenv("STEMSILVER_DEVICE", "nonsense")
    before = contents(workspace.folder)
    ended = stemsilver(*words.split())
    faulty(ended, 2, "STEMSILVER_DEVICE=nonsense")
    assert ended.out == ""
    assert contents(workspace.folder) == before
