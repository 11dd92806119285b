"""`stemsilver init`: a ready repository for a team's own batch."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from stemsilver.cli.console import output
from stemsilver.cli.on_use import LazyModule

if TYPE_CHECKING:
    from stemsilver.delivery import repository
    from stemsilver.delivery.repository import Initialised
else:
    repository = LazyModule("delivery.repository")


def command(
    folder: Annotated[Path, typer.Argument(help="The repository; created if it is missing.")],
    lfs: Annotated[
        bool, typer.Option("--lfs/--no-lfs", help="Keep the renders in Git LFS.")
    ] = False,
    templates: Annotated[
        bool, typer.Option("--templates", help="Also write the page templates, to change them.")
    ] = False,
    requirement: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="What pip installs in the workflows: a version, a wheel, an address.",
            show_default="this version",
        ),
    ] = None,
) -> None:
    """Write a ready repository for your own batch: profile, workflows, pages, README.

    Existing files are kept and listed.
    """
    done = repository.initialise(folder, requirement, lfs=lfs, templates=templates)
    console = output()
    for name in done.written:
        console.print(f"written: {escape(name)}")
    for name in done.kept:
        console.print(f"kept: {escape(name)}")
    console.print("\n[bold]Next[/]")
    for number, step in enumerate(_next_steps(folder, done, lfs=lfs), start=1):
        console.print(f"{number}. {escape(step)}")


def _next_steps(folder: Path, done: Initialised, *, lfs: bool) -> list[str]:
    enter = shlex.quote(str(folder))
    # Otherwise `cd` would read a name that begins with a dash as an option.
    enter = f"./{enter}" if enter.startswith("-") else enter
    begin = f"cd {enter} && git init -b main"
    steps = [
        f"{begin} && git lfs install" if lfs else begin,
        "Put your renders in raw/, their scripts beside them as NAME.txt.",
        "stemsilver build-site, then stemsilver serve to listen to the result.",
        "requirements.txt says which Stemsilver the workflows install. Where the package index has "
        "none, name a Git address or a wheel there, or with --requirement.",
        "Make a repository on GitHub; there, Settings → Pages → Source: GitHub Actions.",
        "git add . && git commit, and push it to the branch main. That publishes the site.",
    ]
    if lfs and ".gitattributes" in done.kept:
        steps.insert(1, "Your .gitattributes was kept: git lfs track 'raw/**/*.wav' adds the rule.")
    return steps
