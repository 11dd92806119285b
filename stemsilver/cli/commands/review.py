"""`stemsilver review`: collect what people said about the renders, and show it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer
from rich.markup import escape
from rich.table import Table

from stemsilver.cli.console import messages, output, table_output, warn_of_skipped
from stemsilver.cli.on_use import LazyModule
from stemsilver.cli.options import DEFAULT_REVIEWS, ReviewsFolder
from stemsilver.errors import NothingToDo, UsageError

if TYPE_CHECKING:
    from stemsilver import fsio, report
    from stemsilver.report import Review, Scorecard
else:
    fsio, report = LazyModule("fsio"), LazyModule("report")

app = typer.Typer(no_args_is_help=True, help="Collect and show what people said about the renders.")

ReportFolder: TypeAlias = Annotated[
    Path, typer.Option("--report", help="Folder with the scorecard of the build.")
]
_REPORT = Path("report")
_LISTED = 10


@app.command("merge")
def merge(
    files: Annotated[list[Path], typer.Argument(help="Review files, as the site gives them.")],
    reviews: ReviewsFolder = DEFAULT_REVIEWS,
) -> None:
    """Add review files to the folder of reviews, one file for each person, without loss.

    Of several decisions of a person on the same output the latest counts. The next `build-site`
    shows them. Exits with 1 if a file cannot be used; the others are merged.
    """
    console = messages()
    found: list[Review] = []
    for path in files:
        try:
            found.append(report.read_review(path))
        except UsageError as error:
            console.print(f"[red]✗[/] {escape(error.message)}")
            console.print(f"  {escape(error.next_step)}")
    for path, one in report.add_reviews(found, reviews).items():
        decided = sum(entry.decision is not None for entry in one.renders)
        remarks = sum(bool(remark.text) for entry in one.renders for remark in entry.remarks)
        told = f"{report.visible(one.reviewer)}, {decided} decided, {remarks} remarks"
        console.print(f"[green]✓[/] {escape(str(path))}: {escape(told)}")
    raise typer.Exit(0 if len(found) == len(files) else 1)


@app.command("status")
def status(reviews: ReviewsFolder = DEFAULT_REVIEWS, report_folder: ReportFolder = _REPORT) -> None:
    """Show who reviewed how much, what needs work, and what is left.

    Exits with 0 if every render is approved, by as many people as `guardrail.approvals_min` of the
    profile says, and 1 if not.
    """
    card = _reviewed(reviews, report_folder)
    console = table_output()
    table = Table("reviewer", "approved", "needs work", "skipped", "remarks", "outdated")
    for one in report.reviewers(card):
        table.add_row(escape(report.shortened(one.name, 40)), *map(str, one.counts))
    console.print(table if table.rows else "No reviews yet.")
    least = max(1, card.guardrail.approvals_min if card.guardrail else 1)
    renders = [item for item in card.renders if item.output is not None]
    left = [item for item in renders if not report.is_approved(item, least)]
    console.print(f"{len(renders) - len(left)} of {len(renders)} renders are approved.")
    # What somebody asks for first, then what nobody looked at.
    left.sort(key=lambda item: not report.deciders(item, "needs_work"))
    for item in left[:_LISTED]:
        said = report.review_words(item) or "not reviewed"
        console.print(
            f"  {escape(report.shortened(item.path, 60))}: {escape(report.visible(said))}"
        )
    if more := len(left[_LISTED:]):
        console.print(f"  and {more} more")
    raise typer.Exit(1 if left else 0)


@app.command("export")
def export(
    reviews: ReviewsFolder = DEFAULT_REVIEWS,
    report_folder: ReportFolder = _REPORT,
    kind: Annotated[
        Literal["markdown", "csv", "json"],
        typer.Option("--format", help="As a text for GitHub, a table, or the merged files."),
    ] = "markdown",
    target: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; else it is printed.")
    ] = None,
) -> None:
    """Write all decisions and remarks, with their positions, as one list."""
    card = _reviewed(reviews, report_folder)
    if kind == "markdown":
        text = report.reviews_markdown(card) + "\n"
    elif kind == "csv":
        text = report.reviews_csv(card)
    else:
        merged, _ = report.read_reviews(reviews)
        text = json.dumps([report.review_json(one) for one in merged], indent=2) + "\n"
    if target is None:
        typer.echo(text, nl=False)
    else:
        fsio.write_text(target, text)
        output().print(escape(str(target)))


def _reviewed(folder: Path, report_folder: Path) -> Scorecard:
    """Return the scorecard of the last build with the reviews in `folder`."""
    found, refused = report.read_reviews(folder)
    warn_of_skipped(messages(), refused)
    path = report_folder / "scorecard.json"
    if not path.is_file():
        raise NothingToDo(
            f"{path}: there is no scorecard of a build here",
            next_step="Run stemsilver build-site first, or name its report folder with --report.",
        )
    return report.with_reviews(report.read_scorecard(path), found)
