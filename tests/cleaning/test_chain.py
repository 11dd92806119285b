from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel

from stemsilver import signals
from stemsilver.audio import resample
from stemsilver.audio.stored import collect
from stemsilver.cache import Cache
from stemsilver.cleaning import chain, denoisers, separators
from stemsilver.config import Chain, Profile
from stemsilver.dsp import loudness, meter
from stemsilver.records import Audio, Cleaned, Samples, Signal
from stemsilver.step_cache import CodeFingerprint, Steps

from .measures import Excerpt, assert_comes_back, db, distance_db, lag, level_db

Example = tuple[Audio, Samples, Cleaned]
Heard = list[tuple[str, Samples]]


def changed(model: Any, **updates: Any) -> Any:
    """A copy of a profile's section, validated, with some keys changed."""
    plain = model.model_dump()
    plain.update({k: v.model_dump() if isinstance(v, BaseModel) else v for k, v in updates.items()})
    return type(model).model_validate(plain)


def within(settings: Chain, section: str, **updates: Any) -> Chain:
    """A chain with some keys of one section changed."""
    found: Chain = changed(settings, **{section: changed(getattr(settings, section), **updates)})
    return found


def cleaned(mixture: Audio, settings: Chain) -> Cleaned:
    return chain.clean(mixture, "a digest", settings, Steps(None))


# --- rate, channels, length, lag


def _played_at(audio: Audio, rate: int, gains: tuple[float, ...]) -> Audio:
    """The first channel at another rate, once for each gain."""
    one = resample(audio.samples[:1], audio.rate, rate)
    return Audio(np.concatenate([np.float32(gain) * one for gain in gains]), rate)


@pytest.mark.parametrize(
    ("rate", "gains"),
    [
        (8_000, (1.0,)),
        (11_025, (1.0,)),
        (44_100, (0.5, 1.0)),
        (48_000, (1.0, 0.8, 0.6, 0.4, 0.3, 0.2)),
        (96_000, (1.0,)),
    ],
)
def test_rate_channels_and_length_are_kept_and_nothing_is_delayed(
    rate: int, gains: tuple[float, ...], profile: Profile, excerpt: Excerpt
) -> None:
    mixture, truth = (
        _played_at(excerpt(f"museum_guide.{kind}", 0.6, 1.2), rate, gains)
        for kind in ("wav", "reference.flac")
    )
    result = cleaned(mixture, profile.chain)
    assert result.speech.rate == result.removed.rate == rate
    stage_a = result.stage_a
    for signal in (result.speech.samples, result.removed.samples, stage_a.vocals, stage_a.residual):
        assert_comes_back(signal, mixture.samples)
    for channel, true in enumerate(truth.samples):
        assert lag(result.speech.samples[channel], true) == 0
        assert lag(stage_a.vocals[channel], true) == 0


def test_a_stereo_render_of_odd_length_keeps_its_sides_and_every_frame(
    profile: Profile, excerpt: Excerpt
) -> None:
    mixture, truth = (
        excerpt(f"sequential/podcast_intro.{kind}", 3, 1.5) for kind in ("wav", "reference.flac")
    )
    odd = Audio(mixture.samples[:, : -1 - mixture.samples.shape[1] % 2], mixture.rate)
    assert len(odd.samples) == 2
    speech = cleaned(odd, profile.chain).speech.samples
    assert speech.shape == odd.samples.shape
    assert [lag(speech[side], truth.samples[side]) for side in (0, 1)] == [0, 0]


# --- the sound


@pytest.fixture(scope="module")
def four_seconds(profile: Profile, excerpt: Excerpt) -> Example:
    """A mixture, its truth, and what the default profile makes of it.

    Far from the level at which the models hear it.
    """
    mixture, truth = (
        loudness.gain(excerpt(f"batched/product_tour.{kind}", 1, 4).samples, -20)
        for kind in ("wav", "reference.flac")
    )
    audio = Audio(mixture, 24_000)
    return audio, truth, cleaned(audio, profile.chain)


def test_music_goes_speech_stays_and_removed_is_the_music_at_the_level_it_had(
    four_seconds: Example,
) -> None:
    mixture, truth, result = four_seconds
    speech, music = result.speech.samples, mixture.samples - truth
    scale = (speech * truth).sum() / np.square(speech).sum()
    assert level_db(scale * speech - truth, music) < -6
    assert level_db(result.removed.samples - music, music) < -6
    assert lag(result.removed.samples[0], music[0]) == 0
    assert result.notes == ()


def test_two_runs_give_the_same_bytes(four_seconds: Example, profile: Profile) -> None:
    mixture, _, result = four_seconds
    again = cleaned(mixture, profile.chain)
    assert again.speech.samples.tobytes() == result.speech.samples.tobytes()
    assert again.removed.samples.tobytes() == result.removed.samples.tobytes()


