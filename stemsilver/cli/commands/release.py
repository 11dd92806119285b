"""`stemsilver release`: the outputs of the last build in one ZIP."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stemsilver.cli.console import messages
from stemsilver.cli.on_use import LazyModule
from stemsilver.cli.progress import byte_bar

if TYPE_CHECKING:
    from stemsilver.delivery import release
else:
    release = LazyModule("delivery.release")


def command(
    proceed: Annotated[Path, typer.Option(help="Folder of the speech-only files.")] = Path(
        "proceed"
    ),
    report: Annotated[Path, typer.Option(help="Folder of the scorecard.")] = Path("report"),
    site: Annotated[Path, typer.Option(help="Folder of the site.")] = Path("site"),
    out: Annotated[Path, typer.Option(help="Folder for the ZIP and its checksum.")] = Path("dist"),
    version: Annotated[
        str | None,
        typer.Option(help="Name of the release; if not given, the day of the build."),
    ] = None,
) -> None:
    """Pack speech, scorecard and site of the last build into a ZIP that works offline.

    The same build gives the same bytes. Prints the path of the ZIP. Exits with 2 if there is no
    complete build to pack.
    """
    console = messages()
    with byte_bar("[bold]packing") as advance:
        made = release.release(proceed, report, site, out, version, advance)
    if made.replaced:
        console.print(
            "[yellow]![/] An existing ZIP with this name was replaced. "
            "Use --version to tell releases apart."
        )
    speech = "1 speech file" if made.speech == 1 else f"{made.speech} speech files"
    console.print(f"{speech}, {made.files} files in all, {made.bytes / 1e6:.1f} MB")
    console.print(f"SHA-256 {made.sha256}")
    typer.echo(made.archive)
