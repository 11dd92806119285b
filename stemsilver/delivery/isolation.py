"""Call functions on untrusted data in a separate process.

If a decoder crashes or hangs, only its own call fails. Its output never reaches the log of the
workflow, because GitHub executes some log lines as commands.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

from pebble import ProcessPool

from stemsilver.errors import StemsilverError, UsageError

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
    context = multiprocessing.get_context("spawn")
    with ProcessPool(max_workers=1, context=context, initializer=_mute) as pool:

        def call(function: Callable[..., _T], *arguments: object) -> _T:
            future = pool.schedule(function, args=arguments, timeout=seconds)
            try:
                found: _T = future.result()
            except StemsilverError:
                raise
            except Exception as error:
                # The error's own message may quote the untrusted data.
                raise UsageError(
                    f"it could not be processed ({type(error).__name__})",
                    next_step="Look at where it comes from.",
                ) from error
            return found

        yield call


def _mute() -> None:
    nothing = os.open(os.devnull, os.O_WRONLY)
    for output in (1, 2):
        os.dup2(nothing, output)
