"""The entry point: the list of commands, and the handling of errors and signals."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Annotated, Any, NoReturn, cast

import typer
from rich.console import Console
from rich.markup import escape
from typer.core import TyperGroup
from typer.main import get_group

from stemsilver import __version__
from stemsilver.cli import signals
from stemsilver.cli.console import messages, write_utf8
from stemsilver.errors import StemsilverError

COMMANDS = (
    "build-site",
    "demo",
    "compare",
    "clean",
    "audit",
    "evaluate",
    "scorecard",
    "review",
    "serve",
    "release",
    "init",
    "pull-request",
    "ci",
    "models",
    "doctor",
)
"""The commands in the order of the help, each in the module of the same name."""

_OF_WORKFLOWS = ("pull-request", "ci")
"""The commands that only workflows call; their modules are in a folder of their own."""


class _OnDemand(Mapping[str, Any]):
    """The commands by name, each imported on first use.

    The code that cleans imports torch, which takes seconds; `scorecard diff` does not need it.
    """

    def __getitem__(self, name: str) -> Any:
        if name not in COMMANDS:
            raise KeyError(name)
        folder = "workflows" if name in _OF_WORKFLOWS else "commands"
        module = import_module(f"stemsilver.cli.{folder}.{name.replace('-', '_')}")
        alone = typer.Typer(pretty_exceptions_enable=False, rich_markup_mode="rich")
        if hasattr(module, "command"):
            alone.command(name)(module.command)
        else:
            alone.add_typer(module.app, name=name)
        return get_group(alone).commands[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class _Group(TyperGroup):
    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = cast("dict[str, Any]", _OnDemand())

    def list_commands(self, _: object) -> list[str]:
        return list(COMMANDS)


app = typer.Typer(
    name="stemsilver",
    cls=_Group,
    help="Remove backing music from TTS renders, and prove that the speech is intact.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"stemsilver {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    pass


def main() -> NoReturn:
    """Run the command line and exit with a code from the README's table."""
    write_utf8()
    errors = messages()
    try:
        signals.install_handlers()
        code = _run(errors)
    except signals.Stopped as stopped:
        signals.ignore()
        stopped.handled = True
        code = stopped.exit_code
        errors.print("Interrupted. Finished work is kept; run the same command again to continue.")
    # No signal may interrupt the shutdown of the interpreter.
    signals.ignore()
    sys.exit(code)


def _run(errors: Console) -> int | str | None:
    """Run the command and return its exit code. Print errors."""
    try:
        # Typer raises SystemExit after a command, or at a wrong option.
        app()
    except SystemExit as end:
        return end.code
    except StemsilverError as error:
        errors.print(f"[bold red]error:[/] {escape(error.message)}")
        errors.print(f"[bold]next:[/]  {escape(error.next_step)}")
        return error.exit_code
    except Exception as error:
        # Any other exception is a bug. The traceback is for the developer who fixes it.
        if os.environ.get("STEMSILVER_TRACEBACK"):
            raise
        from stemsilver.report.text.wording import visible

        # On one line: a CI runner interprets some lines as commands.
        told = visible(f"{type(error).__name__}: {error}")
        errors.print(f"[bold red]error:[/] {escape(told)}")
        errors.print("[bold]next:[/]  Run it again with STEMSILVER_TRACEBACK=1 and report it.")
        return 1
    return 0
