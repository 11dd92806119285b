"""Run steps, measure their time and memory, and cache results by their inputs and code."""

from __future__ import annotations

import hashlib
import io
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np

from stemsilver import memory
from stemsilver.audio.stored import StoredSignal, collect, store
from stemsilver.cache import Cache
from stemsilver.config import digest
from stemsilver.memory import Peak
from stemsilver.records import Samples, Signal
from stemsilver.signals import is_long

CONTENT = "content"
CLOCK = "seconds"
MEMORY = "peak.json"

_T = TypeVar("_T")


@dataclass(frozen=True)
class CodeFingerprint:
    """The code that determines the result of a step, in addition to its inputs.

    `modules` are paths of modules and subpackages inside this package; those in `excluded` do not
    affect results. `libraries` are identified by their versions; a library that is not installed
    counts as `missing`.
    """

    modules: tuple[str, ...]
    libraries: tuple[str, ...]
    excluded: tuple[str, ...] = ()

    def __add__(self, other: CodeFingerprint) -> CodeFingerprint:
        return CodeFingerprint(
            _merged(self.modules, other.modules),
            _merged(self.libraries, other.libraries),
            _merged(self.excluded, other.excluded),
        )

    def digest(self) -> str:
        """Return a digest of all source files and library versions, for cache keys.

        Results of another version, or of the code before an edit, are then not found.
        """
        return _code_digest(self, Path(str(files("stemsilver"))))


class Memo(Protocol):
    """An interface that runs steps, and may measure and cache them.

    `step` is the name for measurements and progress. `key` is a digest of all inputs of the step;
    together with `code` it determines the result.
    """

    def run(self, step: str, compute: Callable[[], Signal]) -> Signal:
        """Return the result of `compute`, never cached."""
        ...

    def keep(self, blocks: Iterable[Samples], shape: tuple[int, ...]) -> Signal:
        """Return a signal of `shape` that comes in blocks."""
        ...

    def signal(
        self,
        step: str,
        code: CodeFingerprint,
        key: str,
        compute: Callable[[], Iterable[Samples]],
        shape: tuple[int, ...],
    ) -> Signal:
        """Return a signal of `shape` from the cache, or from the blocks that `compute` gives."""
        ...

    def facts(self, step: str, code: CodeFingerprint, key: str, compute: Callable[[], Any]) -> Any:
        """Return a JSON value from `compute` or the cache."""
        ...

    def file(
        self, step: str, code: CodeFingerprint, key: str, compute: Callable[[], bytes]
    ) -> bytes:
        """Return the content of a file from `compute` or the cache."""
        ...

    def progress(self, step: str, share: float) -> None:
        """Report progress of a step, as a fraction from 0 to 1."""
        ...


