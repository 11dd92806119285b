"""The command line: flags → profile → build, and the only place where all errors are caught."""

from stemsilver.cli.main import main

__all__ = ["main"]
