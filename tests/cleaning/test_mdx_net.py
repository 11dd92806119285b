"""UVR's MDX-Net on files of the official form, whose networks are so simple that their output is
known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from scipy.signal import butter, sosfiltfilt
from scipy.signal.windows import tukey

from stemsilver.audio import resample
from stemsilver.cleaning.separators import mdx_net
from stemsilver.cleaning.separators.mdx_net import MdxNetSeparator
from stemsilver.config import MdxSettings
from stemsilver.errors import WeightsError
from stemsilver.records import Samples
from stemsilver.signals import joined

from ..official import listing
from ..official import mdx_net as official
from .measures import EVERY_LAYOUT, Excerpt, assert_comes_back, distance_db, level_db, noise

COMPENSATED = 1 / 1.022
"""The gain of a network that takes all it hears for accompaniment."""


def settings(*, overlap: float = 0.25, soft_masking: bool = True) -> MdxSettings:
    return MdxSettings(
        model_name="UVR-MDX-NET-Inst_HQ_3", overlap=overlap, soft_masking=soft_masking
    )


@contextmanager
def placed(folder: Path, network: bytes) -> Iterator[None]:
    """The weights folder with this network as Inst HQ 3."""
    [(name, path)] = official.write(folder).items()
    path.write_bytes(network)
    with listing.standing_in(folder, {name: path}):
        yield


Separate = Callable[..., Samples]


@pytest.fixture
def separate(tmp_path: Path) -> Separate:
    """`separate(network, mixture, rate, overlap=…, soft_masking=…)`."""

    def vocals(network: bytes, mixture: Samples, rate: int = 44_100, **changed: float) -> Samples:
        with placed(tmp_path, network):
            separator = MdxNetSeparator(settings(**changed))
        found = joined(separator.separate(mixture, rate, lambda share: None))
        assert_comes_back(found, mixture)
        return found

    return vocals


@pytest.fixture
def speech(excerpt: Excerpt) -> Samples:
    """2 s in stereo at 44.1 kHz, the sides unlike each other, with nothing below what is heard."""
    audio = excerpt("museum_guide.wav", 1, 2)
    other = excerpt("batched/product_tour.wav", 1, 2)
    sides = np.concatenate([audio.samples[:1], 0.5 * audio.samples[:1] + other.samples[:1]])
    highpass = butter(4, 60, "highpass", fs=audio.rate, output="sos")
    faded = sosfiltfilt(highpass, sides * tukey(sides.shape[-1], 0.3)) * tukey(sides.shape[-1], 0.1)
    return resample(faded.astype(np.float32), audio.rate, 44_100)


# --- what must come out of networks whose output is known


@pytest.mark.parametrize(
    ("share", "left", "apart_db"), [(0, 1, -110), (1, 0, -55), (0.5, 0.5, -45), (0.25, 0.9, -45)]
)
def test_a_known_share_of_music_leaves_a_known_share_of_vocals(
    share: float, left: float, apart_db: float, separate: Separate, speech: Samples
) -> None:
    """Soft masking weighs powers: |V|² / (|V|² + |A|²) of V = 3/4 and A = 1/4 is 0.9."""
    vocals = separate(official.scaled(share * COMPENSATED), speech)
    assert level_db(vocals - np.float32(left) * speech, speech) < apart_db


@pytest.mark.parametrize("rate", [24_000, 48_000])
def test_at_other_rates_too_to_the_frame(rate: int, separate: Separate, speech: Samples) -> None:
    mixture = resample(resample(speech, 44_100, 20_000), 20_000, rate)
    vocals = separate(official.scaled(0), mixture, rate)
    assert distance_db(vocals[:, 500:-500], mixture[:, 500:-500]) < -90


# --- the network's own arithmetic, chunks and their seams


def test_it_is_the_recipe_of_uvr(separate: Separate, eighteen_seconds: Samples) -> None:
    """Against onnxruntime and torch's transforms driven directly: 2 chunks, faded by Hann windows
    of which each sample's sum is divided out, and the accompaniment taken from the mixture."""
    network = official.convolution(seed=1)
    session = onnxruntime.InferenceSession(network)
    window = torch.from_numpy(np.hanning(6145)[:-1].astype(np.float32))
    mixture = eighteen_seconds[:, : 9 * 44_100]
    size = 255 * 1024
    padded = np.zeros((2, size * 7 // 4), np.float32)
    padded[:, 3072 : 3072 + mixture.shape[-1]] = mixture
    music, weight = np.zeros_like(padded), np.zeros(padded.shape[-1])
    for start in (0, size * 3 // 4):
        chunk = torch.from_numpy(padded[:, start : start + size])
        spectrum = torch.stft(
            chunk, 6144, 1024, window=window, pad_mode="reflect", return_complex=True
        )
        inputs = torch.view_as_real(spectrum).permute(0, 3, 1, 2).reshape(1, 4, 3073, 256).clone()
        inputs[:, :, :3] = 0
        [outputs] = session.run(None, {"input": inputs[:, :, :3072].numpy()})
        estimate = torch.zeros_like(inputs)
        estimate[:, :, :3072] = 1.022 * torch.from_numpy(outputs)
        parts = estimate.reshape(2, 2, 3073, 256).permute(0, 2, 3, 1).contiguous()
        signal = torch.istft(torch.view_as_complex(parts), 6144, 1024, window=window).numpy()
        music[:, start : start + size] += np.hanning(size) * signal
        weight[start : start + size] += np.hanning(size)
    inside = slice(3072, 3072 + mixture.shape[-1])
    expected = mixture - music[:, inside] / weight[inside]
    vocals = separate(network, mixture, soft_masking=False)
    assert np.abs(vocals - expected).max() < 3e-6


@pytest.fixture(scope="module")
def eighteen_seconds(excerpt: Excerpt) -> Samples:
    files = ("museum_guide.wav", "batched/product_tour.wav")
    parts = [excerpt(file, 0, 9) for file in files]
    joined = np.concatenate([resample(p.samples, p.rate, 44_100) for p in parts], axis=1)
    return np.concatenate([joined, joined[:, ::-1]])


@pytest.mark.parametrize(
    ("overlap", "frames"),
    [(0.0, 18 * 44_100), (0.9, 300_000), (0.25, mdx_net.CHUNK - 2 * mdx_net.EDGE)]
    + [(0.25, mdx_net.CHUNK - mdx_net.EDGE + more) for more in (0, 1)],
)
def test_no_sample_is_lost_or_counted_twice(
    overlap: float, frames: int, separate: Separate, eighteen_seconds: Samples
) -> None:
    mixture = eighteen_seconds[:, :frames]
    assert distance_db(separate(official.scaled(0), mixture, overlap=overlap), mixture) < -110


@EVERY_LAYOUT
def test_every_rate_channel_count_and_length_comes_back(
    rate: int, channels: int, frames: int, separate: Separate
) -> None:
    assert separate(official.convolution(seed=3), noise(channels, frames), rate).any()


def test_mono_is_stereo_with_equal_sides_and_more_channels_go_one_by_one(
    separate: Separate, speech: Samples
) -> None:
    network = official.convolution(seed=4)
    one, other = speech[:1], speech[1:]
    alone = separate(network, one)
    np.testing.assert_allclose(separate(network, np.repeat(one, 2, axis=0))[:1], alone, atol=1e-6)
    three = separate(network, np.concatenate([one, other, one]))
    np.testing.assert_array_equal(three[:1], alone)
    np.testing.assert_array_equal(three[1:2], separate(network, other))
    np.testing.assert_array_equal(three[2:], alone)
    assert not separate(network, np.zeros_like(speech)).any()


def test_progress_rises_to_the_whole(tmp_path: Path, eighteen_seconds: Samples) -> None:
    shares: list[float] = []
    with placed(tmp_path, official.scaled(0)):
        separator = MdxNetSeparator(settings())
    joined(separator.separate(np.concatenate([eighteen_seconds] * 2)[:3], 44_100, shares.append))
    assert len(shares) >= 6
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_a_network_for_one_chunk_or_any_number_at_a_time_gives_the_same(
    tmp_path: Path, eighteen_seconds: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    with placed(tmp_path, official.convolution(seed=6)):
        separator = MdxNetSeparator(settings())
    one_by_one = joined(separator.separate(eighteen_seconds, 44_100, lambda share: None))
    monkeypatch.setattr(separator, "_batch", 3)
    together = joined(separator.separate(eighteen_seconds, 44_100, lambda share: None))
    np.testing.assert_allclose(together, one_by_one, atol=1e-6)


# --- the file


@pytest.mark.parametrize(
    ("network", "why"),
    [
        (b"no network", "is no network that onnxruntime can load"),
        (official.network(np.zeros((4, 4, 1, 1), np.float32), 2048), "2048"),
    ],
)
def test_a_file_that_is_no_such_network_is_refused(
    network: bytes, why: str, tmp_path: Path
) -> None:
    with placed(tmp_path, network), pytest.raises(WeightsError, match=why):
        MdxNetSeparator(settings())
