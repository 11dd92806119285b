"""Steps: computed once, remembered by everything that decides them, timed truthfully."""

from __future__ import annotations

import shutil
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


def test_a_remembered_signal_comes_back_exactly(cache: Cache) -> None:
    first, second = Steps(cache), Steps(cache)
    np.testing.assert_array_equal(first.signal("denoise", CODE, "key", lambda: SIGNAL), SIGNAL)
    again = second.signal("denoise", CODE, "key", never)
    np.testing.assert_array_equal(again, SIGNAL)
    assert again.dtype == np.float32
    assert (first.computed, first.reused) == (["denoise"], [])
    assert (second.computed, second.reused) == ([], ["denoise"])


def test_remembered_facts_and_files_come_back_exactly(cache: Cache) -> None:
    facts = {"value": 1 / 3, "reason": None, "words": ["naïve"]}
    assert Steps(cache).facts("asr", CODE, "key", lambda: facts) == facts
    assert Steps(cache).facts("asr", CODE, "key", never) == facts
    assert Steps(cache).file("draw", CODE, "key", lambda: b"\0png") == b"\0png"
    assert Steps(cache).file("draw", CODE, "key", never) == b"\0png"


def test_facts_that_are_not_json_are_refused_and_not_remembered(cache: Cache) -> None:
    with pytest.raises(ValueError, match="JSON"):
        Steps(cache).facts("asr", CODE, "key", lambda: float("nan"))
    assert Steps(cache).facts("asr", CODE, "key", lambda: 1.0) == 1.0


def test_another_key_or_step_is_another_result(cache: Cache) -> None:
    steps = Steps(cache)
    for step, key in (("asr", "a"), ("asr", "b"), ("dnsmos", "a")):
        assert steps.facts(step, CODE, key, lambda found=(step, key): list(found)) == [step, key]
    assert steps.computed == ["asr", "asr", "dnsmos"]


def test_a_failed_step_is_not_remembered(cache: Cache) -> None:
    def crash() -> bytes:
        raise RuntimeError

    steps = Steps(cache)
    with pytest.raises(RuntimeError):
        steps.file("draw", CODE, "key", crash)
    assert (steps.computed, steps.seconds) == ([], {})
    assert steps.file("draw", CODE, "key", lambda: b"drawn") == b"drawn"


def test_a_damaged_memory_is_computed_again(cache: Cache) -> None:
    Steps(cache).file("draw", CODE, "key", lambda: b"drawn")
    [content] = cache.root.rglob(step_cache.CONTENT)
    content.write_bytes(b"drawm")
    steps = Steps(cache)
    assert steps.file("draw", CODE, "key", lambda: b"drawn") == b"drawn"
    assert steps.computed == ["draw"]


def test_other_code_is_a_miss(cache: Cache) -> None:
    other = CodeFingerprint((), ("numpy",))
    assert Steps(cache).facts("asr", CODE, "key", lambda: "by this code") == "by this code"
    assert Steps(cache).facts("asr", other, "key", lambda: "by other code") == "by other code"
    assert Steps(cache).facts("asr", CODE, "key", never) == "by this code"


def clock(monkeypatch: pytest.MonkeyPatch, *moments: float) -> None:
    readings = iter(moments)
    monkeypatch.setattr(step_cache.time, "perf_counter", lambda: next(readings))


def test_a_reused_step_reports_the_time_it_once_took(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock(monkeypatch, 100.0, 102.5)
    first, second = Steps(cache), Steps(cache)
    first.file("draw", CODE, "key", lambda: b"drawn")
    second.file("draw", CODE, "key", never)
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


@pytest.mark.parametrize(
    ("module", "decides"),
    [
        ("cleaning/chain.py", {"chain", "whole render"}),
        ("cleaning/separators/spleeter.py", {"chain", "whole render"}),
        ("dsp/stft.py", {"chain", "metrics", "outlines", "whole render"}),
        ("evaluation/dnsmos.py", {"metrics", "whole render"}),
        ("media/plots.py", {"pictures", "whole render"}),
        ("media/snippets.py", {"whole render"}),
        ("pipeline/tasks.py", {"whole render"}),
        ("evaluation/catalogue.py", set()),
        ("report/scorecard/verdicts.py", set()),
        ("microsite/pages/overview.py", set()),
        ("cli/main.py", set()),
    ],
)
def test_an_edit_discards_what_the_code_decides_and_nothing_else(
    package: Path, module: str, decides: set[str]
) -> None:
    before = {what: code.digest() for what, code in DECIDING.items()}
    path = package / module
    path.write_text(path.read_text() + "\n# edited\n")
    assert {what for what, code in DECIDING.items() if code.digest() != before[what]} == decides


def test_a_new_or_renamed_module_counts(package: Path) -> None:
    digests = [chain.CODE.digest()]
    new = package / "cleaning" / "denoisers" / "new.py"
    new.write_text("")
    digests.append(chain.CODE.digest())
    new.rename(package / "cleaning" / "new.py")
    digests.append(chain.CODE.digest())
    assert len(set(digests)) == 3


def test_every_package_that_runs_a_model_counts() -> None:
    names = {package.name for needed in NEEDED.values() for package in needed}
    assert "torch" in names
    assert names <= set(tasks.CODE.libraries)


def test_libraries_count_with_their_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step_cache, "_code_digest", step_cache._code_digest.__wrapped__)
    before = chain.CODE.digest()
    monkeypatch.setattr(step_cache, "version", lambda library: "0.0.1")
    assert chain.CODE.digest() != before


# --- memory

MEGABYTE = 1_000_000


def filled(megabytes: int) -> bytes:
    """So much memory, really used."""
    return b"\1" * (megabytes * MEGABYTE)


def test_a_step_tells_of_its_own_peak_and_not_of_those_before() -> None:
    steps = Steps(None)
    steps.file("small", CODE, "key", lambda: filled(1))
    steps.file("large", CODE, "key", lambda: filled(400)[:1])
    steps.file("after", CODE, "key", lambda: filled(1))
    assert set(steps.peak_bytes) == {"small", "large", "after"}
    assert steps.peak_bytes["large"] > steps.peak_bytes["small"] + 300 * MEGABYTE
    assert steps.peak_bytes["after"] < steps.peak_bytes["large"] - 300 * MEGABYTE
    assert steps.gpu_peak_bytes == {}


def test_a_reused_step_reports_the_memory_it_once_took(cache: Cache) -> None:
    first, second = Steps(cache), Steps(cache)
    first.file("draw", CODE, "key", lambda: filled(50)[:1])
    second.file("draw", CODE, "key", never)
    assert first.peak_bytes == second.peak_bytes
    assert second.peak_bytes["draw"] > 50 * MEGABYTE


def test_a_step_from_before_memory_was_measured_says_nothing(cache: Cache) -> None:
    entry = cache.put(
        digest("key", "draw", CODE.digest()),
        {step_cache.CONTENT: b"drawn", step_cache.CLOCK: b"2.5"},
    )
    assert entry.is_dir()
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
