"""Ctrl-C and SIGTERM: both raise one exception, which is raised again if it gets lost."""

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
"""Time for cleaning up after a signal; another signal is ignored until then."""
_AGAIN_SECONDS = 0.05


class Stopped(BaseException):
    """A signal to stop, raised in the main thread.

    Python drops an exception that it cannot raise, in a finaliser for example. This one is then
    raised again, until `handled` is set. `exit_code` is what a shell expects after the signal.
    """

    _last: ClassVar[float] = -math.inf

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.handled = False
        self.exit_code = 128 + number
        self._number = number
        Stopped._last = time.monotonic()

    def __del__(self) -> None:
        if not self.handled:
            Stopped._last = -math.inf
            # After a delay: at once it would be lost in the same place again.
            again = Timer(_AGAIN_SECONDS, _thread.interrupt_main, [self._number])
            again.daemon = True
            again.start()

    @staticmethod
    def at_signal(number: int, _: FrameType | None) -> None:
        """Handle a signal. Ignore repeats: a terminal and a script may both send one."""
        if time.monotonic() - Stopped._last > _QUIET_SECONDS:
            raise Stopped(number)


def install_handlers() -> None:
    """Raise `Stopped` at a signal to stop.

    Do so even if the process started with these signals ignored, as in a background job of a shell:
    otherwise only SIGKILL could end a long build.
    """
    Stopped._last = -math.inf
    for number in _STOPPING:
        signal.signal(number, Stopped.at_signal)


def ignore() -> None:
    """Ignore signals to stop, because the process is about to end."""
    for number in _STOPPING:
        signal.signal(number, signal.SIG_IGN)
