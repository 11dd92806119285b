"""The channel in which a render is measured carries the speech, at its level."""

from __future__ import annotations

import numpy as np
import pytest

from stemsilver.audio import resample
from stemsilver.config import Profile
from stemsilver.evaluation import dnsmos, suite
from stemsilver.evaluation.downmix import Downmix, mix_note, one_channel
from stemsilver.records import Audio, Samples
from stemsilver.signals import blocks, derive, joined
from stemsilver.step_cache import Steps

from .conftest import Render

FAINT = np.random.default_rng(3).normal(0, 1e-5, (1, 70_000)).astype(np.float32)
VOICE = np.random.default_rng(4).normal(0, 0.1, (1, 70_000)).astype(np.float32)
OTHER = np.random.default_rng(5).normal(0, 0.1, (1, 70_000)).astype(np.float32)
CANCELLED = "The channels cancel each other out, so the speech is measured in channel {}."
SILENT = "Silent, so not used to measure the speech: channel {}."


@pytest.mark.parametrize(
    ("channels", "expected", "note"),
    [
        ([VOICE], VOICE, None),
        ([VOICE, VOICE], VOICE, None),
        ([VOICE, OTHER], (VOICE + OTHER) / 2, None),
        ([VOICE, 0.1 * VOICE], 0.55 * VOICE, None),
        ([VOICE, -VOICE], VOICE, CANCELLED.format(1)),
        ([-0.6 * VOICE, VOICE], VOICE, CANCELLED.format(2)),
        ([0 * VOICE, VOICE], VOICE, SILENT.format(1)),
        # Rounding noise, and a converter's offset, are silence too.
        ([VOICE, FAINT, OTHER, FAINT + 0.3], (VOICE + OTHER) / 2, SILENT.format("2, 4")),
        # A centre with a little of it everywhere.
        ([0.02 * VOICE] * 5 + [VOICE], VOICE, CANCELLED.format(6)),
        ([0 * VOICE, 0 * VOICE], 0 * VOICE, None),
    ],
)
def test_it_is_the_mean_of_what_carries_sound_or_the_loudest(
    channels: list[Samples], expected: Samples, note: str | None
) -> None:
    signal = np.concatenate(channels)
    np.testing.assert_allclose(one_channel(signal)[:, :], expected, atol=1e-6)
    assert mix_note(signal) == note
    long = derive(np.positive, _Slices(signal))
    np.testing.assert_array_equal(joined(blocks(one_channel(long))), one_channel(signal)[:, :])
    audio = Audio(signal, 48_000)
    heard = resample(one_channel(signal)[:, :], 48_000, 16_000)
    np.testing.assert_array_equal(Downmix(audio).at(16_000), heard[0])


class _Slices:
    """A signal that is no array."""

    def __init__(self, samples: Samples) -> None:
        self._samples = samples
        self.shape = samples.shape

    def __getitem__(self, index: tuple[slice, slice], /) -> Samples:
        return self._samples[index]


def test_what_is_compared_is_mixed_alike() -> None:
    wide = np.concatenate([VOICE, -OTHER])
    np.testing.assert_array_equal(
        one_channel(wide, like=np.concatenate([0 * VOICE, OTHER]))[:, :], -OTHER
    )


def test_speech_is_measured_the_same_in_any_of_its_layouts(
    render: Render, profile: Profile
) -> None:
    voice = render("museum_guide.wav").samples[:, 12_000 : 12_000 + 4 * 24_000]
    one, *others = (
        suite.measure(Audio(samples, 24_000), "a digest", profile.evaluation, Steps(None))
        for samples in (
            voice,
            np.concatenate([voice, -voice]),
            np.concatenate([0 * voice, voice]),
        )
    )
    names = ("music_presence", "pause_floor_db", *dnsmos.CALIBRATION)
    for other in others:
        assert [other.scores[name] for name in names] == [one.scores[name] for name in names]
        assert other.transcript == one.transcript
        assert other.music == one.music
