from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from stemsilver.dsp.masks import Mask, extend_above, fuse, ratio_mask
from stemsilver.dsp.stft import Spectrum

Rule = Literal["max", "mean", "geometric", "min"]
RULES: list[Rule] = ["max", "mean", "geometric", "min"]

SHAPE = (2, 5, 3)
parts = st.floats(-1e4, 1e4, width=32)
spectra = arrays(np.complex64, SHAPE, elements=st.builds(complex, parts, parts))
masks = arrays(np.float32, SHAPE, elements=st.floats(0, 1, width=32))


def one(value: complex) -> Spectrum:
    return np.full((1, 1, 1), value, np.complex64)


@given(vocals=spectra, accompaniment=spectra)
def test_a_ratio_mask_is_a_share(vocals: Spectrum, accompaniment: Spectrum) -> None:
    mask = ratio_mask(vocals, accompaniment)
    assert (mask.shape, mask.dtype) == (SHAPE, np.float32)
    assert np.isfinite(mask).all()
    assert ((mask >= 0) & (mask <= 1)).all()
    both = mask + ratio_mask(accompaniment, vocals)
    loud = np.abs(vocals) ** 2 + np.abs(accompaniment) ** 2 > 1e-4
    np.testing.assert_allclose(both[loud], 1, atol=1e-5)
    assert (both <= 1 + 1e-6).all()


def test_a_ratio_mask_is_a_ratio_of_powers() -> None:
    assert ratio_mask(one(3j), one(1))[0, 0, 0] == pytest.approx(0.9)
    assert ratio_mask(one(1 + 1j), one(-1 + 1j))[0, 0, 0] == pytest.approx(0.5)


def test_bins_without_any_sound_are_not_speech() -> None:
    assert ratio_mask(one(0), one(0))[0, 0, 0] == 0


def test_alone_either_side_takes_all() -> None:
    assert ratio_mask(one(0.1), one(0))[0, 0, 0] == pytest.approx(1, abs=1e-6)
    assert ratio_mask(one(0), one(0.1))[0, 0, 0] == 0


@given(several=st.lists(masks, min_size=1, max_size=4))
def test_fusion_rules_are_ordered_and_stay_within_their_masks(several: list[Mask]) -> None:
    fused = {rule: fuse(several, rule) for rule in RULES}
    for mask in fused.values():
        assert (mask.shape, mask.dtype) == (SHAPE, np.float32)
        assert ((mask >= 0) & (mask <= 1)).all()
    slack = 1e-6
    assert (fused["min"] <= fused["geometric"] + slack).all()
    assert (fused["geometric"] <= fused["mean"] + slack).all()
    assert (fused["mean"] <= fused["max"] + slack).all()
    stacked = np.stack(several)
    assert (fused["max"] == stacked.max(axis=0)).all()
    assert (fused["min"] == stacked.min(axis=0)).all()


@given(mask=masks, copies=st.integers(1, 4), rule=st.sampled_from(RULES))
def test_masks_that_agree_are_kept(mask: Mask, copies: int, rule: Rule) -> None:
    np.testing.assert_allclose(fuse([mask] * copies, rule), mask, atol=1e-6)


@given(several=st.lists(masks, min_size=2, max_size=4), rule=st.sampled_from(RULES))
def test_the_order_of_the_separators_does_not_matter(several: list[Mask], rule: Rule) -> None:
    np.testing.assert_allclose(fuse(several, rule), fuse(several[::-1], rule), atol=1e-6)


def test_means_by_hand() -> None:
    pair = [np.full(SHAPE, 0.9, np.float32), np.full(SHAPE, 0.1, np.float32)]
    assert fuse(pair, "mean")[0, 0, 0] == pytest.approx(0.5)
    assert fuse(pair, "geometric")[0, 0, 0] == pytest.approx(0.3)


FREQUENCIES = np.linspace(0, 22_050, 50)


@given(
    mask=arrays(np.float32, (1, 50, 3), elements=st.floats(0, 1, width=32)),
    band=st.floats(2_000, 30_000),
)
def test_above_the_band_stands_the_mean_of_its_top_octave(mask: Mask, band: float) -> None:
    given_mask = mask.copy()
    extended = extend_above(mask, FREQUENCIES, band)
    np.testing.assert_array_equal(mask, given_mask)
    below = band >= FREQUENCIES
    np.testing.assert_array_equal(extended[:, below], mask[:, below])
    octave = below & (band / 2 <= FREQUENCIES)
    for window in range(3):
        np.testing.assert_allclose(
            extended[0, ~below, window], mask[0, octave, window].mean(), atol=1e-6
        )
    assert ((extended >= 0) & (extended <= 1)).all()


def test_a_band_that_covers_everything_needs_no_extension() -> None:
    mask = np.random.default_rng(1).uniform(0, 1, (1, 50, 3)).astype(np.float32)
    np.testing.assert_array_equal(extend_above(mask, FREQUENCIES, 22_050), mask)


def test_windows_are_extended_each_by_itself() -> None:
    mask = np.zeros((1, 50, 2), np.float32)
    mask[:, FREQUENCIES <= 11_000, 0] = 1
    extended = extend_above(mask, FREQUENCIES, 11_000)
    assert (extended[..., 0] == 1).all()
    assert (extended[..., 1] == 0).all()
