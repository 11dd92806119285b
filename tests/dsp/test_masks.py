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
FREQUENCIES = np.linspace(0, 22_050, 50)
parts = st.floats(-1e4, 1e4, width=32)
spectra = arrays(np.complex64, SHAPE, elements=st.builds(complex, parts, parts))
masks = arrays(np.float32, SHAPE, elements=st.floats(0, 1, width=32))


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


@pytest.mark.parametrize(
    ("vocals", "accompaniment", "share"),
    [(3j, 1, 0.9), (1 + 1j, -1 + 1j, 0.5), (0, 0, 0), (0.1, 0, 1), (0, 0.1, 0)],
)
def test_a_ratio_mask_is_a_ratio_of_powers(
    vocals: complex, accompaniment: complex, share: float
) -> None:
    heard = (np.full((1, 1, 1), value, np.complex64) for value in (vocals, accompaniment))
    assert ratio_mask(*heard)[0, 0, 0] == pytest.approx(share, abs=1e-6)


@given(several=st.lists(masks, min_size=1, max_size=4), copies=st.integers(1, 4))
def test_fusion_rules_are_ordered_and_stay_within_their_masks(
    several: list[Mask], copies: int
) -> None:
    fused = {rule: fuse(several, rule) for rule in RULES}
    for rule, mask in fused.items():
        assert (mask.shape, mask.dtype) == (SHAPE, np.float32)
        assert ((mask >= 0) & (mask <= 1)).all()
        # The order of the separators does not matter, and masks that agree are kept.
        np.testing.assert_allclose(fuse(several[::-1], rule), mask, atol=1e-6)
        np.testing.assert_allclose(fuse(several[:1] * copies, rule), several[0], atol=1e-6)
    slack = 1e-6
    assert (fused["min"] <= fused["geometric"] + slack).all()
    assert (fused["geometric"] <= fused["mean"] + slack).all()
    assert (fused["mean"] <= fused["max"] + slack).all()
    stacked = np.stack(several)
    assert (fused["max"] == stacked.max(axis=0)).all()
    assert (fused["min"] == stacked.min(axis=0)).all()


def test_means_by_hand() -> None:
    pair = [np.full(SHAPE, 0.9, np.float32), np.full(SHAPE, 0.1, np.float32)]
    assert fuse(pair, "mean")[0, 0, 0] == pytest.approx(0.5)
    assert fuse(pair, "geometric")[0, 0, 0] == pytest.approx(0.3)


@given(
    mask=arrays(np.float32, (1, 50, 3), elements=st.floats(0, 1, width=32)),
    band=st.floats(2_000, 30_000),
)
def test_above_the_band_stands_the_mean_of_its_top_octave_window_by_window(
    mask: Mask, band: float
) -> None:
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
