from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel

from stemsilver import weights
from stemsilver.audio import resample
from stemsilver.cleaning import chain, denoisers, separators
from stemsilver.config import Chain, Profile
from stemsilver.dsp import loudness
from stemsilver.records import Audio, Cleaned, Samples
from stemsilver.step_cache import CodeFingerprint, Steps

Excerpt = Callable[[str, float, float], Audio]

SHELF = {"highpass_hz": 0.0, "high_shelf_db": 0.0}


def changed(model: Any, **updates: Any) -> Any:
    """A copy of a profile's section, validated, with some keys changed."""
    plain = model.model_dump()
    plain.update({k: v.model_dump() if isinstance(v, BaseModel) else v for k, v in updates.items()})
    return type(model).model_validate(plain)


def cleaned(mixture: Audio, settings: Chain) -> Cleaned:
    return chain.clean(mixture, "a digest", settings, Steps(None))


def lag(signal: Samples, reference: Samples) -> int:
    """Frames by which `signal` follows `reference`, by the peak of their cross-correlation."""
    size = signal.size + reference.size
    product = np.fft.rfft(signal, size) * np.conj(np.fft.rfft(reference, size))
    best = int(np.fft.irfft(product, size).argmax())
    return best if best < size // 2 else best - size


def db(power: Any) -> float:
    return 10 * float(np.log10(power))


# --- rate, channels, length, lag: at every rate


def _played_at(audio: Audio, rate: int, gains: tuple[float, ...]) -> Audio:
    """The first channel at another rate, once for each gain."""
    one = resample(audio.samples[:1], audio.rate, rate)
    return Audio(np.concatenate([np.float32(gain) * one for gain in gains]), rate)


@pytest.mark.parametrize(
    ("rate", "gains"),
    [
        *((rate, (1.0,)) for rate in (8_000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000)),
        (96_000, (1.0,)),
        (24_000, (1.0, 0.4)),
        (44_100, (0.5, 1.0)),
        (48_000, (1.0, 0.8, 0.6, 0.4, 0.3, 0.2)),
    ],
    ids=lambda value: str(value) if isinstance(value, int) else f"{len(value)} ch",
)
def test_rate_channels_and_length_are_kept_and_nothing_is_delayed(
    rate: int, gains: tuple[float, ...], profile: Profile, excerpt: Excerpt
) -> None:
    seconds = 2 if len(gains) == 1 else 1
    mixture = _played_at(excerpt("museum_guide.wav", 0.6, seconds), rate, gains)
    truth = _played_at(excerpt("museum_guide.reference.flac", 0.6, seconds), rate, gains)
    result = cleaned(mixture, profile.chain)
    assert result.speech.rate == result.removed.rate == rate
    for signal in (
        result.speech.samples,
        result.removed.samples,
        result.stage_a.vocals,
        result.stage_a.residual,
    ):
        assert (signal.shape, signal.dtype) == (mixture.samples.shape, np.float32)
        assert np.isfinite(signal).all()
    for channel in range(len(gains)):
        assert lag(result.speech.samples[channel], truth.samples[channel]) == 0
        assert lag(result.stage_a.vocals[channel], truth.samples[channel]) == 0


def test_a_stereo_render_keeps_its_sides(profile: Profile, excerpt: Excerpt) -> None:
    mixture = excerpt("sequential/podcast_intro.wav", 3, 1.5)
    truth = excerpt("sequential/podcast_intro.reference.flac", 3, 1.5)
    assert mixture.samples.shape[0] == 2
    result = cleaned(mixture, profile.chain)
    assert [lag(result.speech.samples[side], truth.samples[side]) for side in (0, 1)] == [0, 0]


def test_an_odd_length_is_kept_to_the_frame(profile: Profile, excerpt: Excerpt) -> None:
    audio = excerpt("museum_guide.wav", 2, 1)
    odd = Audio(audio.samples[:, : 24_000 - 1 - 2 * 373], 24_000)
    assert cleaned(odd, profile.chain).speech.samples.shape == odd.samples.shape


# --- the sound


@pytest.fixture(scope="module")
def four_seconds(profile: Profile, excerpt: Excerpt) -> tuple[Audio, Samples, Cleaned]:
    """A mixture, its truth, and what the default profile makes of it.

    Far from the level at which the models hear it.
    """
    mixture, truth = (
        loudness.gain(excerpt(f"batched/product_tour.{kind}", 1, 4).samples, -20)
        for kind in ("wav", "reference.flac")
    )
    audio = Audio(mixture, 24_000)
    return audio, truth, cleaned(audio, profile.chain)


