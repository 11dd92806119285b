"""The command line: flags → profile → build, and the one place where any error is caught."""

from stemsilver.cli.main import main

__all__ = ["main"]
