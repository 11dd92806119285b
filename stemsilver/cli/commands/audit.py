"""`stemsilver audit`: where the music is in raw renders, without cleaning them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from stemsilver.cli.console import messages, table_output, warn_of_skipped
from stemsilver.cli.on_use import LazyModule
from stemsilver.cli.options import (
    DEFAULT_CACHE,
    CacheFolder,
    ConfigFile,
    Dask,
    Jobs,
    ProfileName,
    check_workers,
    chosen_profile,
)
from stemsilver.cli.progress import BatchProgress
from stemsilver.profiles import DEFAULT

if TYPE_CHECKING:
    from stemsilver import discover, fsio, pipeline
    from stemsilver.records import ItemResult
    from stemsilver.report import audit
else:
    discover, fsio, pipeline = LazyModule("discover"), LazyModule("fsio"), LazyModule("pipeline")
    audit = LazyModule("report.audit")


def command(
    paths: Annotated[list[Path], typer.Argument(help="Renders, or folders of them.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Folder for audit.csv, audit.json and a label file for each render with music.",
        ),
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(
            metavar="DB",
            help="Exit with 1 only if music is at least this loud, relative to the speech; "
            "if not given, if there is any.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    profile: ProfileName = DEFAULT,
    config_file: ConfigFile = None,
    jobs: Jobs = None,
    dask: Dask = None,
    cache: CacheFolder = DEFAULT_CACHE,
) -> None:
    """Find the music in raw renders, without cleaning them.

    Exits with 0 if no render has music, 1 if some do or could not be read, 2 for a wrong option or
    profile, 3 if there is nothing to do, 4 if the machine lacks something.
    """
    console = messages()
    check_workers(jobs, dask)
    chosen = chosen_profile(profile, config_file)
    found = discover.discover_files(paths)
    warn_of_skipped(console, found.skipped)
    with BatchProgress(len(found.renders), console) as progress:
        results = pipeline.audit_files(
            found.renders, chosen, cache, jobs=jobs, dask=dask, progress=progress
        )
    if output is not None:
        _write(results, threshold, output)
    if as_json:
        typer.echo(json.dumps(audit.audit_json(results, threshold), indent=2, allow_nan=False))
    else:
        table_output().print(_table(results))
    bad = any(one.failure or audit.louder(one, threshold) for one in results)
    raise typer.Exit(1 if bad else 0)


def _write(results: Sequence[ItemResult], threshold: float | None, folder: Path) -> None:
    for result in results:
        labels = audit.audacity_labels(audit.ranges_of(result))
        target = fsio.contained(folder, f"{result.path}.labels.txt")
        if labels:
            fsio.write_text(target, labels)
        else:
            target.unlink(missing_ok=True)
    fsio.write_text(folder / "audit.csv", audit.audit_csv(results))
    fsio.write_json(folder / "audit.json", audit.audit_json(results, threshold))


def _table(results: Sequence[ItemResult]) -> Table:
    table = Table("render", "music", "from", "to", "against speech")
    for result in results:
        name, status = escape(result.path), audit.audit_status(result).replace("_", " ")
        ranges = audit.ranges_of(result)
        for one in ranges:
            level = "not measured" if one.level_db is None else f"{one.level_db:.1f} dB"
            table.add_row(name, status, f"{one.start:.2f} s", f"{one.end:.2f} s", level)
        if not ranges:
            table.add_row(name, status, "", "", "")
    return table
