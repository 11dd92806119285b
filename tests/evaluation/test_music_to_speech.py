from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from stemsilver.evaluation.music_to_speech import music_to_speech_db
from stemsilver.evaluation.undefined import Undefined

RATE = 16_000
RNG = np.random.default_rng(23)


def noise(channels: int = 1, frames: int = RATE) -> NDArray[np.float32]:
    return RNG.normal(0, 0.1, (channels, frames)).astype(np.float32)


@pytest.mark.parametrize(("share", "expected"), [(1 / 10, -20), (1, 0), (0, -120)])
def test_the_residuals_share_everywhere_is_the_music_everywhere(
    share: float, expected: float
) -> None:
    mixture = noise(2)
    vocals, residual = np.float32(1 - share) * mixture, np.float32(share) * mixture
    clean = noise(2)
    for gain in (1, 7):  # the level of the output does not count
        value = music_to_speech_db(np.float32(gain) * clean, vocals, residual, RATE)
        assert value == pytest.approx(expected, abs=0.01)


def test_music_counts_only_where_the_output_still_sounds() -> None:
    # Speech in the first half, music in the second.
    vocals, residual = noise(1, 4 * RATE), noise(1, 4 * RATE)
    vocals[:, 2 * RATE :] = 0
    residual[:, : 2 * RATE] = 0
    cleaned = vocals + residual
    assert music_to_speech_db(cleaned, vocals, residual, RATE) == pytest.approx(-3, abs=0.3)
    assert music_to_speech_db(vocals, vocals, residual, RATE) < -15
    assert music_to_speech_db(residual, vocals, residual, RATE) > -0.3


@settings(max_examples=30)
@example(levels=(1, 0, 0), frames=1)  # no estimates at all
@given(levels=st.tuples(*[st.floats(0, 1)] * 3), frames=st.integers(1, 5_000))
def test_it_is_finite_and_never_more_than_all(
    levels: tuple[float, float, float], frames: int
) -> None:
    clean, vocals, residual = (
        (level * np.ones((1, frames))).astype(np.float32) for level in levels
    )
    if not clean.any():
        with pytest.raises(Undefined, match="silent"):
            music_to_speech_db(clean, vocals, residual, RATE)
        return
    assert -120 <= music_to_speech_db(clean, vocals, residual, RATE) <= 1e-5
