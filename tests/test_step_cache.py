"""Steps: computed once, remembered by everything that decides them, timed truthfully."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from stemsilver import step_cache
from stemsilver.cache import Cache
from stemsilver.cleaning import chain
from stemsilver.config import digest
from stemsilver.evaluation import findings
from stemsilver.media import playback, plots
from stemsilver.optional import NEEDED
from stemsilver.pipeline import tasks
from stemsilver.step_cache import CodeFingerprint, Steps

CODE = CodeFingerprint((), ())
SIGNAL = np.array([[0.5, -0.25, 0.0]], np.float32)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def never() -> object:
    pytest.fail("computed again")


def test_what_is_remembered_comes_back_exactly(cache: Cache) -> None:
    facts = {"value": 1 / 3, "reason": None, "words": ["naïve"]}
    first, second = Steps(cache), Steps(cache)
    for steps, one, other, third in (
        (first, lambda: [SIGNAL], lambda: facts, lambda: b"\0png"),
        (second, never, never, never),
    ):
        signal = steps.signal("denoise", CODE, "key", one, SIGNAL.shape)
        np.testing.assert_array_equal(signal, SIGNAL, strict=True)
        assert steps.facts("asr", CODE, "key", other) == facts
        assert steps.file("draw", CODE, "key", third) == b"\0png"
    assert (first.computed, first.reused) == (["denoise", "asr", "draw"], [])
    assert (second.computed, second.reused) == ([], ["denoise", "asr", "draw"])


def test_another_key_step_or_code_is_another_result(cache: Cache) -> None:
    asked = [("asr", CODE, "a"), ("asr", CODE, "b"), ("dnsmos", CODE, "a")]
    asked.append(("asr", CodeFingerprint((), ("numpy",)), "a"))
    for turn, (step, code, key) in enumerate(asked):
        assert Steps(cache).facts(step, code, key, lambda turn=turn: turn) == turn
    for turn, (step, code, key) in enumerate(asked):
        assert Steps(cache).facts(step, code, key, never) == turn


def test_a_failed_step_is_not_remembered(cache: Cache) -> None:
    def crash() -> bytes:
        raise RuntimeError

    steps = Steps(cache)
    with pytest.raises(RuntimeError):
        steps.file("draw", CODE, "key", crash)
    with pytest.raises(ValueError, match="JSON"):
        steps.facts("draw", CODE, "key", lambda: float("nan"))
    assert (steps.computed, steps.seconds) == ([], {})
    assert steps.facts("draw", CODE, "key", lambda: 1.0) == 1.0


def test_a_damaged_memory_is_computed_again(cache: Cache) -> None:
    Steps(cache).file("draw", CODE, "key", lambda: b"drawn")
    [content] = cache.root.rglob(step_cache.CONTENT)
    content.write_bytes(b"drawm")
    steps = Steps(cache)
    assert steps.file("draw", CODE, "key", lambda: b"drawn") == b"drawn"
    assert steps.computed == ["draw"]


def test_what_is_only_run_or_has_no_cache_is_computed_every_time(cache: Cache) -> None:
    for _ in range(2):
        steps = Steps(cache)
        assert steps.run("fuse", lambda: SIGNAL) is SIGNAL
        assert (steps.computed, steps.reused) == (["fuse"], [])
    assert not cache.root.exists()
    steps = Steps(None)
    assert [steps.facts("asr", CODE, "key", lambda turn=turn: turn) for turn in (1, 2)] == [1, 2]
    assert steps.computed == ["asr", "asr"]


# --- what decides a result

DECIDING = {
    "chain": chain.CODE,
    "metrics": findings.CODE,
    "pictures": plots.CODE,
    "outlines": playback.CODE,
    "whole render": tasks.CODE,
}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package, whose digests are taken anew each time."""
    copied = tmp_path / "stemsilver"
    shutil.copytree(
        Path(step_cache.__file__).parent, copied, ignore=shutil.ignore_patterns("__pycache__")
    )
    monkeypatch.setattr(step_cache, "files", lambda _: copied)
    monkeypatch.setattr(step_cache, "_code_digest", step_cache._code_digest.__wrapped__)
    return copied


def discarded(edit: Callable[[], object]) -> set[str]:
    """What has to be computed again after an edit."""
    before = {what: code.digest() for what, code in DECIDING.items()}
    edit()
    return {what for what, code in DECIDING.items() if code.digest() != before[what]}


