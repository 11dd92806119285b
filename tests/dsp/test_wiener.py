from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from stemsilver.dsp.masks import ratio_mask
from stemsilver.dsp.stft import Spectrum
from stemsilver.dsp.wiener import beta_wiener

SHAPE = (2, 4, 3)
parts = st.floats(-1e4, 1e4, width=32)
spectra = arrays(np.complex64, SHAPE, elements=st.builds(complex, parts, parts))


@given(vocals=spectra, residual=spectra, beta=st.floats(0.1, 4), floor=st.floats(0, 0.99))
def test_a_mask_lies_between_its_floor_and_one_and_beta_2_is_the_ratio_of_powers(
    vocals: Spectrum, residual: Spectrum, beta: float, floor: float
) -> None:
    mask = beta_wiener(vocals, residual, beta, floor)
    assert (mask.shape, mask.dtype) == (SHAPE, np.float32)
    assert ((mask >= np.float32(floor)) & (mask <= 1)).all()
    np.testing.assert_allclose(
        beta_wiener(vocals, residual, 2, 0), ratio_mask(vocals, residual), atol=1e-6
    )


@pytest.mark.parametrize(
    ("vocals", "residual", "beta", "floor", "expected"),
    [
        (4, 1, 1, 0, 0.8),
        (4, 1, 1.5, 0, 8 / 9),
        (1j, 1, 3, 0, 0.5),
        (0, 0, 1.5, 0.02, 0.02),
        (0, 1, 1.5, 0.02, 0.02),
        (1, 0, 1.5, 0.02, 1),
    ],
)
def test_by_hand(
    vocals: complex, residual: complex, beta: float, floor: float, expected: float
) -> None:
    heard, rest = (np.full((1, 1, 1), value, np.complex64) for value in (vocals, residual))
    assert beta_wiener(heard, rest, beta, floor)[0, 0, 0] == pytest.approx(expected, abs=1e-5)