class Steps:
    """A `Memo` with a cache, which also records the cost of the steps.

    `seconds` has the time of each step; `peak_bytes` and `gpu_peak_bytes` have the peak memory of
    the process, and of torch on a CUDA device. The cost of loading a model is part of the step that
    first uses it. A cached step has the cost of its original computation. `computed` lists the
    steps computed now, `reused` those from the cache. Without a cache, everything is computed.
    `report` is called with the progress of each step. `scratch` is a folder of the cache for long
    signals; without it, they are kept in memory.
    """

    def __init__(
        self,
        cache: Cache | None,
        report: Callable[[str, float], None] | None = None,
        scratch: Path | None = None,
    ) -> None:
        self._cache = cache
        self._report = report
        self._scratch = scratch
        self.seconds: dict[str, float] = {}
        self.peak_bytes: dict[str, int] = {}
        self.gpu_peak_bytes: dict[str, int] = {}
        self.computed: list[str] = []
        self.reused: list[str] = []

    def run(self, step: str, compute: Callable[[], Signal]) -> Signal:
        """Return the result of `compute`, and record its cost."""
        self.progress(step, 0.0)
        result, seconds, peak = _measured(compute)
        self._count(self.computed, step, seconds, peak)
        return result

    def keep(self, blocks: Iterable[Samples], shape: tuple[int, ...]) -> Signal:
        """Return a signal of `shape` that comes in blocks."""
        return collect(blocks, shape, self._scratch)

    def signal(
        self,
        step: str,
        code: CodeFingerprint,
        key: str,
        compute: Callable[[], Iterable[Samples]],
        shape: tuple[int, ...],
    ) -> Signal:
        """Return a signal of `shape` from the cache, or from the blocks that `compute` gives."""

        def content() -> bytes | Path:
            if self._scratch is None or not is_long(shape):
                return _pack(collect(compute(), shape, None))
            path = self._scratch / f"{key}.npy"
            store(compute(), shape, path)
            return path

        found = self._content(step, code, key, content)
        if isinstance(found, Path) and is_long(shape):
            return StoredSignal(found)
        signal: Samples = np.load(
            found if isinstance(found, Path) else io.BytesIO(found), allow_pickle=False
        )
        return signal

    def facts(self, step: str, code: CodeFingerprint, key: str, compute: Callable[[], Any]) -> Any:
        """Return a JSON value from `compute` or the cache."""
        return json.loads(
            self.file(step, code, key, lambda: json.dumps(compute(), allow_nan=False).encode())
        )

    def progress(self, step: str, share: float) -> None:
        """Report progress of a step, as a fraction from 0 to 1."""
        if self._report is not None:
            self._report(step, share)

    def file(
        self, step: str, code: CodeFingerprint, key: str, compute: Callable[[], bytes]
    ) -> bytes:
        """Return the content of a file from `compute` or the cache."""
        content = self._content(step, code, key, compute)
        return content.read_bytes() if isinstance(content, Path) else content

    def _content(
        self,
        step: str,
        code: CodeFingerprint,
        key: str,
        compute: Callable[[], bytes | Path],
    ) -> bytes | Path:
        """Return the content of a cached file, or the path of the file that has it.

        If `compute` returns a path, the file is moved into the cache.
        """
        full_key = digest(key, step, code.digest())
        entry = self._cache.get(full_key) if self._cache else None
        if entry is not None:
            seconds = float((entry / CLOCK).read_text())
            self._count(self.reused, step, seconds, _read_peak(entry / MEMORY))
            return entry / CONTENT
        self.progress(step, 0.0)
        content, seconds, peak = _measured(compute)
        self._count(self.computed, step, seconds, peak)
        if self._cache is None:
            return content
        kept = {CLOCK: repr(seconds), MEMORY: json.dumps(vars(peak))}
        cost = {name: text.encode() for name, text in kept.items()}
        folder = self._cache.put(full_key, {CONTENT: content, **cost})
        return folder / CONTENT if isinstance(content, Path) else content

    def rename(self, names: Mapping[str, str]) -> None:
        """Rename steps in the recorded costs, from old to new names."""
        self.seconds = _renamed(self.seconds, names)
        self.peak_bytes = _renamed(self.peak_bytes, names)
        self.gpu_peak_bytes = _renamed(self.gpu_peak_bytes, names)

    def _count(self, kind: list[str], step: str, seconds: float, peak: Peak) -> None:
        kind.append(step)
        self.seconds[step] = self.seconds.get(step, 0.0) + seconds
        for marks, found in ((self.peak_bytes, peak.process), (self.gpu_peak_bytes, peak.gpu)):
            if found is not None:
                marks[step] = max(marks.get(step, 0), found)


UNCACHED: Memo = Steps(None)
"""A memo without a cache, for callers that do not read the costs."""


@cache
def _code_digest(code: CodeFingerprint, package: Path) -> str:
    hasher = hashlib.sha256()
    for library in sorted(code.libraries):
        hasher.update(f"{library} {_version(library)}".encode() + b"\0")
    left_out = [package / name for name in code.excluded]
    for name in sorted(code.modules):
        path = package / name
        for module in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            if not any(module.is_relative_to(one) for one in left_out):
                hasher.update(module.relative_to(package).as_posix().encode() + b"\0")
                hasher.update(module.read_bytes() + b"\0")
    return hasher.hexdigest()


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "missing"


def _merged(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*one, *other)))


def _measured(compute: Callable[[], _T]) -> tuple[_T, float, Peak]:
    """Return the result of `compute`, its time in seconds, and its peak memory."""
    memory.reset_peaks()
    started = time.perf_counter()
    result = compute()
    seconds, peak = time.perf_counter() - started, memory.peak()
    memory.release_free_memory()
    return result, seconds, peak


def _renamed(costs: Mapping[str, _T], names: Mapping[str, str]) -> dict[str, _T]:
    return {names.get(step, step): cost for step, cost in costs.items()}


def _read_peak(path: Path) -> Peak:
    """Read the peak from a cache entry; entries of older versions have none."""
    return Peak(**json.loads(path.read_bytes())) if path.is_file() else Peak()


def _pack(signal: Signal) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, signal[:, :], allow_pickle=False)
    return buffer.getvalue()
