"""Packages that pip builds from source: a machine without compilers lacks them, and leaves out the
tests that need them.
"""

from __future__ import annotations

from importlib.util import find_spec

import pytest

HAS_DIFFQ = find_spec("diffq") is not None
NEEDS_DIFFQ = pytest.mark.skipif(
    not HAS_DIFFQ, reason="diffq is not installed: pip builds it with a C compiler"
)

NEEDS_RESEMBLYZER = pytest.mark.skipif(
    find_spec("resemblyzer") is None,
    reason="Resemblyzer is not installed: pip builds its webrtcvad with a C compiler",
)

NO_DEMUCS = "demucs is not installed: on Linux Arm pip builds its sphn with Rust"
NEEDS_DEMUCS = pytest.mark.skipif(find_spec("demucs") is None, reason=NO_DEMUCS)
