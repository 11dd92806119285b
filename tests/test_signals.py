"""Long signals: in blocks and on disk they are the same signals."""

from __future__ import annotations

import gc
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import uniform_filter1d

from stemsilver import signals
from stemsilver.audio import resample, resample_blocks
from stemsilver.audio.stored import StoredSignal, collect, store
from stemsilver.records import Audio, Samples
from stemsilver.signals import blocks, derive, fit, in_stretches, joined, rechunk


def noise(channels: int, frames: int) -> Samples:
    return np.random.default_rng(frames).uniform(-1, 1, (channels, frames)).astype(np.float32)


@given(
    frames=st.integers(1, 300), read=st.integers(1, 70), size=st.integers(1, 70),
    skip=st.integers(0, 400), length=st.integers(0, 700),
)  # fmt: skip
def test_blocks_of_any_size_are_the_same_signal(
    frames: int, read: int, size: int, skip: int, length: int
) -> None:
    signal = noise(2, frames)
    chunks = list(rechunk(blocks(signal, read), size))
    assert {chunk.shape[-1] for chunk in chunks[:-1]} <= {size}
    assert chunks[-1].shape[-1] <= size
    np.testing.assert_array_equal(joined(chunks), signal)
    fitted = np.zeros((2, length), np.float32)
    kept = signal[:, skip:][:, :length]
    fitted[:, : kept.shape[-1]] = kept
    np.testing.assert_array_equal(joined([fitted[:, :0], *fit(chunks, length, skip)]), fitted)


@pytest.mark.parametrize(
    ("rate_in", "rate_out"), [(24_000, 44_100), (48_000, 16_000), (8_000,) * 2]
)
def test_a_signal_is_resampled_in_blocks_as_at_once(rate_in: int, rate_out: int) -> None:
    signal = noise(2, 30_011)
    at_once = resample(signal, rate_in, rate_out)
    in_blocks = resample_blocks(blocks(signal, 4_001), rate_in, rate_out, at_once.shape[-1])
    np.testing.assert_array_equal(joined(in_blocks), at_once)


@given(frames=st.integers(1, 2_000), stretch=st.integers(50, 3_000))
def test_a_function_with_enough_context_leaves_no_trace_of_the_stretches(
    frames: int, stretch: int
) -> None:
    signal = noise(2, frames)
    smooth = partial(uniform_filter1d, size=9, axis=-1, mode="constant")
    found = joined(in_stretches(smooth, signal, 4, stretch=stretch))
    np.testing.assert_allclose(found, smooth(signal), atol=1e-6)


def test_stretches_of_another_level_are_crossfaded() -> None:
    levels = iter([1.0, 2.0, 3.0])
    found = joined(
        in_stretches(
            lambda part: np.full_like(part, next(levels)),
            np.zeros((1, 3_000), np.float32),
            200,
            fade=200,
            stretch=1_000,
        )
    )[0]
    steps = np.diff(found)
    assert found.size == 3_000
    assert (found[:900], found[-900:]) == (pytest.approx(1), pytest.approx(3))
    assert steps.max() == pytest.approx(1 / 200, rel=1e-3)
    assert steps.min() >= 0


def test_a_long_signal_lies_on_disk_and_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signal = noise(3, 5_000)
    assert isinstance(collect(blocks(signal), signal.shape, tmp_path), np.ndarray)
    monkeypatch.setattr(signals, "STRETCH", 10_000)
    assert isinstance(collect(blocks(signal), signal.shape, None), np.ndarray)
    stored = collect(blocks(signal, 999), signal.shape, tmp_path)
    assert isinstance(stored, StoredSignal)
    assert stored.shape == signal.shape
    np.testing.assert_array_equal(stored[:, :], signal)
    np.testing.assert_array_equal(stored[1:2, 4_990:9_999], signal[1:2, 4_990:])
    assert Audio(stored, 8_000).digest == Audio(signal, 8_000).digest
    doubled = derive(lambda one, other: one + other, stored, signal)
    assert not isinstance(doubled, np.ndarray)
    np.testing.assert_array_equal(doubled[:, 7:70], 2 * signal[:, 7:70])
    [path] = tmp_path.iterdir()
    np.testing.assert_array_equal(np.load(path), signal)
    del stored, doubled
    gc.collect()
    assert list(tmp_path.iterdir()) == [], "nothing uses the file any more"


@pytest.mark.parametrize("frames", [99, 101])
def test_a_signal_that_is_not_as_long_as_it_should_be_is_refused(
    frames: int, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=f"{frames} frames instead of 100"):
        collect([noise(1, frames)], (1, 100), None)
    with pytest.raises(ValueError, match=f"{frames} frames instead of 100"):
        store([noise(1, frames)], (1, 100), tmp_path / "signal.npy")
