"""`stemsilver scorecard`: the differences of two scorecards, and whether they are acceptable."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from stemsilver.cli.console import table_output
from stemsilver.cli.on_use import LazyModule
from stemsilver.cli.options import ConfigFile, chosen_profile
from stemsilver.errors import UsageError

if TYPE_CHECKING:
    from stemsilver import report
    from stemsilver.evaluation import catalogue
    from stemsilver.report import Check, Diff, Scorecard
else:
    report, catalogue = LazyModule("report"), LazyModule("evaluation.catalogue")

app = typer.Typer(no_args_is_help=True, help="Compare the scorecards of two builds.")

_PLACES = (
    Path("scorecard.json"),
    Path("report", "scorecard.json"),
    Path("downloads", "scorecard.json"),
)
_NAME = 60
_LISTED = 10


@app.callback()
def _group() -> None:
    # The callback makes Typer build a group even with one command.
    pass


@app.command("diff")
def diff(
    base: Annotated[Path, typer.Argument(help="The scorecard before, or a folder that holds it.")],
    head: Annotated[Path, typer.Argument(help="The scorecard after, or a folder that holds it.")],
    gate: Annotated[bool, typer.Option("--gate", help="Exit 1 if the guardrail fails.")] = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print Markdown for a pull request.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    link: Annotated[
        str | None, typer.Option(help="Web address that the Markdown links to for the rest.")
    ] = None,
    rows: Annotated[int, typer.Option(min=0, help="How many changed values to show.")] = 20,
    profile: Annotated[
        str | None,
        typer.Option("--profile", "-p", help="Use this profile's guardrail, not the base's."),
    ] = None,
    config_file: ConfigFile = None,
) -> None:
    """Compare two scorecards, the worst first.

    A value is better or worse if it differs by more than the metric's tolerance, which is listed on
    the site's Method page. The guardrail is the base's own, unless a profile is named.
    """
    if markdown and as_json:
        raise UsageError(
            "--markdown and --json cannot be used together", next_step="Choose one of them."
        )
    if link is not None:
        report.checked_link(link)
    given = None
    if profile is not None or config_file is not None:
        given = chosen_profile(profile or "", config_file).guardrail
    found = report.diff(_scorecard(base), _scorecard(head))
    checks = report.check_guardrail(found, given)
    if as_json:
        typer.echo(json.dumps(report.diff_json(found, checks), indent=2, allow_nan=False))
    elif markdown:
        typer.echo(report.diff_markdown(found, checks, rows=rows, link=link), nl=False)
    else:
        _show(found, checks, rows)
    if gate and not all(check.passed for check in checks):
        raise typer.Exit(1)


def _scorecard(path: Path) -> Scorecard:
    """Read the scorecard at `path`, or in that folder."""
    if not path.is_dir():
        return report.read_scorecard(path)
    for place in _PLACES:
        if (path / place).is_file():
            return report.read_scorecard(path / place)
    raise UsageError(
        f"{path}: there is no scorecard in this folder",
        next_step="Name a scorecard.json, a report folder or a built site.",
    )


def _show(found: Diff, checks: Sequence[Check], rows: int) -> None:
    console = table_output()
    console.print(f"[bold]{report.diff_headline(found, checks)}[/]")
    guardrail = Table("", "guardrail", "found", "limit")
    for check in checks:
        mark = "[green]✓[/]" if check.passed else "[red]✗[/]"
        guardrail.add_row(mark, check.label, check.found, check.limit)
    console.print(guardrail)
    console.print(report.rule_words(found, checks))
    if found.rows:
        _show_changes(found, rows, console)
    for listing in report.listings(found, checks):
        console.print(f"{listing.title}:")
        for path, note in listing.entries[:_LISTED]:
            console.print(f"  {_shown(path)}" + (f": {_shown(note, 200)}" if note else ""))
        if left := len(listing.entries[_LISTED:]):
            console.print(f"  and {left} more")


def _show_changes(found: Diff, rows: int, console: Console) -> None:
    means = Table("mean", "base", "head", "change", "verdict", "renders")
    for one in found.means:
        if one.change.sense != "same":
            cells = report.change_cells(one.change)
            means.add_row(catalogue.METRICS[one.change.metric].label, *cells, str(one.count))
    if means.rows:
        console.print(means)
    values = Table("render", "metric", "base", "head", "change", "verdict")
    for row in found.rows[:rows]:
        label = catalogue.METRICS[row.change.metric].label
        values.add_row(_shown(row.item.path), label, *report.change_cells(row.change))
    if values.rows:
        console.print(values)
    if left := len(found.rows[rows:]):
        console.print(f"and {left} more values changed")


def _shown(text: str, most: int = _NAME) -> str:
    return escape(report.shortened(text, most))