def test_music_goes_and_speech_stays(four_seconds: tuple[Audio, Samples, Cleaned]) -> None:
    mixture, truth, result = four_seconds
    speech = result.speech.samples
    scale = (speech * truth).sum() / np.square(speech).sum()
    before = np.square(mixture.samples - truth).sum()
    after = np.square(scale * speech - truth).sum()
    assert db(after / before) < -6


def test_removed_is_the_music_at_the_level_it_had(
    four_seconds: tuple[Audio, Samples, Cleaned],
) -> None:
    mixture, truth, result = four_seconds
    music = mixture.samples - truth
    wrong = np.square(result.removed.samples - music).sum()
    assert db(wrong / np.square(music).sum()) < -6
    assert lag(result.removed.samples[0], music[0]) == 0


def test_stage_a_adds_up_to_what_the_separators_heard(
    four_seconds: tuple[Audio, Samples, Cleaned], profile: Profile
) -> None:
    mixture, _, result = four_seconds
    heard = result.stage_a.vocals + result.stage_a.residual
    level = loudness.integrated_lufs(heard, mixture.rate)
    assert level == pytest.approx(profile.preprocess.loudnorm_target_lufs, abs=0.05)
    shape = heard / np.abs(heard).max() - mixture.samples / np.abs(mixture.samples).max()
    assert np.abs(shape).max() < 1e-5


def test_the_output_is_as_loud_as_asked_and_no_louder_at_its_peaks(
    four_seconds: tuple[Audio, Samples, Cleaned], profile: Profile
) -> None:
    _, _, result = four_seconds
    speech = result.speech
    level = loudness.integrated_lufs(speech.samples, speech.rate)
    assert level == pytest.approx(profile.postprocess.final_lufs, abs=0.05)
    peak = loudness.true_peak_dbtp(speech.samples)
    assert peak is not None
    assert peak <= profile.postprocess.final_true_peak_db
    assert result.notes == ()


def test_two_runs_give_the_same_bytes(
    four_seconds: tuple[Audio, Samples, Cleaned], profile: Profile
) -> None:
    mixture, _, result = four_seconds
    again = cleaned(mixture, profile.chain)
    assert again.speech.samples.tobytes() == result.speech.samples.tobytes()
    assert again.removed.samples.tobytes() == result.removed.samples.tobytes()


def test_above_spleeters_band_speech_lives_and_music_alone_dies(
    profile: Profile, excerpt: Excerpt
) -> None:
    """A hiss above 11 kHz that comes and goes with speech, and one that comes with music."""
    speech = excerpt("museum_guide.reference.flac", 0.5, 2)
    mixture = excerpt("museum_guide.wav", 0.5, 2)
    rng = np.random.default_rng(7)
    voice = resample(speech.samples, 24_000, 44_100)
    music = resample(mixture.samples - speech.samples, 24_000, 44_100)
    hiss = np.fft.rfft(rng.normal(0, 0.01, voice.shape))
    high = (np.fft.rfftfreq(voice.shape[1], 1 / 44_100) > 12_500).astype(float)
    hiss_samples = np.fft.irfft(hiss * high, voice.shape[1]).astype(np.float32)
    spleeter_alone = changed(
        profile.chain,
        separation=changed(profile.separation, models=({"model_name": "spleeter-2stems"},)),
        enhancement=changed(profile.enhancement, model_name="none"),
    )

    def kept_db(signal: Samples) -> float:
        """What Stage A keeps of the power above 12.5 kHz."""
        mixed = Audio(signal + hiss_samples, 44_100)
        stage_a = cleaned(mixed, spleeter_alone).stage_a
        kept, heard = (
            np.square(np.abs(np.fft.rfft(part)) * high).sum()
            for part in (stage_a.vocals, stage_a.vocals + stage_a.residual)
        )
        return db(kept / heard)

    assert kept_db(voice) > -3
    assert kept_db(music) < -10


# --- the settings


@pytest.fixture
def halving(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Samples]]:
    """Every model halves what it hears; the list keeps what each heard."""
    heard: list[tuple[str, Samples]] = []

    class Half:
        def __init__(self, name: str) -> None:
            self.name = name

        def separate(self, mixture: Samples, rate: int, progress: separators.Progress) -> Samples:
            return self.denoise(mixture, rate)

        def denoise(self, speech: Samples, rate: int) -> Samples:
            heard.append((self.name, speech))
            return np.float32(0.5) * speech

    monkeypatch.setattr(separators, "load", lambda model: Half(model.model_name))
    monkeypatch.setattr(denoisers, "load", lambda name: Half(f"{name} denoiser"))
    return heard


