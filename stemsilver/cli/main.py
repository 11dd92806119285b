"""The entry point: what every command shares, and what becomes of what goes wrong."""

from __future__ import annotations

import os
import sys
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from stemsilver.cli import (
    build_site,
    clean,
    doctor,
    evaluate,
    init,
    models,
    pull_request,
    release,
    scorecard,
    serve,
)
from stemsilver.errors import StemsilverError
from stemsilver.version import __version__

INTERRUPTED = 130

app = typer.Typer(
    name="stemsilver",
    help="Remove backing music from TTS renders, and prove that the speech is intact.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command("build-site")(build_site.command)
app.command("clean")(clean.command)
app.command("evaluate")(evaluate.command)
app.command("release")(release.command)
app.command("serve")(serve.command)
app.command("init")(init.command)
app.add_typer(scorecard.app, name="scorecard")
app.add_typer(pull_request.app, name="pull-request")
app.add_typer(models.app, name="models")
app.command("doctor")(doctor.command)


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
    """Run the command line and exit with the code of the README's table."""
    errors = Console(stderr=True, soft_wrap=True, highlight=False, emoji=False)
    try:
        # Typer ends the process itself: after a command, a wrong option, or Ctrl-C.
        app()
        code = 0
    except StemsilverError as error:
        errors.print(f"[bold red]error:[/] {escape(error.message)}")
        errors.print(f"[bold]next:[/]  {escape(error.next_step)}")
        code = error.exit_code
    except Exception as error:
        # Not one of ours: a fault of the program. The traceback is for whoever mends it.
        if os.environ.get("STEMSILVER_TRACEBACK"):
            raise
        errors.print(f"[bold red]error:[/] {escape(f'{type(error).__name__}: {error}')}")
        errors.print("[bold]next:[/]  Run it again with STEMSILVER_TRACEBACK=1 and report it.")
        code = 1
    except SystemExit as end:
        if end.code == INTERRUPTED:
            errors.print("Interrupted. What was finished is kept; run the same command to go on.")
        raise
    sys.exit(code)
