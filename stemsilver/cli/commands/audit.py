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
    from stemsilver.report import audit
    from stemsilver.report.audit import FoundRanges
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
    heard = [audit.found_ranges(one, one.evidence) for one in results]
    if output is not None:
        _write(heard, threshold, output)
    if as_json:
        typer.echo(json.dumps(audit.audit_json(heard, threshold), indent=2, allow_nan=False))
    else:
        table_output().print(_table(heard))
    bad = any(one.failure or one.louder(threshold) for one in heard)
    raise typer.Exit(1 if bad else 0)


def _write(found: Sequence[FoundRanges], threshold: float | None, folder: Path) -> None:
    for render in found:
        labels = audit.audacity_labels(render.ranges)
        target = fsio.contained(folder, f"{render.path}.labels.txt")
        if labels:
            fsio.write_text(target, labels)
        else:
            target.unlink(missing_ok=True)
    fsio.write_text(folder / "audit.csv", audit.audit_csv(found))
    fsio.write_json(folder / "audit.json", audit.audit_json(found, threshold))


def _table(found: Sequence[FoundRanges]) -> Table:
    table = Table("render", "music", "from", "to", "against speech")
    for render in found:
        name, status = escape(render.path), render.status.replace("_", " ")
        for one in render.ranges:
            level = "not measured" if one.level_db is None else f"{one.level_db:.1f} dB"
            table.add_row(name, status, f"{one.start:.2f} s", f"{one.end:.2f} s", level)
        if not render.ranges:
            table.add_row(name, status, "", "", "")
    return table
