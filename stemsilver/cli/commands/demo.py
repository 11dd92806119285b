"""`stemsilver demo`: a site to look at, before there are renders of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from stemsilver import fsio
from stemsilver.cli.commands import build_site
from stemsilver.cli.console import messages
from stemsilver.cli.options import DEFAULT_CACHE, Jobs
from stemsilver.errors import UsageError
from stemsilver.resources import demo_batch


def command(
    folder: Annotated[
        Path, typer.Argument(help="A new or empty folder, or that of an earlier demo.")
    ] = Path("stemsilver-demo"),
    jobs: Jobs = None,
) -> None:
    """Clean and measure three demo renders, and build their site, to see what you get.

    The renders come with Stemsilver. Exits as build-site does.
    """
    shipped = sorted(path for path in demo_batch().iterdir() if path.is_file())
    raw = folder / "raw"
    _check(folder, raw, {path.name for path in shipped})
    for path in shipped:
        fsio.write_if_changed(raw / path.name, path.read_bytes())
    messages().print(f"The demo renders are in {escape(str(raw))}. Now their site is built.")
    build_site.command(
        raw=raw,
        proceed=folder / "proceed",
        report_folder=folder / "report",
        site=folder / "site",
        cache=folder / DEFAULT_CACHE,
        jobs=jobs,
    )


def _check(folder: Path, raw: Path, names: set[str]) -> None:
    """Refuse a folder with files of the user, whose site the build would replace."""
    if not folder.exists():
        return
    if folder.is_dir():
        found = _names(raw)
        if not (found - names if found else _names(folder) - {raw.name}):
            return
    raise UsageError(
        f"{folder} has other files than those of a demo",
        next_step="Name a new folder: stemsilver demo FOLDER.",
    )


def _names(folder: Path) -> set[str]:
    # Hidden files may be those of a demo that was interrupted.
    if not folder.is_dir():
        return set()
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")}
