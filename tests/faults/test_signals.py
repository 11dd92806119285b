"""The promises of this folder's README about signals: in the chain, and in the metrics."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stemsilver import config, weights
from stemsilver.audio import decode, encode_wav
from stemsilver.cache import Cache
from stemsilver.cleaning import chain, denoisers, separators
from stemsilver.cleaning.separators.spleeter import SpleeterSeparator
from stemsilver.config import Profile
from stemsilver.dsp import loudness, meter
from stemsilver.errors import StageError, WeightsError
from stemsilver.evaluation import asr, dnsmos, music, references, suite, vad
from stemsilver.evaluation.catalogue import METRICS
from stemsilver.evaluation.catalogue.voice import VOICE
from stemsilver.evaluation.voice import pitch
from stemsilver.evaluation.words import scores
from stemsilver.records import (
    Audio,
    Cleaned,
    Evidence,
    Samples,
    Sidecars,
    Signal,
    Transcript,
    Word,
)
from stemsilver.step_cache import Steps

Patch = pytest.MonkeyPatch

REPOSITORY = Path(__file__).parents[2]
PROFILE = config.load(REPOSITORY / "config" / "embedded.yaml")
SPLEETER = config.EmbeddedSettings(model_name="spleeter-2stems")
RATE = 24_000
OF_THE_VOICE = {metric.name for metric in VOICE}
WORD_ERRORS = {
    "wer_raw_to_clean",
    "words_changed",
    "raw_script_wer",
    "clean_script_wer",
    "words_lost",
    "words_recovered",
}


@cache
def demo(file: str) -> Audio:
    return decode(REPOSITORY / "raw" / file, 1)


def speech(seconds: float, start: float = 0.6) -> Samples:
    """A bit of the demo batch: speech under music, one channel."""
    samples = demo("museum_guide.wav").samples
    return samples[:, round(start * RATE) : round((start + seconds) * RATE)]


def clean(audio: Audio, profile: Profile = PROFILE) -> Cleaned:
    return chain.clean(audio, "a digest", profile.chain, Steps(None))


def evaluate(raw: Audio, result: Cleaned, **beside: Any) -> Evidence:
    measured = [
        suite.measure(audio, "a digest", PROFILE.evaluation, Steps(None))
        for audio in (raw, result.speech)
    ]
    return suite.evidence(
        raw, measured[0], result.speech, measured[1], result.stage_a, Sidecars(**beside)
    )


def reasons(evidence: Evidence) -> dict[str, str | None]:
    return {name: score.reason for name, score in evidence.scores.items()}


@pytest.fixture
def deaf(monkeypatch: Patch) -> None:
    """The recogniser and the listener model are stood in for; they cost the most."""
    heard = Transcript("well said", (Word("well", 0.1, 0.3), Word("said", 0.3, 0.6)))
    monkeypatch.setattr(asr, "transcribe", lambda *_: heard)
    monkeypatch.setattr(dnsmos, "dnsmos", lambda *_: dict.fromkeys(dnsmos.CALIBRATION, 3.0))


class Model:
    """A separator and denoiser that does what it is told."""

    def __init__(self, does: Callable[[Samples], Samples]) -> None:
        self._does = does

    def separate(
        self, mixture: Signal, rate: int, progress: separators.Progress
    ) -> Iterator[Samples]:
        return self.denoise(mixture, rate)

    def denoise(self, speech: Signal, rate: int) -> Iterator[Samples]:
        yield self._does(speech[:, :])


def spoilt(samples: Samples, value: float) -> Samples:
    copy = samples.copy()
    copy[0, samples.shape[1] // 2] = value
    return copy


@pytest.mark.parametrize(
    ("step", "value"),
    [
        ("separate", np.inf),
        ("denoise", -np.inf),
        ("fuse", np.nan),
        ("wiener", np.nan),
        ("polish", np.nan),
    ],
)
def test_a_step_that_gives_nan(step: str, value: float, tmp_path: Path, monkeypatch: Patch) -> None:
    wiener = PROFILE.chain.beta_wiener.model_copy(update={"enabled": True})
    settings = PROFILE.chain.model_copy(update={"beta_wiener": wiener})

    def run() -> Cleaned:
        raw = Audio(speech(1), RATE)
        return chain.clean(raw, "a digest", settings, Steps(Cache(tmp_path)))

    well, ill = Model(lambda heard: heard), Model(lambda heard: spoilt(heard, value))
    for name, models in (("separate", separators), ("denoise", denoisers)):
        monkeypatch.setattr(models, "load", lambda _: well)
        if step == name:
            broken: tuple[Any, str, Any] = models, "load", lambda _: ill
    if step == "fuse":
        broken = chain, "fuse", lambda masks, _: masks[0] * value
    elif step == "wiener":
        broken = chain, "_mask", lambda vocals, *_: [vocals * value]
    elif step == "polish":
        broken = chain, "equalise", lambda samples, **_: samples * value
    first = PROFILE.separation.models[0].model_name
    said = f"separate: {first}" if step == "separate" else step
    with monkeypatch.context() as patch:
        patch.setattr(*broken)
        with pytest.raises(StageError, match=f"{said} gave NaN or infinite") as caught:
            run()
    assert caught.value.code == "stage_failed"
    assert np.isfinite(run().speech.samples).all()


def test_a_model_that_loses_a_frame_is_named(monkeypatch: Patch) -> None:
    monkeypatch.setattr(separators, "load", lambda _: Model(lambda heard: heard[:, 1:]))
    with pytest.raises(StageError, match=r"separate: .* of shape \(1, 23999\), not \(1, 24000\)"):
        clean(Audio(speech(1), RATE))


def test_silence_is_cleaned_as_silence_and_its_scores_are_null() -> None:
    raw = Audio(np.zeros((2, 3 * RATE), np.float32), RATE)
    result = clean(raw)
    np.testing.assert_array_equal(result.speech.samples, raw.samples)
    assert not result.removed.samples.any()
    assert result.notes == (loudness.SILENT,)
    found = reasons(evaluate(raw, result, script="every word of this is missing", reference=raw))
    assert set(found) == set(METRICS)
    assert {found.pop(name) for name in ("wer_raw_to_clean", "words_changed")} == {"no_speech"}
    assert set(found.values()) == {"silent"}
    assert reasons(evaluate(raw, result))["raw_script_wer"] == "no_script"


def test_what_is_left_of_a_render_without_speech_is_not_raised() -> None:
    mixture, truth = (demo(f"batched/product_tour.{kind}") for kind in ("wav", "reference.flac"))
    music = (mixture.samples - truth.samples)[:, : 4 * RATE]
    quiet = loudness.gain(music, -30)
    result = clean(Audio(quiet, RATE))
    assert result.notes == (loudness.NOTHING_LEFT,)
    assert np.square(result.speech.samples).mean() < np.square(quiet).mean()


def test_a_silent_channel_stays_silent_and_the_other_is_cleaned() -> None:
    one = speech(2)
    result = clean(Audio(np.concatenate([one, np.zeros_like(one)]), RATE))
    assert not result.speech.samples[1].any()
    assert not result.removed.samples[1].any()
    level = meter.integrated_lufs(result.speech.samples, RATE)
    assert level == pytest.approx(PROFILE.postprocess.final_lufs, abs=0.05)
    assert np.abs(result.removed.samples[0]).max() > 0.01


def test_a_faint_render_is_cleaned_as_a_loud_one_but_rounding_noise_is_not_raised() -> None:
    loud = clean(Audio(speech(1), RATE))
    faint = clean(Audio(loudness.gain(speech(1), -55), RATE))
    assert faint.notes == ()
    assert faint.level_db > 40
    error = np.square(faint.speech.samples - loud.speech.samples).mean()
    assert error < 1e-3 * np.square(loud.speech.samples).mean()
    rounding = loudness.gain(speech(1), -75)
    result = clean(Audio(rounding, RATE))
    assert result.notes == (loudness.SILENT,)
    assert np.abs(result.speech.samples).max() <= 2 * np.abs(rounding).max()


@pytest.mark.parametrize(("frames", "channels"), [(1, 1), (2_399, 1), (9_599, 2)])
def test_under_0_4_seconds_is_cleaned_and_too_short(frames: int, channels: int) -> None:
    raw = Audio(np.repeat(speech(0.4)[:, :frames], channels, axis=0), RATE)
    result = clean(raw)
    assert result.speech.samples.shape == raw.samples.shape
    assert np.isfinite(result.speech.samples).all()
    assert (loudness.TOO_SHORT in result.notes) == (frames < 2_400)
    peak = meter.true_peak_dbtp(result.speech.samples)
    assert peak is None or peak <= PROFILE.postprocess.final_true_peak_db
    if frames < 2_400:
        found = reasons(evaluate(raw, result, reference=raw))
        needing_time = ("lufs", "loudness_range_lu", "music_presence", "music_share",
                        "pause_floor_db", "dnsmos_sig", "dnsmos_bak", "dnsmos_ovrl",
                        "estoi")  # fmt: skip
        for name in needing_time:
            assert found[f"raw_{name}"] == found[f"clean_{name}"] == "too_short", name
        for name in ("stoi_vs_stage_a", "artefact_db", "estoi_improvement"):
            assert found[name] == "too_short", name


@pytest.mark.parametrize(("rate", "channels"), [(8_000, 6), (11_025, 2), (96_000, 1)])
def test_any_layout_is_measured(rate: int, channels: int, deaf: None, monkeypatch: Patch) -> None:
    noise = np.random.default_rng(12).normal(0, 0.1, (channels, 4 * rate)).astype(np.float32)
    monkeypatch.setattr(separators, "load", lambda _: Model(lambda heard: heard * 0.9))
    monkeypatch.setattr(denoisers, "load", lambda _: Model(lambda heard: heard * 0.9))
    raw = Audio(noise, rate)
    found = reasons(evaluate(raw, clean(raw), script="well said", reference=Audio(noise / 2, rate)))
    # Noise has neither speech nor pauses, and raw is its own truth at another level.
    nothing = {name: reason for name, reason in found.items() if reason is not None}
    assert nothing == {
        "raw_pause_floor_db": "no_speech",
        "clean_pause_floor_db": "no_speech",
        "artefact_db": "no_speech",
        "raw_si_sdr_db": "identical",
        "si_sdr_improvement_db": "identical",
        **dict.fromkeys(OF_THE_VOICE, "no_speech"),
    }


def test_over_full_scale_is_limited_or_clamped(tmp_path: Path) -> None:
    hot = Audio(loudness.gain(speech(2), 30), RATE)
    assert np.abs(hot.samples).max() > 2
    result = clean(hot)
    peak = meter.true_peak_dbtp(result.speech.samples)
    assert peak is not None
    assert peak <= PROFILE.postprocess.final_true_peak_db
    level = meter.integrated_lufs(result.speech.samples, RATE)
    assert level == pytest.approx(PROFILE.postprocess.final_lufs, abs=0.05)
    over = np.abs(result.removed.samples) > 1.01
    assert over.any()
    path = tmp_path / "removed.wav"
    path.write_bytes(encode_wav(result.removed))
    written = decode(path, 1).samples
    assert (np.sign(written[over]) == np.sign(result.removed.samples[over])).all()
    assert (np.abs(written[over]) > 0.999).all()


def test_music_alone_has_no_speech_and_no_word_errors() -> None:
    mixture, truth = (
        demo(f"museum_guide.{kind}").samples[:, RATE : 5 * RATE]
        for kind in ("wav", "reference.flac")
    )
    raw = Audio(mixture - truth, RATE)
    evidence = evaluate(raw, clean(raw), script=" \n")
    assert evidence.transcripts["raw"].words == ()
    found = reasons(evidence)
    assert found["raw_pause_floor_db"] == "no_speech"
    assert {found[name] for name in WORD_ERRORS} == {"no_speech"}
    assert evidence.scores["raw_music_presence"].value == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("value", [np.nan, -np.inf])
def test_a_metric_that_gives_nan_is_null(value: float, deaf: None, monkeypatch: Patch) -> None:
    monkeypatch.setattr(references, "si_sdr_db", lambda *_: value)
    monkeypatch.setattr(meter, "integrated_lufs", lambda *_: value)
    monkeypatch.setattr(dnsmos, "dnsmos", lambda *_: dict.fromkeys(dnsmos.CALIBRATION, value))
    raw = Audio(speech(3.2), RATE)
    result = Cleaned(raw, raw, chain.StageA(raw.samples, raw.samples / 2))
    evidence = evaluate(raw, result, reference=raw)
    spoilt_names = {"raw_lufs", "clean_lufs", "si_sdr_vs_stage_a_db", "raw_si_sdr_db",
                    "clean_si_sdr_db", "si_sdr_improvement_db"}  # fmt: skip
    spoilt_names |= {name for name in METRICS if "dnsmos" in name}
    for name in spoilt_names:
        reason = evidence.scores[name].reason
        assert reason is not None, name
        assert reason.startswith("crashed: ValueError"), name
    assert evidence.scores["raw_true_peak_dbtp"].value is not None
    scores = {name: asdict(score) for name, score in evidence.scores.items()}
    json.dumps(scores, allow_nan=False)


def test_another_network_is_not_loaded(tmp_path: Path, monkeypatch: Patch, forgotten: None) -> None:
    [name] = SpleeterSeparator.weights(SPLEETER)
    planted = tmp_path / "planted.onnx"
    planted.write_bytes(weights.locate("dnsmos-p835").read_bytes())
    # An absolute path wins over the package's folder.
    monkeypatch.setitem(weights.REGISTRY, name, replace(weights.REGISTRY[name], file=str(planted)))
    with pytest.raises(WeightsError, match="is not the expected file"):
        SpleeterSeparator(SPLEETER)


def crash(*_: Any, **__: Any) -> Any:
    raise RuntimeError("out of luck")


CRASH = "crashed: RuntimeError: out of luck"

CRASHES: dict[str, tuple[Any, set[str]]] = {
    "integrated_lufs": (meter, {"lufs"}),
    "true_peak_dbtp": (meter, {"true_peak_dbtp"}),
    "loudness_range_lu": (meter, {"loudness_range_lu"}),
    "timeline": (music, {"music_presence", "music_share", "pause_floor_db"}),
    "hear": (vad, {"music_presence", "music_share", "pause_floor_db"}),
    "dnsmos": (dnsmos, {"dnsmos_sig", "dnsmos_bak", "dnsmos_ovrl"}),
    "transcribe": (asr, set()),
    "pitch_track": (pitch, set()),
}


@pytest.fixture(scope="module")
def three_seconds() -> Audio:
    return Audio(speech(3.2), RATE)


@pytest.mark.parametrize("function", CRASHES)
def test_a_metric_that_crashes_costs_its_own_cell_and_is_tried_again(
    function: str, deaf: None, three_seconds: Audio, tmp_path: Path, monkeypatch: Patch
) -> None:
    module, lost = CRASHES[function]

    def measured() -> suite.Measured:
        facts = Steps(Cache(tmp_path))
        return suite.measure(three_seconds, "a digest", PROFILE.evaluation, facts)

    def evidence(found: suite.Measured) -> Evidence:
        sidecars = Sidecars("well said")
        return suite.evidence(three_seconds, found, three_seconds, found, None, sidecars)

    with monkeypatch.context() as broken:
        broken.setattr(module, function, crash)
        found = measured()
    said = {name: score.reason for name, score in found.scores.items()}
    assert {name for name, reason in said.items() if reason == CRASH} == lost
    assert {reason for name, reason in said.items() if name not in lost} == {None}
    told = evidence(found)
    deafened = function == "transcribe"
    assert (told.transcripts == {}, told.alignments == ()) == (deafened, deafened)
    for name in WORD_ERRORS:
        assert (told.scores[name].reason is not None) is deafened, name
    voiceless = function in ("pitch_track", "hear")
    for name in OF_THE_VOICE - {"voice_similarity_to_truth"}:
        assert (told.scores[name].reason == CRASH) is voiceless, name
    again = measured()
    assert {score.reason for score in again.scores.values()} == {None}
    assert evidence(again).scores["wer_raw_to_clean"].value == 0


@pytest.mark.parametrize(
    ("function", "lost"),
    [
        ("si_sdr_db", {"si_sdr_vs_stage_a_db", "raw_si_sdr_db", "clean_si_sdr_db",
                       "si_sdr_improvement_db"}),
        ("stoi", {"stoi_vs_stage_a", "raw_estoi", "clean_estoi", "estoi_improvement"}),
        ("music_to_speech_db", {"music_to_speech_db"}),
        ("align", WORD_ERRORS),
    ],
)  # fmt: skip
def test_a_comparison_that_crashes_costs_its_own_cells(
    function: str, lost: set[str], deaf: None, three_seconds: Audio, monkeypatch: Patch
) -> None:
    truth = demo("museum_guide.reference.flac").samples[:, round(0.6 * RATE) : round(3.8 * RATE)]
    half = Audio(np.float32(0.5) * three_seconds.samples + np.float32(0.2) * truth, RATE)
    result = Cleaned(half, half, chain.StageA(truth, three_seconds.samples - truth))
    monkeypatch.setattr(scores if function == "align" else references, function, crash)
    evidence = evaluate(three_seconds, result, script="well said", reference=Audio(truth, RATE))
    found = reasons(evidence)
    assert set(found) == set(METRICS)
    assert {name for name, reason in found.items() if reason == CRASH} == lost
    # Three seconds under music are too little for some scores of the voice.
    others = set(found) - lost - OF_THE_VOICE
    assert {found[name] for name in others} == {None}


def test_missing_weights_are_no_null_score(three_seconds: Audio, monkeypatch: Patch) -> None:
    def missing(*_: Any) -> Any:
        raise WeightsError("gone")

    monkeypatch.setattr(dnsmos, "dnsmos", missing)
    with pytest.raises(WeightsError, match="gone"):
        suite.measure(three_seconds, "a digest", PROFILE.evaluation, Steps(None))
