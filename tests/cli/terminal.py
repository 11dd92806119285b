"""Running commands in this process, as a shell would."""

from __future__ import annotations

import re
import signal
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from stemsilver import weights
from stemsilver.cli import main
from stemsilver.pipeline import executors

from ..pipeline.batches import InThisProcess

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


class Terminal:
    """Runs `stemsilver` with the models of this process, on a very wide screen."""

    def __init__(self, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> None:
        self._patch, self._capture = patch, capture
        patch.setenv("COLUMNS", "1000")
        patch.setattr(sys, "excepthook", sys.excepthook)  # Typer puts in its own
        patch.setattr(executors, "workers", lambda profile, left, jobs: InThisProcess())
        self._verify = weights.verified.__wrapped__

    def __call__(self, *arguments: str | Path) -> Ended:
        self._patch.setattr(sys, "argv", ["stemsilver", *map(str, arguments)])
        self._capture.readouterr()
        handlers = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
        try:
            with pytest.raises(SystemExit) as end:
                main()
        finally:
            # It leaves them ignored: it is for the process to end now.
            for one, handler in handlers.items():
                signal.signal(one, handler)
        printed = self._capture.readouterr()
        code = end.value.code
        assert isinstance(code, int)
        return Ended(code, _COLOUR.sub("", printed.out), _COLOUR.sub("", printed.err))

    def alter_weights(self, name: str, **values: str) -> None:
        """Make the registry expect another file, and believe nothing it has verified before."""
        changed = replace(weights.REGISTRY[name], **values)
        self._patch.setitem(weights.REGISTRY, name, changed)
        self._patch.setattr(weights, "verified", self._verify)


def faulty(ended: Ended, code: int, *named: str) -> None:
    """A command ended with `code`, an `error:` that names things, and a `next:` step."""
    assert ended.code == code, ended
    error, _, rest = ended.err.partition("\nnext:")
    assert error.startswith("error: ")
    for name in named:
        assert name in error
    assert rest.strip()
    assert "Traceback" not in ended.err
