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


def one(value: complex) -> Spectrum:
    return np.full((1, 1, 1), value, np.complex64)


def mask_of(vocals: complex, residual: complex, beta: float, floor: float = 0.0) -> float:
    return float(beta_wiener(one(vocals), one(residual), beta, floor)[0, 0, 0])


@given(vocals=spectra, residual=spectra, beta=st.floats(0.1, 4), floor=st.floats(0, 0.99))
def test_a_mask_lies_between_its_floor_and_one(
    vocals: Spectrum, residual: Spectrum, beta: float, floor: float
) -> None:
    mask = beta_wiener(vocals, residual, beta, floor)
    assert (mask.shape, mask.dtype) == (SHAPE, np.float32)
    assert ((mask >= np.float32(floor)) & (mask <= 1)).all()


@given(vocals=spectra, residual=spectra)
def test_beta_2_is_the_ratio_of_powers(vocals: Spectrum, residual: Spectrum) -> None:
    np.testing.assert_allclose(
        beta_wiener(vocals, residual, 2, 0), ratio_mask(vocals, residual), atol=1e-6
    )


def test_by_hand() -> None:
    assert mask_of(4, 1, beta=1) == pytest.approx(0.8, abs=1e-5)
    assert mask_of(4, 1, beta=1.5) == pytest.approx(8 / 9)
    assert mask_of(1j, 1, beta=3) == pytest.approx(0.5)


@pytest.mark.parametrize("weaker", [0.01, 0.1, 0.5])
def test_a_larger_beta_decides_more_firmly(weaker: float) -> None:
    betas = (0.5, 1, 1.5, 2, 3)
    losing = [mask_of(weaker, 1, beta) for beta in betas]
    winning = [mask_of(1, weaker, beta) for beta in betas]
    assert losing == sorted(losing, reverse=True)
    assert winning == sorted(winning)
    assert losing[0] > 2 * losing[-1]


def test_the_floor_holds_where_there_is_nothing() -> None:
    assert mask_of(0, 0, beta=1.5, floor=0.02) == pytest.approx(0.02)
    assert mask_of(0, 1, beta=1.5, floor=0.02) == pytest.approx(0.02)
    assert mask_of(1, 0, beta=1.5, floor=0.02) == pytest.approx(1)
