"""Our vocals are those of the demucs command: same models, same settings, same random numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from stemsilver.audio import resample
from stemsilver.cleaning.separators import demucs
from stemsilver.config import DemucsSettings
from stemsilver.records import Samples

from ..built import NEEDS_DIFFQ
from ..official import demucs as official
from ..official.listing import standing_in
from . import bags
from .measures import noise

CLOSE = 1e-6
"""Of full scale: a hundredth of what is promised."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("weights")
    bags.write(folder)
    with standing_in(folder, bags.registered(folder)):
        yield folder


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEMSILVER_DEVICE", "cpu")


def compare(whole: Path, chosen: DemucsSettings, mixture: Samples, rate: int, out: Path) -> None:
    theirs = bags.by_command(whole / "demucs", chosen, mixture, rate, out)
    if len(mixture) == 1:
        theirs = theirs.mean(axis=0, keepdims=True)
    expected = resample(theirs, demucs.RATE, rate, mixture.shape[-1])
    ours = bags.separate_by(chosen, mixture, rate)
    assert np.abs(expected).max() > 0.005
    assert np.abs(expected - mixture).max() > 0.05, "the model is not just a wire"
    np.testing.assert_allclose(ours, expected, rtol=0, atol=CLOSE)


@official.EACH_BAG
@pytest.mark.parametrize(("rate", "channels"), [(24_000, 2), (44_100, 1)])
def test_vocals_equal_those_of_the_demucs_command(
    name: str, rate: int, channels: int, whole: Path, tmp_path: Path
) -> None:
    mixture = noise(channels, int(3.3 * bags.SEGMENT * rate))
    compare(whole, bags.settings(name, shifts=1), mixture, rate, tmp_path)


# What the skipped specialists would draw decides where the passes of ours begin.
@pytest.mark.parametrize("shifts", [0, 3])
def test_the_mean_of_shifts_equals_that_of_the_command(
    shifts: int, whole: Path, tmp_path: Path
) -> None:
    compare(whole, bags.settings("htdemucs_ft", shifts), noise(2, 50_000), 44_100, tmp_path)


# Longer than that of the bag, which only a transformer does not take.
@NEEDS_DIFFQ
def test_a_segment_of_the_profile_goes_before_that_of_the_bag(whole: Path, tmp_path: Path) -> None:
    chosen = bags.settings("mdx_extra_q", segment=1)
    compare(whole, chosen, noise(2, 60_000), 44_100, tmp_path)


@pytest.mark.usefixtures("whole")
@pytest.mark.parametrize("shifts", [0, 1])
def test_another_seed_shifts_otherwise_if_at_all(shifts: int) -> None:
    one, other = (
        bags.separate_by(bags.settings("htdemucs_ft", shifts, seed=seed), noise(2, 60_000), 44_100)
        for seed in (1, 2)
    )
    if shifts:
        assert np.abs(one - other).max() > 10 * CLOSE
    else:
        np.testing.assert_array_equal(one, other)
