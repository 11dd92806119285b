"""`stemsilver models`: the weight files."""

from __future__ import annotations

import typer
from rich.console import Console
from rich.markup import escape

from stemsilver import weights
from stemsilver.errors import WeightsError

app = typer.Typer(help="Weight files: what there is, whose it is, and whether it is intact.")


@app.command("list")
def list_command() -> None:
    """List every weight file with its size, licence, source and SHA-256."""
    console = Console(highlight=False, soft_wrap=True, emoji=False)
    for weight in weights.CARRIED.values():
        try:
            size = f"{weights.locate(weight.name).stat().st_size / 1e6:.1f} MB"
        except WeightsError:
            size = "missing"
        console.print(f"[bold]{weight.name}[/]  {size}, {weight.licence}, in {weight.package}")
        console.print(f"  {escape(weight.source)}")
        console.print(f"  sha256 {weight.sha256}")


@app.command()
def verify() -> None:
    """Compare every weight file with its pinned SHA-256; exits with 4 if one differs."""
    console = Console(highlight=False, soft_wrap=True, emoji=False)
    wrong = 0
    for name in weights.REGISTRY:
        try:
            console.print(f"[green]✓[/] {name}  {weights.verified(name)}")
        except WeightsError as error:
            wrong += 1
            console.print(f"[red]✗[/] {escape(error.message)}\n  next: {escape(error.next_step)}")
    raise typer.Exit(WeightsError.exit_code if wrong else 0)
