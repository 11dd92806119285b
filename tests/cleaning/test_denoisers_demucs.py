"""Meta's denoisers on state dicts of the official form and size."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from denoiser.demucs import Demucs

from stemsilver import weights
from stemsilver.audio import resample
from stemsilver.cleaning import denoisers
from stemsilver.cleaning.denoisers import demucs
from stemsilver.cleaning.denoisers.demucs import DemucsDenoiser
from stemsilver.errors import EnvironmentFault, WeightsError
from stemsilver.records import Samples
from stemsilver.signals import joined

from ..official import denoiser as official
from ..official import listing
from .measures import EVERY_LAYOUT, Excerpt, assert_comes_back, level_db, noise


def loaded(folder: Path, name: str, model: Demucs, *, legacy: bool = False) -> DemucsDenoiser:
    """A denoiser of ours, from a file that holds the model's weights."""
    path = official.save(folder, name, model, legacy=legacy)
    with listing.standing_in(folder, {name: path}):
        return DemucsDenoiser(name)


@torch.no_grad()
def enhanced_by(model: Demucs, noisy: Samples) -> Samples:
    """What the package's `enhance` computes, with `dry` 0: the whole signal, each channel alone."""
    estimates = [model(torch.from_numpy(channel)[None])[0] for channel in noisy]
    return torch.cat(estimates).numpy()


def tones(rate: int, frequencies: tuple[float, ...], seconds: float = 1.5) -> Samples:
    phases = 2 * np.pi * np.outer(frequencies, np.arange(round(seconds * rate)) / rate)
    return 0.1 * np.sin(phases + np.arange(len(frequencies))[:, None]).sum(0, keepdims=True).astype(
        np.float32
    )


@pytest.fixture(scope="module")
def noisy(excerpt: Excerpt) -> Samples:
    """3 s in stereo at 16 kHz, the sides unlike each other."""
    files = ("museum_guide.wav", "batched/weather_evening.wav")
    parts = [excerpt(file, 0.5, 3) for file in files]
    one, other = (resample(part.samples[:1], part.rate, 16_000) for part in parts)
    return np.concatenate([one, other[:, : one.shape[-1]]])


@pytest.fixture(scope="module")
def random48(tmp_path_factory: pytest.TempPathFactory) -> tuple[Demucs, DemucsDenoiser]:
    """A network whose every layer is heard, and ours with its weights."""
    model = official.network(48, inner=1)
    return model, loaded(tmp_path_factory.mktemp("weights"), "dns48", model)


@pytest.fixture(scope="module")
def mute(tmp_path_factory: pytest.TempPathFactory) -> DemucsDenoiser:
    """One that hears nothing but noise."""
    model = official.network(48, inner=0, gain=0)
    return loaded(tmp_path_factory.mktemp("weights"), "dns48", model)


# --- the model's own arithmetic


@pytest.mark.parametrize(
    ("frames", "chunk"),
    [(2, 2), (255, 7), (597, 2), (598, 2), (3_000, 7), (16_001, 2), (16_001, demucs.CHUNK)],
)
def test_at_16_khz_it_is_the_packages_own_enhance_wherever_chunks_end(
    frames: int,
    chunk: int,
    random48: tuple[Demucs, DemucsDenoiser],
    noisy: Samples,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model, ours = random48
    short = noisy[:, 16_000 : 16_000 + frames]
    monkeypatch.setattr(demucs, "CHUNK", chunk)
    expected = enhanced_by(model, short)
    np.testing.assert_allclose(joined(ours.denoise(short, 16_000)), expected, rtol=0, atol=1e-6)
    assert frames < 1_000 or level_db(expected - short, short) > -30


# --- rates and bands


# From 44.1 to 16 kHz libsoxr interpolates its filter: -66 dB at 6.5 kHz.
@pytest.mark.parametrize(("rate", "left_db"), [(24_000, -85), (44_100, -65), (48_000, -85)])
def test_what_it_takes_out_is_below_8_khz_and_all_above_is_kept(
    rate: int, left_db: float, mute: DemucsDenoiser
) -> None:
    below, above = tones(rate, (300.0, 3_000.0, 6_500.0)), tones(rate, (9_000.0, 0.46 * rate))
    middle = slice(rate // 10, -rate // 10)
    left = joined(mute.denoise(below + above, rate))
    assert level_db((left - above)[:, middle], below[:, middle]) < left_db


@EVERY_LAYOUT
def test_every_rate_channel_count_and_length_comes_back(
    rate: int, channels: int, frames: int, random48: tuple[Demucs, DemucsDenoiser]
) -> None:
    given = noise(channels, frames)
    assert_comes_back(joined(random48[1].denoise(given, rate)), given)


def test_silence_stays_silence_beside_a_channel_that_speaks(
    random48: tuple[Demucs, DemucsDenoiser], noisy: Samples
) -> None:
    pair = noisy[:, :24_000] * np.array([[1], [0]], np.float32)
    denoised = joined(random48[1].denoise(pair, 24_000))
    assert denoised[0].any()
    assert not denoised[1].any()


# --- the files


@pytest.mark.parametrize(
    ("name", "legacy"), [("dns48", True), ("dns64", False), ("master64", False)]
)
def test_each_is_loaded_from_its_official_form(name: str, legacy: bool, tmp_path: Path) -> None:
    """In the format of the torch of that time, and in today's."""
    model = official.network(int(name[-2:]), inner=1)
    path = official.save(tmp_path, name, model, legacy=legacy)
    assert denoisers.used_weights(name) == (name,)
    assert weights.REGISTRY[name].file == path.relative_to(tmp_path).as_posix()
    short = tones(16_000, (200.0, 900.0), 0.5)
    with listing.standing_in(tmp_path, {name: path}):
        denoisers.load.cache_clear()
        denoiser = denoisers.load(name)
        assert denoiser is denoisers.load(name)
        denoisers.load.cache_clear()
    np.testing.assert_allclose(
        joined(denoiser.denoise(short, 16_000)), enhanced_by(model, short), rtol=0, atol=1e-6
    )


class Planted:
    """What a hostile file would run while it is read."""

    ran = False

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return setattr, (Planted, "ran", True)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ({"encoder.0.0.weight": Planted()}, "holds more than tensors"),
        ({"encoder": torch.zeros(3)}, "does not fit the network of dns48"),
        ([torch.zeros(3)], "is no checkpoint"),
        *((data, "dns48") for data in (b"", b"<html>Not found</html>", b"PK\x03\x04 cut off")),
    ],
)
def test_a_file_of_anything_else_is_refused_unread(
    content: object, why: str, tmp_path: Path
) -> None:
    path = tmp_path / "dns48.th"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    with (
        listing.standing_in(tmp_path, {"dns48": path}),
        pytest.raises(WeightsError, match=why) as caught,
    ):
        DemucsDenoiser("dns48")
    assert str(path) in caught.value.message
    assert not Planted.ran


def test_without_its_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "denoiser", None)
    with pytest.raises(EnvironmentFault, match="not installed: denoiser") as caught:
        DemucsDenoiser("dns64")
    assert caught.value.next_step == "pip install 'stemsilver[uvr]'"