def test_above_spleeters_band_speech_lives_and_music_alone_dies(
    profile: Profile, excerpt: Excerpt
) -> None:
    """A hiss above 11 kHz that comes and goes with speech, and one that comes with music."""
    mixture, speech = (
        excerpt(f"museum_guide.{kind}", 0.5, 2).samples for kind in ("wav", "reference.flac")
    )
    voice, music = (resample(one, 24_000, 44_100) for one in (speech, mixture - speech))
    hiss = np.fft.rfft(np.random.default_rng(7).normal(0, 0.01, voice.shape))
    high = (np.fft.rfftfreq(voice.shape[1], 1 / 44_100) > 12_500).astype(float)
    hiss_samples = np.fft.irfft(hiss * high, voice.shape[1]).astype(np.float32)
    spleeter_alone = within(
        within(profile.chain, "separation", models=({"model_name": "spleeter-2stems"},)),
        "enhancement",
        model_name="none",
    )

    def kept_db(signal: Samples) -> float:
        """What Stage A keeps of the power above 12.5 kHz."""
        stage_a = cleaned(Audio(signal + hiss_samples, 44_100), spleeter_alone).stage_a
        kept, heard = (
            np.square(np.abs(np.fft.rfft(part)) * high).sum()
            for part in (stage_a.vocals, stage_a.vocals + stage_a.residual)
        )
        return db(kept / heard)

    assert kept_db(voice) > -3
    assert kept_db(music) < -10


# --- long renders