@pytest.fixture
def noise() -> Audio:
    return Audio(np.random.default_rng(8).normal(0, 0.3, (1, 24_000)).astype(np.float32), 24_000)


def test_models_hear_the_render_at_the_level_they_know(
    halving: list[tuple[str, Samples]], noise: Audio, profile: Profile
) -> None:
    cleaned(noise, profile.chain)
    separator_inputs = [signal for name, signal in halving if "denoiser" not in name]
    assert len(separator_inputs) == len(profile.separation.models)
    for signal in separator_inputs:
        level = loudness.integrated_lufs(signal, 24_000)
        assert level == pytest.approx(profile.preprocess.loudnorm_target_lufs, abs=0.05)


def test_a_quiet_render_with_a_high_peak_is_not_pushed_over_full_scale(
    halving: list[tuple[str, Samples]], profile: Profile
) -> None:
    samples = np.random.default_rng(9).normal(0, 1e-3, (1, 48_000)).astype(np.float32)
    samples[0, 24_000] = 0.5
    cleaned(Audio(samples, 24_000), profile.chain)
    peak = loudness.true_peak_dbtp(halving[0][1])
    assert peak == pytest.approx(profile.preprocess.true_peak_db, abs=0.01)


@pytest.mark.parametrize(
    ("settings", "denoised_share"),
    [
        ({"model_name": "none"}, 0.0),
        ({"dry_wet": 0.0, "residual_blend": 0.0}, 0.0),
        ({"dry_wet": 1.0, "residual_blend": 1.0}, 0.0),
        ({"dry_wet": 1.0, "residual_blend": 0.0}, 1.0),
        ({"dry_wet": 0.35, "residual_blend": 0.05}, 0.3325),
    ],
)
def test_the_denoised_share_is_wet_and_not_blended_back(
    settings: dict[str, Any],
    denoised_share: float,
    halving: list[tuple[str, Samples]],
    noise: Audio,
    profile: Profile,
) -> None:
    plain = changed(
        profile.chain,
        enhancement=changed(
            profile.enhancement,
            **{"model_name": "deepfilternet3", "mixture_share": 0.0, **settings},
        ),
        beta_wiener=changed(profile.beta_wiener, enabled=False),
    )
    result = cleaned(noise, plain)
    kept = noise.samples - result.removed.samples
    level = loudness.integrated_lufs(noise.samples, 24_000)
    assert level is not None
    vocals = loudness.gain(result.stage_a.vocals, level - plain.preprocess.loudnorm_target_lufs)
    np.testing.assert_allclose(kept, (1 - denoised_share / 2) * vocals, atol=1e-5)


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_the_denoiser_hears_its_share_of_the_mixture(
    share: float, halving: list[tuple[str, Samples]], noise: Audio, profile: Profile
) -> None:
    settings = changed(profile.enhancement, model_name="deepfilternet3", mixture_share=share)
    result = cleaned(noise, changed(profile.chain, enhancement=settings))
    name, heard = halving[-1]
    assert name == "deepfilternet3 denoiser"
    expected = result.stage_a.vocals + share * result.stage_a.residual
    np.testing.assert_allclose(heard, expected, atol=1e-6)


def test_the_wiener_mask_takes_out_what_is_residual(
    halving: list[tuple[str, Samples]], noise: Audio, profile: Profile
) -> None:
    # Every model takes half for speech, so the mask is a half everywhere.
    off, on = (
        changed(
            profile.chain,
            enhancement=changed(profile.enhancement, model_name="none"),
            beta_wiener=changed(profile.beta_wiener, enabled=enabled),
        )
        for enabled in (False, True)
    )
    without, with_mask = (
        noise.samples - cleaned(noise, settings).removed.samples for settings in (off, on)
    )
    np.testing.assert_allclose(with_mask, 0.5 * without, atol=1e-3)


def test_the_polish_is_the_profiles(profile: Profile, excerpt: Excerpt) -> None:
    speech = excerpt("museum_guide.reference.flac", 0.5, 3)
    settings = changed(profile.postprocess, final_lufs=-24.0, final_true_peak_db=-9.0, **SHELF)
    result, note = chain.polish(speech.samples, speech.rate, settings)
    assert note is None
    assert loudness.integrated_lufs(result, speech.rate) == pytest.approx(-24, abs=0.05)
    rumble = changed(profile.postprocess, highpass_hz=300.0)
    without_lows, _ = chain.polish(speech.samples, speech.rate, rumble)
    low = np.fft.rfftfreq(speech.samples.shape[1], 1 / speech.rate) < 100

    def lows(signal: Samples) -> float:
        power = np.square(np.abs(np.fft.rfft(signal[0])))
        return db(power[low].sum() / power.sum())

    assert lows(without_lows) < lows(result) - 8


