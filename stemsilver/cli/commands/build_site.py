"""`stemsilver build-site`: the main job."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from stemsilver.cli.console import messages, warn_of_skipped
from stemsilver.cli.on_use import LazyModule
from stemsilver.cli.options import (
    DEFAULT_CACHE,
    DEFAULT_REVIEWS,
    CacheFolder,
    ConfigFile,
    Dask,
    Force,
    Jobs,
    ProfileName,
    ReviewsFolder,
    check_workers,
    chosen_profile,
)
from stemsilver.cli.progress import BatchProgress
from stemsilver.profiles import DEFAULT

if TYPE_CHECKING:
    from stemsilver import discover, pipeline, report
    from stemsilver.delivery import deployed_site
    from stemsilver.pipeline import BuildOutcome, freshness
    from stemsilver.records import ItemResult
    from stemsilver.report import Scorecard, Totals
else:
    discover, freshness = LazyModule("discover"), LazyModule("pipeline.freshness")
    pipeline, report = LazyModule("pipeline"), LazyModule("report")
    deployed_site = LazyModule("delivery.deployed_site")


def command(
    raw: Annotated[Path, typer.Option(help="Folder of renders.")] = Path("raw"),
    proceed: Annotated[Path, typer.Option(help="Folder for the speech-only files.")] = Path(
        "proceed"
    ),
    report_folder: Annotated[
        Path, typer.Option("--report", help="Folder for scorecard and evidence.")
    ] = Path("report"),
    site: Annotated[Path, typer.Option(help="Folder for the site; it is replaced.")] = Path("site"),
    profile: ProfileName = DEFAULT,
    config_file: ConfigFile = None,
    reviews: ReviewsFolder = DEFAULT_REVIEWS,
    jobs: Jobs = None,
    dask: Dask = None,
    cache: CacheFolder = DEFAULT_CACHE,
    stages: Annotated[
        bool, typer.Option("--stages", help="Also play the result of each step of the chain.")
    ] = False,
    base: Annotated[
        Path | None,
        typer.Option(help="Site of another build of the same renders, to compare this build with."),
    ] = None,
    history: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATH|URL",
            help="Earlier builds for the Trend page: a history.json, a scorecard.json, a folder of "
            "them, or a site, also by its address. Can be repeated; the report's own history is "
            "always read.",
        ),
    ] = None,
    archive: Annotated[
        bool,
        typer.Option("--zip", help="Also offer the whole site as one ZIP, for offline use."),
    ] = False,
    wav: Annotated[
        bool,
        typer.Option(
            "--wav/--no-wav",
            help="Offer each speech-only WAV on its page, or a FLAC, which makes the site smaller.",
        ),
    ] = True,
    max_site_mb: Annotated[
        float, typer.Option(min=1, help="Refuse to publish a larger site; Pages allows 1 GB.")
    ] = 1000.0,
    fresh_site: Annotated[
        bool, typer.Option("--fresh-site", help="Build the site again, even if nothing changed.")
    ] = False,
    force: Force = False,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="A gate that could not be measured, and a file that was skipped, count as failed.",
        ),
    ] = False,
) -> None:
    """Clean every render, measure it, and build the site.

    If nothing changed since the last build, nothing is written.

    Exits with 0 if every render passed its gates, 1 if one failed (the site is still built), 2 for
    a wrong option or profile, 3 if there is nothing to do, 4 if the machine lacks something.
    """
    console = messages()
    check_workers(jobs, dask)
    chosen = chosen_profile(profile, config_file, force)
    found = discover.discover(raw)
    said, refused = report.read_reviews(reviews)
    skipped = (*found.skipped, *refused)
    warn_of_skipped(console, skipped)
    with TemporaryDirectory() as fetched:
        options: freshness.Options = {
            "stages": stages,
            "base": base,
            "history": _earlier(history or (), Path(fetched), console),
            "archive": archive,
            "wav": wav,
            "max_site_megabytes": max_site_mb,
            "skipped": skipped,
            "reviews": said,
        }
        outputs = proceed, report_folder, site
        if not fresh_site and freshness.is_up_to_date(found.renders, chosen, *outputs, options):
            scorecard = report.parse_scorecard(
                json.loads((report_folder / "scorecard.json").read_bytes())
            )
            count = _print_verdict(scorecard, console)
            console.print("Nothing changed; the site is up to date.")
        else:
            limits = report.gates(chosen)

            def faults(result: ItemResult) -> Sequence[str]:
                return report.faults(report.judge_one(result, limits))

            with BatchProgress(len(found.renders), console, faults) as progress:
                outcome = pipeline.build_site(
                    found.renders,
                    pipeline.Places(*outputs, cache),
                    chosen,
                    jobs=jobs,
                    dask=dask,
                    progress=progress,
                    **options,
                )
            count = _print_verdict(outcome.scorecard, console)
            _summarise(outcome, console)
    console.print(f"To listen: stemsilver serve {escape(shlex.quote(str(site)))}")
    missed = count.unmeasured or count.no_speech or count.skipped
    good = report.nothing_failed(count) and not (strict and missed)
    raise typer.Exit(0 if good else 1)


def _print_verdict(scorecard: Scorecard, console: Console) -> Totals:
    """Print the outcome of the batch, and which renders failed; return the counts."""
    count = report.totals(scorecard)
    console.print(f"[bold]{report.batch_verdict(count)}[/]")
    for item in report.worst_first(scorecard):
        said = report.faults(item) if item.failure is None else (item.failure.message,)
        if said:
            console.print(f"[red]✗[/] {escape(item.path)}: {escape('; '.join(said))}")
    return count


def _earlier(sources: Sequence[str], folder: Path, console: Console) -> list[Path]:
    """Return the given histories as paths; download those with a web address into `folder`."""
    found = []
    for number, source in enumerate(sources):
        if not deployed_site.is_address(source):
            found.append(Path(source))
        elif deployed_site.fetch_history(source, target := folder / f"{number}.json"):
            found.append(target)
        else:
            console.print(f"No history at {escape(source)} yet; the Trend begins with this build.")
    return found


def _summarise(outcome: BuildOutcome, console: Console) -> None:
    """Print what was done, and the results."""
    finished = outcome.finished
    left = len(finished.items) - finished.reused
    console.print(f"{finished.reused} of {len(finished.items)} renders were already finished.")
    if left:
        console.print(f"For the other {left}: {finished.steps.computed} steps computed.")
    plots = outcome.drawing
    console.print(f"Plots of the batch: {len(plots.computed)} drawn, {len(plots.reused)} reused.")
    megabytes = outcome.site.bytes / 1e6
    console.print(f"{outcome.site.index}: {outcome.site.pages} pages, {megabytes:.1f} MB")
    if outcome.site.archive is not None:
        size = outcome.site.archive.stat().st_size / 1e6
        console.print(f"For offline use: {escape(str(outcome.site.archive))}, {size:.1f} MB")
