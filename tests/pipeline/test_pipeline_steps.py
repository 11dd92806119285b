"""Steps: computed once, remembered by everything that decides them, timed truthfully."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from stemsilver import step_cache as steps_module
from stemsilver.cache import Cache
from stemsilver.step_cache import DECIDING, Steps, code_digest

SIGNAL = np.array([[0.5, -0.25, 0.0]], np.float32)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def never() -> object:
    pytest.fail("computed again")


def test_a_remembered_signal_comes_back_exactly(cache: Cache) -> None:
    first, second = Steps(cache), Steps(cache)
    np.testing.assert_array_equal(first.remember("denoise", "key", lambda: SIGNAL), SIGNAL)
    again = second.remember("denoise", "key", never)
    np.testing.assert_array_equal(again, SIGNAL)
    assert again.dtype == np.float32
    assert (first.computed, first.reused) == (["denoise"], [])
    assert (second.computed, second.reused) == ([], ["denoise"])


def test_remembered_facts_and_files_come_back_exactly(cache: Cache) -> None:
    facts = {"value": 1 / 3, "reason": None, "words": ["naïve"]}
    assert Steps(cache).facts("asr", "key", lambda: facts) == facts
    assert Steps(cache).facts("asr", "key", never) == facts
    assert Steps(cache).file("draw", "key", lambda: b"\0png") == b"\0png"
    assert Steps(cache).file("draw", "key", never) == b"\0png"


def test_facts_that_are_not_json_are_refused_and_not_remembered(cache: Cache) -> None:
    with pytest.raises(ValueError, match="JSON"):
        Steps(cache).facts("asr", "key", lambda: float("nan"))
    assert Steps(cache).facts("asr", "key", lambda: 1.0) == 1.0


def test_another_key_or_step_is_another_result(cache: Cache) -> None:
    steps = Steps(cache)
    for step, key in (("asr", "a"), ("asr", "b"), ("dnsmos", "a")):
        assert steps.facts(step, key, lambda found=(step, key): list(found)) == [step, key]
    assert steps.computed == ["asr", "asr", "dnsmos"]


def test_a_failed_step_is_not_remembered(cache: Cache) -> None:
    def crash() -> bytes:
        raise RuntimeError

    steps = Steps(cache)
    with pytest.raises(RuntimeError):
        steps.file("draw", "key", crash)
    assert (steps.computed, steps.seconds) == ([], {})
    assert steps.file("draw", "key", lambda: b"drawn") == b"drawn"


def test_a_damaged_memory_is_computed_again(cache: Cache) -> None:
    Steps(cache).file("draw", "key", lambda: b"drawn")
    [content] = cache.root.rglob(steps_module.CONTENT)
    content.write_bytes(b"drawm")
    steps = Steps(cache)
    assert steps.file("draw", "key", lambda: b"drawn") == b"drawn"
    assert steps.computed == ["draw"]


def test_changed_code_is_a_miss(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    Steps(cache).facts("asr", "key", lambda: "by the old code")
    monkeypatch.setattr(steps_module, "code_digest", lambda: "another")
    assert Steps(cache).facts("asr", "key", lambda: "by the new code") == "by the new code"
    monkeypatch.undo()
    assert Steps(cache).facts("asr", "key", never) == "by the old code"


def clock(monkeypatch: pytest.MonkeyPatch, *moments: float) -> None:
    readings = iter(moments)
    monkeypatch.setattr(steps_module.time, "perf_counter", lambda: next(readings))


def test_a_reused_step_reports_the_time_it_once_took(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock(monkeypatch, 100.0, 102.5)
    first, second = Steps(cache), Steps(cache)
    first.file("draw", "key", lambda: b"drawn")
    second.file("draw", "key", never)
    assert first.seconds == second.seconds == {"draw": 2.5}


def test_the_times_of_one_step_add_up(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    clock(monkeypatch, 0.0, 1.0, 10.0, 10.5)
    steps = Steps(cache)
    steps.run("fuse", lambda: SIGNAL)
    steps.run("fuse", lambda: SIGNAL)
    assert steps.seconds == {"fuse": 1.5}


def test_a_step_that_is_only_run_is_computed_every_time(cache: Cache) -> None:
    for _ in range(2):
        steps = Steps(cache)
        assert steps.run("fuse", lambda: SIGNAL) is SIGNAL
        assert (steps.computed, steps.reused) == (["fuse"], [])
    assert not cache.root.exists()


def test_without_a_cache_everything_is_computed() -> None:
    steps = Steps(None)
    assert [steps.facts("asr", "key", lambda turn=turn: turn) for turn in (1, 2)] == [1, 2]
    assert steps.computed == ["asr", "asr"]


# --- the digest of the code

PACKAGE = Path(steps_module.__file__).parents[1]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package whose digest `code_digest` gives; not kept from call to call."""
    copied = tmp_path / "stemsilver"
    shutil.copytree(PACKAGE, copied, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(steps_module, "files", lambda _: copied)
    monkeypatch.setattr(steps_module, "code_digest", code_digest.__wrapped__)
    return copied


def test_the_code_that_puts_an_item_together_decides_too() -> None:
    # Else a file that is new in an item would be missing from every item finished before.
    assert {"build/item.py", "clean", "evaluate", "plots.py"} <= set(DECIDING)


@pytest.mark.parametrize("module", DECIDING)
def test_an_edit_to_deciding_code_changes_the_digest(package: Path, module: str) -> None:
    before = steps_module.code_digest()
    path = package / module
    edited = path if path.suffix else max(path.rglob("*.py"))
    edited.write_text(edited.read_text() + "\n# edited\n")
    assert steps_module.code_digest() != before


def test_a_new_or_renamed_module_changes_the_digest(package: Path) -> None:
    digests = [steps_module.code_digest()]
    (package / "clean" / "denoisers" / "new.py").write_text("")
    digests.append(steps_module.code_digest())
    (package / "clean" / "denoisers" / "new.py").rename(package / "clean" / "new.py")
    digests.append(steps_module.code_digest())
    assert len(set(digests)) == 3


def test_an_edit_to_the_site_or_the_command_line_changes_nothing(package: Path) -> None:
    before = steps_module.code_digest()
    for module in ("cli/main.py", "microsite/pages.py", "report/markdown.py"):
        (package / module).write_text("")
    (package / "clean" / "notes.txt").write_text("")
    assert steps_module.code_digest() == before


# --- memory

MEGABYTE = 1_000_000


def filled(megabytes: int) -> bytes:
    """So much memory, really used."""
    return b"\1" * (megabytes * MEGABYTE)


def test_a_step_tells_of_its_own_peak_and_not_of_those_before() -> None:
    steps = Steps(None)
    steps.file("small", "key", lambda: filled(1))
    steps.file("large", "key", lambda: filled(400)[:1])
    steps.file("after", "key", lambda: filled(1))
    assert set(steps.peak_bytes) == {"small", "large", "after"}
    assert steps.peak_bytes["large"] > steps.peak_bytes["small"] + 300 * MEGABYTE
    assert steps.peak_bytes["after"] < steps.peak_bytes["large"] - 300 * MEGABYTE
    assert steps.gpu_peak_bytes == {}


def test_a_reused_step_reports_the_memory_it_once_took(cache: Cache) -> None:
    first, second = Steps(cache), Steps(cache)
    first.file("draw", "key", lambda: filled(50)[:1])
    second.file("draw", "key", never)
    assert first.peak_bytes == second.peak_bytes
    assert second.peak_bytes["draw"] > 50 * MEGABYTE


def test_a_step_from_before_memory_was_measured_says_nothing(cache: Cache) -> None:
    entry = cache.put(
        steps_module.digest("key", "draw", code_digest()),
        {steps_module.CONTENT: b"drawn", steps_module.CLOCK: b"2.5"},
    )
    assert entry.is_dir()
    steps = Steps(cache)
    assert steps.file("draw", "key", never) == b"drawn"
    assert (steps.seconds, steps.peak_bytes) == ({"draw": 2.5}, {})


def test_a_step_of_two_signals_keeps_the_higher_peak_and_can_be_renamed() -> None:
    steps = Steps(None)
    steps.file("asr", "raw", lambda: filled(200)[:1])
    alone = steps.peak_bytes["asr"]
    steps.rename({"asr": "raw asr"})
    steps.file("asr", "clean", lambda: filled(1))
    assert steps.peak_bytes["raw asr"] == alone
    assert steps.peak_bytes["asr"] < alone
    assert set(steps.seconds) == {"raw asr", "asr"}
    steps.file("asr", "clean", lambda: filled(200)[:1])
    assert steps.peak_bytes["asr"] > 200 * MEGABYTE
