"""`stemsilver compare`: the same batch under several profiles."""

from __future__ import annotations

import shlex
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from stemsilver.cli.console import messages, table_output, warn_of_skipped
from stemsilver.cli.on_use import LazyModule
from stemsilver.cli.options import (
    DEFAULT_CACHE,
    CacheFolder,
    Dask,
    Jobs,
    Title,
    check_workers,
    chosen_profile,
    titled,
)
from stemsilver.cli.progress import BatchProgress

if TYPE_CHECKING:
    from stemsilver import discover, report
    from stemsilver.config import Profile
    from stemsilver.pipeline import bakeoff
    from stemsilver.records import Render
    from stemsilver.report import Bakeoff
else:
    discover, report = LazyModule("discover"), LazyModule("report")
    bakeoff = LazyModule("pipeline.bakeoff")

_FILES = (".yaml", ".yml")


def command(
    profiles: Annotated[
        list[str],
        typer.Argument(
            help="Profiles by name, or by file if it ends in .yaml: the incumbent first, then the "
            "candidates."
        ),
    ],
    raw: Annotated[Path, typer.Option(help="Folder of renders.")] = Path("raw"),
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the bake-off.")] = Path(
        "bakeoff"
    ),
    judge: Annotated[
        str | None,
        typer.Option(
            help="Profile whose evaluation and gates judge all; if not given, the incumbent's."
        ),
    ] = None,
    title: Title = None,
    jobs: Jobs = None,
    dask: Dask = None,
    cache: CacheFolder = DEFAULT_CACHE,
    max_site_mb: Annotated[
        float, typer.Option(min=1, help="Refuse to publish a larger site; Pages allows 1 GB.")
    ] = 1000.0,
) -> None:
    """Clean the same renders with several profiles, and say which is best.

    The same evaluation and gates judge every profile, and the incumbent's promotion rule decides on
    every candidate. Exits with 0 whichever wins, 1 if a render could not be cleaned (the site is
    still built), 2 for a wrong option or profile, 3 if there is nothing to do, 4 if the machine
    lacks something.
    """
    console = messages()
    check_workers(jobs, dask)
    chosen = [_profile(name) for name in profiles]
    bakeoff.check_names(chosen)
    # The site has the name that the incumbent gives it.
    chosen[0] = titled(chosen[0], title)
    judging = chosen[0] if judge is None else _profile(judge)
    found = discover.discover(raw)
    warn_of_skipped(console, found.skipped)
    outcome = bakeoff.compare(
        found.renders,
        chosen,
        judging,
        output,
        cache,
        jobs=jobs,
        dask=dask,
        skipped=found.skipped,
        max_site_megabytes=max_site_mb,
        progress=partial(_progress, found.renders, console),
    )
    _show(outcome.found)
    console.print(f"{outcome.site.index}: {outcome.site.pages} pages")
    console.print(
        f"To listen: stemsilver serve {escape(shlex.quote(str(outcome.site.index.parent)))}"
    )
    raise typer.Exit(0 if outcome.all_cleaned else 1)


def _profile(name: str) -> Profile:
    is_file = name.endswith(_FILES)
    return chosen_profile(name, Path(name) if is_file else None)


def _progress(renders: tuple[Render, ...], console: Console, profile: Profile) -> BatchProgress:
    console.print(f"[bold]{escape(report.visible(profile.name))}[/]")
    return BatchProgress(len(renders), console)


def _show(found: Bakeoff) -> None:
    console = table_output()
    names = [escape(report.visible(run.name)) for run in found.runs]
    means = Table("mean", "raw", *names, "renders")
    for one in report.bakeoff_columns(found):
        raw = "" if one.raw is None else report.format_value(one.metric, one.raw)
        values = [
            report.format_value(one.metric, value) + (" ★" if best else "")
            for value, best in zip(one.values, one.best, strict=True)
        ]
        means.add_row(report.metric_heading(one.metric), raw, *values, str(one.count))
    costs = [run.cost for run in found.runs]
    means.add_row("s of work for 1 s of audio", "", *map(report.factor_words, costs), "")
    means.add_row("peak memory", "", *(report.memory_words(one.peak_bytes) for one in costs), "")
    console.print(means)
    console.print(
        "★ best, or equal to the best within noise. "
        f"Judged by {escape(report.visible(found.judge.name))}.",
        soft_wrap=True,
    )
    for name, run in zip(names, found.runs, strict=True):
        if run.ruling is None:
            continue
        rule = Table("", f"promotion of {name}", "found", "limit")
        for part in run.ruling.checks:
            rule.add_row(report.MARKS[part.passed], part.label, part.found, part.limit)
        console.print(rule)
        for seen in run.ruling.witnesses:
            before, after, delta, word = report.change_cells(seen.change)
            label = report.metric_heading(seen.change.metric)
            console.print(f"  {label}: {before} → {after}, {delta} {word}", soft_wrap=True)
        console.print(f"[bold]{name} {run.ruling.sentence}.[/]", soft_wrap=True)
