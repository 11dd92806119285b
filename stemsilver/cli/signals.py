"""Ctrl-C and SIGTERM: one way out for both, which nothing on the way can lose."""

from __future__ import annotations

import _thread
import math
import signal
import time
from threading import Timer
from types import FrameType
from typing import ClassVar

_STOPPING = (signal.SIGINT, signal.SIGTERM)
_QUIET_SECONDS = 5.0
"""How long whoever is stopped may put things away before another signal interrupts that too."""
_AGAIN_SECONDS = 0.05


class Stopped(BaseException):
    """Raised in the main thread at a signal to stop.

    An exception is lost where it cannot be raised, in a finaliser say. This one then comes again,
    until it has `arrived`. `exit_code` is what a shell expects of a process that is stopped so.
    """

    _last: ClassVar[float] = -math.inf

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.arrived = False
        self.exit_code = 128 + number
        self._number = number
        Stopped._last = time.monotonic()

    def __del__(self) -> None:
        if not self.arrived:
            Stopped._last = -math.inf
            # Not at once: where it was lost it would be lost again.
            again = Timer(_AGAIN_SECONDS, _thread.interrupt_main, [self._number])
            again.daemon = True
            again.start()

    @staticmethod
    def at_signal(number: int, _: FrameType | None) -> None:
        """The handler; a terminal and a script that passes signals on may both send one."""
        if time.monotonic() - Stopped._last > _QUIET_SECONDS:
            raise Stopped(number)


def listen() -> None:
    """Raise `Stopped` at a signal to stop.

    Also where such signals are ignored when the process begins, as shells have it for what they
    run in the background: else nothing but a kill could end a long build.
    """
    Stopped._last = -math.inf
    for number in _STOPPING:
        signal.signal(number, Stopped.at_signal)


def ignore() -> None:
    """Let no signal to stop disturb the end that has come anyway."""
    for number in _STOPPING:
        signal.signal(number, signal.SIG_IGN)
