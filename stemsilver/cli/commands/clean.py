"""`stemsilver clean`: speech-only files, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from stemsilver.cli.console import messages, warn_of_skipped
from stemsilver.cli.on_use import LazyModule
from stemsilver.cli.options import (
    DEFAULT_CACHE,
    CacheFolder,
    ConfigFile,
    Dask,
    Force,
    Jobs,
    ProfileName,
    check_workers,
    chosen_profile,
)
from stemsilver.cli.progress import BatchProgress
from stemsilver.profiles import DEFAULT

if TYPE_CHECKING:
    from stemsilver import discover, pipeline
else:
    discover, pipeline = LazyModule("discover"), LazyModule("pipeline")


def command(
    paths: Annotated[list[Path], typer.Argument(help="Renders, or folders of them.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the results.")],
    profile: ProfileName = DEFAULT,
    config_file: ConfigFile = None,
    jobs: Jobs = None,
    dask: Dask = None,
    cache: CacheFolder = DEFAULT_CACHE,
    force: Force = False,
) -> None:
    """Remove the music from renders; write NAME__speech_only.wav for each.

    Of a render without music, only the level is changed.
    """
    console = messages()
    check_workers(jobs, dask)
    chosen = chosen_profile(profile, config_file, force)
    found = discover.discover_files(paths)
    warn_of_skipped(console, found.skipped)
    with BatchProgress(len(found.renders), console) as progress:
        results = pipeline.clean_files(
            found.renders,
            output,
            chosen,
            cache,
            searched=found.folders,
            jobs=jobs,
            dask=dask,
            progress=progress,
        )
    for result in results:
        for note in result.notes:
            console.print(f"[dim]{escape(f'{result.path}: {note}')}[/]")
        if result.failure is None:
            typer.echo(output / result.output)
    raise typer.Exit(1 if any(result.failure for result in results) else 0)