def test_the_polish_reaches_loudness_and_peak_where_plain_gain_cannot(
    profile: Profile, excerpt: Excerpt
) -> None:
    speech = excerpt("museum_guide.reference.flac", 0.5, 3)
    crested = speech.samples.copy()
    crested[:, 12_000::24_000] *= 4  # a click a second
    settings = changed(profile.postprocess, final_lufs=-16.0, final_true_peak_db=-1.0)
    result, note = chain.polish(crested, speech.rate, settings)
    assert note is None
    assert loudness.integrated_lufs(result, speech.rate) == pytest.approx(-16, abs=0.05)
    peak = loudness.true_peak_dbtp(result)
    assert peak is not None
    assert peak <= -1
    # An independent measure: 16×, by zero-padding the spectrum of the whole signal.
    dense = 16 * np.fft.irfft(np.fft.rfft(result.astype(np.float64)), 16 * result.shape[1])
    assert 20 * np.log10(np.abs(dense).max()) <= -0.9


# --- what is remembered


class Recorder(Steps):
    """Keeps the key of every remembered step."""

    def __init__(self) -> None:
        super().__init__(None)
        self.keys: dict[str, str] = {}

    def signal(
        self, step: str, code: CodeFingerprint, key: str, compute: Callable[[], Samples]
    ) -> Samples:
        self.keys[step] = key
        return super().signal(step, code, key, compute)


def test_a_step_is_remembered_under_what_decides_it_and_nothing_else(
    halving: list[tuple[str, Samples]], noise: Audio, profile: Profile
) -> None:
    def keys(settings: Chain, source: str = "a digest") -> dict[str, str]:
        recorder = Recorder()
        chain.clean(noise, source, settings, recorder)
        return recorder.keys

    def differing(settings: Chain, source: str = "a digest") -> set[str]:
        return {step for step, key in keys(settings, source).items() if key != base[step]}

    base = keys(profile.chain)
    separating = {f"separate: {model.model_name}" for model in profile.separation.models}
    assert set(base) == {*separating, "denoise"}
    assert len(set(base.values())) == len(base)
    assert differing(profile.chain) == set()
    assert differing(profile.chain, "another digest") == set(base)
    louder = changed(profile.preprocess, loudnorm_target_lufs=-20.0)
    assert differing(changed(profile.chain, preprocess=louder)) == set(base)
    rule = "min" if profile.separation.fusion != "min" else "max"
    fused = changed(profile.separation, fusion=rule)
    assert differing(changed(profile.chain, separation=fused)) == {"denoise"}
    share = changed(profile.enhancement, mixture_share=0.123)
    assert differing(changed(profile.chain, enhancement=share)) == {"denoise"}
    blend = changed(profile.enhancement, residual_blend=0.123)
    assert differing(changed(profile.chain, enhancement=blend)) == set()
    polish = changed(profile.postprocess, final_lufs=-20.0)
    assert differing(changed(profile.chain, postprocess=polish)) == set()


def test_other_weights_of_a_separator_redo_it_and_what_hears_it(
    halving: list[tuple[str, Samples]],
    noise: Audio,
    profile: Profile,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def keys() -> dict[str, str]:
        recorder = Recorder()
        chain.clean(noise, "a digest", profile.chain, recorder)
        return recorder.keys

    before, whole = keys(), chain.files_digest(profile.chain)
    first = profile.separation.models[0]
    real = separators.digest
    monkeypatch.setattr(
        separators, "digest", lambda model: "other" if model == first else real(model)
    )
    after = keys()
    changed = {step for step in before if before[step] != after[step]}
    assert changed == {f"separate: {first.model_name}", "denoise"}
    assert chain.files_digest(profile.chain) != whole


def test_every_step_has_a_clock(
    halving: list[tuple[str, Samples]], noise: Audio, profile: Profile
) -> None:
    steps = Steps(None)
    chain.clean(noise, "a digest", profile.chain, steps)
    separating = {f"separate: {model.model_name}" for model in profile.separation.models}
    assert set(steps.seconds) == {*separating, "fuse", "denoise", "wiener", "polish"}


def test_the_weights_a_chain_uses_are_all_in_the_registry(profile: Profile) -> None:
    used = chain.used_weights(profile.chain)
    assert set(used) <= set(weights.REGISTRY)
    assert set(used) >= {"deepfilternet3", "spleeter-2stems"}
    without = changed(profile.enhancement, model_name="none")
    assert len(chain.used_weights(changed(profile.chain, enhancement=without))) < len(used)
