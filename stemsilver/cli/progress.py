"""Progress display: one line for each render in progress, and one for the batch."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bars

from stemsilver.cli.console import messages

if TYPE_CHECKING:
    from stemsilver.records import ItemResult, Render

PLAIN_SECONDS = 60.0
"""Minimum number of seconds between two lines about long steps in a log without a terminal."""


@contextmanager
def byte_bar(name: str, *columns: ProgressColumn) -> Iterator[Callable[[int, int | None], None]]:
    """Show a progress bar on standard error, if that is a terminal.

    Yield a function that takes the number of bytes done and the total.
    """
    console = messages()
    with Bars(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        DownloadColumn(),
        *columns,
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    ) as bars:
        task = bars.add_task(name, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)


class BatchProgress:
    """Progress of a batch on standard error; without a terminal, one plain line per render."""

    def __init__(
        self,
        total: int,
        console: Console,
        faults: Callable[[ItemResult], Sequence[str]] = lambda result: (),
    ) -> None:
        """Show the progress of `total` renders; `faults` returns the gates that one fails."""
        self._console = console
        self._faults = faults
        self._bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("[dim]{task.fields[stage]}"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self._total = total
        self._done = 0
        self._worked = 0
        self._batch: TaskID | None = None
        self._tasks: dict[str, TaskID] = {}
        self._started = self._said = time.monotonic()

    def __enter__(self) -> BatchProgress:
        self._bars.start()
        self._batch = self._bars.add_task("[bold]renders", total=self._total, stage="")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def stage(self, render: Render, stage: str) -> None:
        """Show that `render` is now at `stage`, one of three stages."""
        if render.id in self._tasks:
            self._bars.update(self._tasks[render.id], advance=1, stage=stage)
        else:
            name = escape(render.path)
            self._tasks[render.id] = self._bars.add_task(f"  {name}", total=3, stage=stage)

    def step_progress(self, render: Render, step: str, fraction: float) -> None:
        """Show progress of a long step; without a terminal, at most once in `PLAIN_SECONDS`."""
        said = f"{step} {fraction:.0%}" if fraction else step
        if render.id in self._tasks:
            self._bars.update(self._tasks[render.id], stage=said)
        now = time.monotonic()
        if not self._console.is_terminal and now - self._said > PLAIN_SECONDS:
            self._said = now
            self._console.print(f"  {escape(render.path)}: {escape(said)}")

    def done(self, result: ItemResult, reused: bool) -> None:
        """Show that a render is final, and remove its line."""
        if result.id in self._tasks:
            self._bars.remove_task(self._tasks.pop(result.id))
        if self._batch is not None:
            self._bars.update(self._batch, advance=1)
        self._done += 1
        self._worked += not reused
        name = escape(result.path)
        if result.failure is not None:
            self._console.print(f"[red]✗[/] {name}: {escape(result.failure.message)}")
            self._console.print(f"  next: {escape(result.failure.next_step)}")
        elif not reused:
            faults = self._faults(result)
            mark = "[red]✗[/]" if faults else "[green]✓[/]"
            left = ": no music, only its level was changed" if result.lacks == "music" else ""
            self._console.print(f"{mark} {name}{left} [dim]({self._position()})[/]")
            for fault in faults:
                self._console.print(f"  {escape(fault)}")

    def _position(self) -> str:
        """Return how much of the batch is done, and about how long the rest will take."""
        position = f"{self._done}/{self._total}"
        left = (time.monotonic() - self._started) / self._worked * (self._total - self._done)
        return f"{position}, about {left / 60:.0f} min left" if left >= 60 else position
