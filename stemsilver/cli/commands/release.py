"""`stemsilver release`: what the last build made, in one ZIP."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from stemsilver.cli.on_use import OnUse

if TYPE_CHECKING:
    from stemsilver.delivery import release
else:
    release = OnUse("delivery.release")


def command(
    proceed: Annotated[Path, typer.Option(help="Folder of the speech-only files.")] = Path(
        "proceed"
    ),
    report: Annotated[Path, typer.Option(help="Folder of the scorecard.")] = Path("report"),
    site: Annotated[Path, typer.Option(help="Folder of the site.")] = Path("site"),
    out: Annotated[Path, typer.Option(help="Folder for the ZIP and its checksum.")] = Path("dist"),
    version: Annotated[
        str | None,
        typer.Option(help="What the release is called; the day of the build if not given."),
    ] = None,
) -> None:
    """Pack speech, scorecard and site of the last build into a ZIP that works offline.

    The same build gives the same bytes. Prints where the ZIP lies. Exits with 2 if there is no
    whole build to pack.
    """
    console = Console(stderr=True, soft_wrap=True, highlight=False, emoji=False)
    with Progress(
        TextColumn("[bold]packing"),
        BarColumn(bar_width=24),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    ) as bars:
        task = bars.add_task("", total=None)
        made = release.release(
            proceed,
            report,
            site,
            out,
            version,
            lambda done, total: bars.update(task, completed=done, total=total),
        )
    if made.replaced:
        console.print("[yellow]![/] Another ZIP of this name was replaced; --version tells apart.")
    speech = "1 speech file" if made.speech == 1 else f"{made.speech} speech files"
    console.print(f"{speech}, {made.files} files in all, {made.bytes / 1e6:.1f} MB")
    console.print(f"SHA-256 {made.sha256}")
    typer.echo(made.archive)
