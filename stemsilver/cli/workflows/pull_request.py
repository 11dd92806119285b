"""`stemsilver pull-request`: pack the results of a pull request for its comment and preview."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stemsilver.cli.console import messages
from stemsilver.cli.on_use import LazyModule
from stemsilver.errors import UsageError

if TYPE_CHECKING:
    from stemsilver.delivery import pull_request
    from stemsilver.delivery.pull_request import Claim
    from stemsilver.report.text import wording
else:
    pull_request, wording = LazyModule("delivery.pull_request"), LazyModule("report.text.wording")

app = typer.Typer(help="Pack the results of a pull request.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    # The callback makes Typer build a group even with one command.
    pass


@app.command("pack")
def pack(
    base: Annotated[Path, typer.Argument(help="The report folder of the base.")],
    head: Annotated[Path, typer.Argument(help="The report folder of the pull request.")],
    number: Annotated[int, typer.Option(help="The number of the pull request.")],
    commit: Annotated[str, typer.Option(help="Full SHA of the pull request's own commit.")],
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
    to_hear = f"{wording.counted(len(packed.renders), 'render')} to hear"
    console.print(f"{out}: {to_hear}, {packed.bytes / 1e6:.1f} MB")
    if packed.left_out:
        left_out = wording.counted(len(packed.left_out), "render")
        console.print(
            f"[yellow]![/] {left_out} left out because of --max-mb: "
            "those with the smallest regressions."
        )


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
