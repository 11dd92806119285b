"""Call functions on untrusted data in a separate process.

If a decoder crashes or hangs, only its own call fails. Its output never reaches the log of the
workflow, because GitHub executes some log lines as commands.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import Protocol, TypeVar

from stemsilver.errors import StemsilverError, UsageError, WorkerCrashed
from stemsilver.worker import Worker

_T = TypeVar("_T")


class Call(Protocol):
    """A callable that runs a function in another process. Its arguments must be picklable.

    Raises:
        StemsilverError: the function raised it.
        UsageError: the function failed in any other way, or took too long.
    """

    def __call__(self, function: Callable[..., _T], *arguments: object) -> _T:
        """Return the result of the function."""


@contextmanager
def isolated(seconds: float) -> Iterator[Call]:
    """Open a separate process for calls. Each call may take `seconds`."""
    with closing(Worker("spawn", _mute)) as worker:

        def call(function: Callable[..., _T], *arguments: object) -> _T:
            try:
                return worker.call(partial(function, *arguments), seconds)
            except WorkerCrashed as crash:
                raise _refusal(crash.message) from crash
            except StemsilverError:
                raise
            except Exception as error:
                # The error's own message may quote the untrusted data.
                raise _refusal(type(error).__name__) from error

        yield call


def _refusal(cause: str) -> UsageError:
    return UsageError(
        f"it could not be processed ({cause})", next_step="Look at where it comes from."
    )


def _mute() -> None:
    nothing = os.open(os.devnull, os.O_WRONLY)
    for output in (1, 2):
        os.dup2(nothing, output)