def test_a_long_render_on_disk_is_cleaned_as_one_in_memory(
    profile: Profile, excerpt: Excerpt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mixture = excerpt("batched/product_tour.wav", 1, 5)
    whole = cleaned(mixture, profile.chain)
    monkeypatch.setattr(signals, "STRETCH", 50_000)
    cache = Cache(tmp_path)
    for _ in ("computed", "from the cache"):
        with cache.scratch() as scratch:
            stored = collect(signals.blocks(mixture.samples), mixture.samples.shape, scratch)
            steps = Steps(cache, scratch=scratch)
            audio = Audio(stored, mixture.rate)
            long = chain.clean(audio, "a digest", profile.chain, steps)
            assert not isinstance(long.speech.samples, np.ndarray)
            np.testing.assert_array_equal(long.stage_a.vocals[:, :], whole.stage_a.vocals)
            np.testing.assert_array_equal(long.removed.array, whole.removed.array)
            # Only the equaliser and the limiter work on stretches; the seams are below −100 dB.
            assert distance_db(long.speech.array, whole.speech.array) < -100
    assert len(steps.reused) == len(profile.separation.models) + 1
    assert list(tmp_path.glob("scratch/*/")) == []


# --- the settings


@pytest.fixture
def halving(monkeypatch: pytest.MonkeyPatch) -> Heard:
    """Every model halves what it hears; the list keeps what each heard."""
    heard: Heard = []

    class Half:
        def __init__(self, name: str) -> None:
            self.name = name

        def separate(
            self, mixture: Signal, rate: int, progress: separators.Progress
        ) -> Iterator[Samples]:
            return self.denoise(mixture, rate)

        def denoise(self, speech: Signal, rate: int) -> Iterator[Samples]:
            heard.append((self.name, speech[:, :]))
            yield np.float32(0.5) * speech[:, :]

    monkeypatch.setattr(separators, "load", lambda model: Half(model.model_name))
    monkeypatch.setattr(denoisers, "load", lambda name: Half(f"{name} denoiser"))
    return heard


@pytest.fixture
def noise() -> Audio:
    return Audio(np.random.default_rng(8).normal(0, 0.3, (1, 24_000)).astype(np.float32), 24_000)


def test_models_hear_the_render_at_the_level_they_know_and_never_over_full_scale(
    halving: Heard, noise: Audio, profile: Profile
) -> None:
    cleaned(noise, profile.chain)
    separator_inputs = [signal for name, signal in halving if "denoiser" not in name]
    assert len(separator_inputs) == len(profile.separation.models)
    for signal in separator_inputs:
        level = meter.integrated_lufs(signal, 24_000)
        assert level == pytest.approx(profile.preprocess.loudnorm_target_lufs, abs=0.05)
    halving.clear()
    quiet = np.float32(1 / 300) * noise.samples
    quiet[0, 12_000] = 0.5
    cleaned(Audio(quiet, 24_000), profile.chain)
    peak = meter.true_peak_dbtp(halving[0][1])
    assert peak == pytest.approx(profile.preprocess.true_peak_db, abs=0.01)


@pytest.mark.parametrize(
    ("rate", "settings", "denoised_share"),
    [
        (24_000, {"model_name": "none"}, 0.0),
        (24_000, {"dry_wet": 1.0, "residual_blend": 0.0}, 1.0),
        (24_000, {"dry_wet": 0.35, "residual_blend": 0.05}, 0.3325),
        (16_000, {"dry_wet": 1.0, "narrowband_dry_wet": 0.8, "residual_blend": 0.0}, 1.0),
        (8_000, {"dry_wet": 1.0, "narrowband_dry_wet": 0.8, "residual_blend": 0.0}, 0.8),
        (8_000, {"dry_wet": 0.7, "narrowband_dry_wet": None, "residual_blend": 0.0}, 0.7),
    ],
)
def test_the_denoised_share_is_wet_and_not_blended_back(
    rate: int,
    settings: dict[str, Any],
    denoised_share: float,
    halving: Heard,
    noise: Audio,
    profile: Profile,
) -> None:
    noise = Audio(noise.samples, rate)
    enhancement = {"model_name": "deepfilternet3", "mixture_share": 0.0, **settings}
    plain = within(profile.chain, "enhancement", **enhancement)
    result = cleaned(noise, within(plain, "beta_wiener", enabled=False))
    kept = noise.samples - result.removed.samples
    level = meter.integrated_lufs(noise.samples, rate)
    assert level is not None
    vocals = loudness.gain(result.stage_a.vocals, level - plain.preprocess.loudnorm_target_lufs)
    np.testing.assert_allclose(kept, (1 - denoised_share / 2) * vocals, atol=1e-5)


@pytest.mark.parametrize("share", [0.0, 0.25])
def test_the_denoiser_hears_its_share_of_the_mixture(
    share: float, halving: Heard, noise: Audio, profile: Profile
) -> None:
    enhancement = {"model_name": "deepfilternet3", "mixture_share": share}
    result = cleaned(noise, within(profile.chain, "enhancement", **enhancement))
    name, heard = halving[-1]
    assert name == "deepfilternet3 denoiser"
    expected = result.stage_a.vocals + share * result.stage_a.residual
    np.testing.assert_allclose(heard, expected, atol=1e-6)


def test_the_wiener_mask_takes_out_what_is_residual(
    halving: Heard, noise: Audio, profile: Profile
) -> None:
    # Every model takes half for speech, so the mask is a half everywhere.
    raw = within(profile.chain, "enhancement", model_name="none")
    without, with_mask = (
        noise.samples - cleaned(noise, within(raw, "beta_wiener", enabled=on)).removed.samples
        for on in (False, True)
    )
    np.testing.assert_allclose(with_mask, 0.5 * without, atol=1e-3)


def test_the_polish_is_the_profiles(profile: Profile, excerpt: Excerpt) -> None:
    speech = excerpt("museum_guide.reference.flac", 0.5, 3)
    low = np.fft.rfftfreq(speech.samples.shape[1], 1 / speech.rate) < 100

    def lows(signal: Samples) -> float:
        power = np.square(np.abs(np.fft.rfft(signal[0])))
        return db(power[low].sum() / power.sum())

    def polished(**settings: float) -> Samples:
        post = changed(profile.postprocess, **settings)
        result, note = chain.polish(speech.samples, speech.rate, post, Steps(None))
        assert note is None
        return result

    quiet = polished(final_lufs=-24.0, final_true_peak_db=-9.0, highpass_hz=0.0, high_shelf_db=0.0)
    assert meter.integrated_lufs(quiet, speech.rate) == pytest.approx(-24, abs=0.05)
    assert lows(polished(highpass_hz=300.0, final_lufs=-24.0)) < lows(quiet) - 8


# --- what is remembered


class Recorder(Steps):
    """Keeps the key of every remembered step."""

    def __init__(self) -> None:
        super().__init__(None)
        self.keys: dict[str, str] = {}

    def signal(
        self,
        step: str,
        code: CodeFingerprint,
        key: str,
        compute: Callable[[], Iterable[Samples]],
        shape: tuple[int, ...],
    ) -> Signal:
        self.keys[step] = key
        return super().signal(step, code, key, compute, shape)


def test_a_step_is_timed_and_remembered_under_what_decides_it_and_nothing_else(
    halving: Heard, noise: Audio, profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def recorded(settings: Chain = profile.chain, source: str = "a digest") -> Recorder:
        recorder = Recorder()
        chain.clean(noise, source, settings, recorder)
        return recorder

    def differing(settings: Chain = profile.chain, source: str = "a digest") -> set[str]:
        return {step for step, key in recorded(settings, source).keys.items() if key != base[step]}

    recorder = recorded()
    base = recorder.keys
    separating = {f"separate: {model.model_name}" for model in profile.separation.models}
    assert set(base) == {*separating, "denoise"}
    assert set(recorder.seconds) == {*separating, "fuse", "denoise", "wiener", "polish"}
    assert len(set(base.values())) == len(base)
    assert differing() == set()
    assert differing(source="another digest") == set(base)
    rule = "min" if profile.separation.fusion != "min" else "max"
    for section, update, redone in (
        ("preprocess", {"loudnorm_target_lufs": -20.0}, set(base)),
        ("separation", {"fusion": rule}, {"denoise"}),
        ("enhancement", {"mixture_share": 0.123}, {"denoise"}),
        ("enhancement", {"residual_blend": 0.123}, set()),
        ("postprocess", {"final_lufs": -20.0}, set()),
    ):
        assert differing(within(profile.chain, section, **update)) == redone, update

    # Other weights of a separator redo it, and what hears it.
    whole = chain.files_digest(profile.chain)
    first, real = profile.separation.models[0], separators.digest
    monkeypatch.setattr(
        separators, "digest", lambda model: "other" if model == first else real(model)
    )
    assert differing() == {f"separate: {first.model_name}", "denoise"}
    assert chain.files_digest(profile.chain) != whole
