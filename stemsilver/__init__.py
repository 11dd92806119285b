"""Stemsilver: remove backing music from TTS renders, and prove that the speech is intact."""

from stemsilver.version import __version__

__all__ = ["__version__"]