EDITS = {
    "cleaning/chain.py": {"chain", "whole render"},
    "cleaning/separators/spleeter.py": {"chain", "whole render"},
    "dsp/stft.py": {"chain", "metrics", "outlines", "whole render"},
    "evaluation/dnsmos.py": {"metrics", "whole render"},
    "evaluation/voice/pitch.py": {"metrics", "whole render"},
    "media/plots.py": {"pictures", "whole render"},
    "media/snippets.py": {"whole render"},
    "pipeline/tasks.py": {"whole render"},
    "evaluation/catalogue/__init__.py": set(),
    "report/scorecard/verdicts.py": set(),
    "microsite/pages/overview.py": set(),
    "cli/main.py": set(),
}


def test_an_edit_discards_what_the_code_decides_and_nothing_else(package: Path) -> None:
    for module, decides in EDITS.items():
        with (package / module).open("a") as file:
            assert discarded(lambda file=file: print("# edited", file=file, flush=True)) == decides
    new = package / "cleaning" / "denoisers" / "new.py"
    for edit in (new.touch, lambda: new.rename(package / "cleaning" / "new.py")):
        assert discarded(edit) == {"chain", "whole render"}


def test_libraries_count_with_their_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    # A cluster is where the work is done, and changes no result. Weights count with their hashes.
    others = ("dask", "faster-whisper-base")
    models = (needed for name, needed in NEEDED.items() if name not in others)
    names = {package.name for needed in models for package in needed}
    assert "torch" in names
    assert names <= set(tasks.CODE.libraries)
    monkeypatch.setattr(step_cache, "_code_digest", step_cache._code_digest.__wrapped__)
    update = partial(monkeypatch.setattr, step_cache, "version", lambda _: "0.0.1")
    assert discarded(update) == set(DECIDING)


# --- time and memory

MEGABYTE = 1_000_000


def filled(megabytes: int) -> bytes:
    """So much memory, really used."""
    return b"\1" * (megabytes * MEGABYTE)


def clock(monkeypatch: pytest.MonkeyPatch, *moments: float) -> None:
    readings = iter(moments)
    monkeypatch.setattr(step_cache.time, "perf_counter", lambda: next(readings))


def test_a_reused_step_reports_what_it_once_took(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock(monkeypatch, 100.0, 102.5)
    first, second = Steps(cache), Steps(cache)
    first.file("draw", CODE, "key", lambda: filled(50)[:1])
    second.file("draw", CODE, "key", never)
    assert first.seconds == second.seconds == {"draw": 2.5}
    assert first.peak_bytes == second.peak_bytes
    assert second.peak_bytes["draw"] > 50 * MEGABYTE


def test_the_times_of_one_step_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    clock(monkeypatch, 0.0, 1.0, 10.0, 10.5)
    steps = Steps(None)
    for _ in range(2):
        steps.run("fuse", lambda: SIGNAL)
    assert steps.seconds == {"fuse": 1.5}


def test_a_step_tells_of_its_own_peak_and_not_of_those_before() -> None:
    steps = Steps(None)
    for name, megabytes in (("small", 1), ("large", 400), ("after", 1)):
        steps.file(name, CODE, "key", lambda megabytes=megabytes: filled(megabytes)[:1])
    assert set(steps.peak_bytes) == {"small", "large", "after"}
    assert steps.peak_bytes["large"] > steps.peak_bytes["small"] + 300 * MEGABYTE
    assert steps.peak_bytes["after"] < steps.peak_bytes["large"] - 300 * MEGABYTE
    assert steps.gpu_peak_bytes == {}


def test_a_step_from_before_memory_was_measured_says_nothing(cache: Cache) -> None:
    kept = {step_cache.CONTENT: b"drawn", step_cache.CLOCK: b"2.5"}
    cache.put(digest("key", "draw", CODE.digest()), kept)
    steps = Steps(cache)
    assert steps.file("draw", CODE, "key", never) == b"drawn"
    assert (steps.seconds, steps.peak_bytes) == ({"draw": 2.5}, {})


def test_a_step_of_two_signals_keeps_the_higher_peak_and_can_be_renamed() -> None:
    steps = Steps(None)
    steps.file("asr", CODE, "raw", lambda: filled(200)[:1])
    alone = steps.peak_bytes["asr"]
    steps.rename({"asr": "raw asr"})
    steps.file("asr", CODE, "clean", lambda: filled(1))
    assert steps.peak_bytes["raw asr"] == alone
    assert steps.peak_bytes["asr"] < alone
    assert set(steps.seconds) == {"raw asr", "asr"}
    steps.file("asr", CODE, "clean", lambda: filled(200)[:1])
    assert steps.peak_bytes["asr"] > 200 * MEGABYTE
