"""`stemsilver pull-request`: from a pull request's run to its comment and its preview."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer
from rich.markup import escape

from stemsilver.cli.console import messages
from stemsilver.cli.on_use import LazyModule
from stemsilver.cli.options import ConfigFile, ProfileName, chosen_profile
from stemsilver.errors import UsageError
from stemsilver.profiles import DEFAULT

if TYPE_CHECKING:
    from stemsilver.delivery import pull_request
    from stemsilver.delivery.pull_request import Claim
    from stemsilver.report.text import wording
else:
    pull_request, wording = LazyModule("delivery.pull_request"), LazyModule("report.text.wording")

app = typer.Typer(
    help="Pack, judge and preview the results of a pull request.",
    no_args_is_help=True,
)

Handed: TypeAlias = Annotated[Path, typer.Argument(help="The folder that `pack` made.")]


@app.command("pack")
def pack(
    base: Annotated[Path, typer.Argument(help="The report folder of the base.")],
    head: Annotated[Path, typer.Argument(help="The report folder of the pull request.")],
    number: Annotated[int, typer.Option(help="The number of the pull request.")],
    commit: Annotated[str, typer.Option(help="The pull request's own commit, whole.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to fill; it is replaced.")],
    no_base: Annotated[
        bool, typer.Option("--no-base", help="There is nothing to compare with: BASE is not read.")
    ] = False,
    max_mb: Annotated[float, typer.Option(min=1, help="Maximum size in MB.")] = 50.0,
) -> None:
    """Pack both scorecards, and the short pairs of the renders that changed, the worst first.

    The pairs include the base's sound if the pull request was built with `--base`.
    """
    packed = pull_request.pack(None if no_base else base, head, _claim(number, commit), out, max_mb)
    console = messages()
    console.print(f"{out}: {_to_hear(len(packed.renders))}, {packed.bytes / 1e6:.1f} MB")
    if packed.left_out:
        left_out = wording.counted(len(packed.left_out), "render")
        console.print(
            f"[yellow]![/] {left_out} left out because of --max-mb: "
            "those with the smallest regressions."
        )


@app.command("number")
def number(folder: Handed) -> None:
    """Print the pull request number that a folder claims to belong to."""
    typer.echo(pull_request.read_claim(folder).number)


@app.command("comment")
def comment(
    folder: Handed,
    event: Annotated[Path, typer.Option(help="GitHub's `workflow_run` event, as a file.")],
    pull: Annotated[Path, typer.Option(help="GitHub's answer for the pull request, as a file.")],
    link: Annotated[str | None, typer.Option(help="Address of the run.")] = None,
    preview: Annotated[str | None, typer.Option(help="Address of the preview.")] = None,
    profile: ProfileName = DEFAULT,
    config_file: ConfigFile = None,
) -> None:
    """Print the comment, after a check of the folder's claim against GitHub's own data.

    The gates and the guardrail are those of the profile given here, not of the folder. Exits with
    2 if anything was forged, 3 if the pull request is closed or is at another commit now.
    """
    handed_over = pull_request.read(folder)
    pull_request.check_origin(handed_over.claim, event, pull)
    settings = chosen_profile(profile, config_file)
    typer.echo(pull_request.comment_markdown(handed_over, settings, link, preview))


@app.command("preview")
def preview(
    folder: Handed,
    target: Annotated[Path, typer.Argument(help="Folder for the page; it is replaced.")],
    max_mb: Annotated[float, typer.Option(min=1, help="Maximum size in MB.")] = 25.0,
    profile: ProfileName = DEFAULT,
    config_file: ConfigFile = None,
) -> None:
    """Write a page without scripts, with the numbers and the sound of a pull request.

    The folder's claim is not checked: compare the output of `number` with the expected number.
    """
    settings = chosen_profile(profile, config_file)
    written = pull_request.write_preview(pull_request.read(folder), settings, target, max_mb)
    console = messages()
    shown = f"{_to_hear(written.heard)}, {written.bytes / 1e6:.1f} MB"
    console.print(f"{escape(str(written.index))}: {shown}")
    if written.left_out:
        left_out = wording.counted(written.left_out, "render")
        console.print(f"[yellow]![/] {left_out} left out, and not to be heard there.")


def _claim(number: int, commit: str) -> Claim:
    from pydantic import ValidationError

    try:
        return pull_request.Claim(schema_version=1, number=number, commit=commit)
    except ValidationError as error:
        first = error.errors()[0]
        shown = wording.visible(commit)[:80]
        raise UsageError(
            f"--number: {first['msg']}"
            if first["loc"] == ("number",)
            else f"--commit: {shown} is not a full commit SHA (40 hex digits)",
            next_step="Give the pull request's number and the whole SHA of its own last commit.",
        ) from error


def _to_hear(count: int) -> str:
    return f"{wording.counted(count, 'render')} to hear"
