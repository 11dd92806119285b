from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from stemsilver.audio import resample
from stemsilver.cache import Cache
from stemsilver.config import Profile
from stemsilver.evaluation import suite
from stemsilver.evaluation.catalogue import METRICS
from stemsilver.evaluation.suite import Measured
from stemsilver.records import Audio, Evidence, Sidecars
from stemsilver.step_cache import Steps

from .conftest import Pair

Values = dict[str, float]
Both = tuple[Measured, Measured]


@pytest.fixture(scope="module")
def measured(pair: Pair, profile: Profile) -> Both:
    """Raw and clean, measured."""
    raw, _, result = pair
    before, after = (
        suite.measure(audio, "a digest", profile.evaluation, Steps(None))
        for audio in (raw, result.speech)
    )
    return before, after


@pytest.fixture(scope="module")
def evidence(pair: Pair, measured: Both, script: str) -> Evidence:
    raw, truth, result = pair
    return suite.evidence(
        raw, measured[0], result.speech, measured[1], result.stage_a, Sidecars(script, truth)
    )


@pytest.fixture(scope="module")
def values(evidence: Evidence) -> Values:
    return {name: score.value for name, score in evidence.scores.items() if score.value is not None}


# --- a render of the demo batch, whole


def test_the_music_is_gone_and_the_speech_intact(values: Values, profile: Profile) -> None:
    # Its music plays throughout, and it is alone.
    unknown = {"voice_similarity", "voice_similarity_to_batch", "voiced_kept"}
    assert set(values) == set(METRICS) - unknown
    assert values["voice_similarity_to_truth"] > 0.9
    assert values["pitch_correlation"] > 0.9
    assert values["raw_music_presence"] > 0.7
    assert values["clean_music_presence"] < 0.1
    assert values["raw_music_share"] > 0.9
    assert values["clean_music_share"] < 0.1
    assert values["clean_pause_floor_db"] < values["raw_pause_floor_db"] - 15
    assert values["music_to_speech_db"] < -10
    assert values["clean_script_wer"] <= min(values["raw_script_wer"], 0.15)
    assert values["stoi_vs_stage_a"] > 0.9
    assert values["clean_estoi"] > values["raw_estoi"]
    assert values["si_sdr_improvement_db"] > 4
    for opinion in ("dnsmos_bak", "dnsmos_ovrl"):
        assert values[f"clean_{opinion}"] > values[f"raw_{opinion}"] + 0.5
    for gain, name in (("si_sdr_improvement_db", "si_sdr_db"), ("estoi_improvement", "estoi")):
        assert values[gain] == values[f"clean_{name}"] - values[f"raw_{name}"]
    assert values["clean_lufs"] == pytest.approx(profile.postprocess.final_lufs, abs=0.05)
    assert values["clean_true_peak_dbtp"] <= profile.postprocess.final_true_peak_db


def test_alignments_add_up_and_their_words_have_a_place_in_the_signal(
    evidence: Evidence, values: Values, pair: Pair
) -> None:
    scores = ("wer_raw_to_clean", "raw_script_wer", "clean_script_wer")
    names = ("raw → clean", "script → raw", "script → clean")
    assert tuple(alignment.name for alignment in evidence.alignments) == names
    for alignment, score in zip(evidence.alignments, scores, strict=True):
        changed = [word for word in alignment.words if word.operation != "equal"]
        assert len(alignment.words) == alignment.reference_words + alignment.insertions
        assert values[score] == len(changed) / alignment.reference_words
        heard = [word.time for word in alignment.words if word.after]
        assert all(time is not None and 0 <= time <= pair[0].duration for time in heard)
        assert heard == sorted(heard, key=lambda time: time or 0)


def test_transcripts_and_timelines_cover_both_signals(evidence: Evidence, pair: Pair) -> None:
    assert set(evidence.transcripts) == set(evidence.music) == {"raw", "clean"}
    for timeline in evidence.music.values():
        covered = len(timeline.values) * timeline.hop
        assert covered == pytest.approx(pair[0].duration, abs=0.1)
    mean = np.mean(evidence.music["raw"].values)
    assert evidence.scores["raw_music_presence"].value == pytest.approx(mean)


# --- what lies beside a render, or does not


def beside(pair: Pair, measured: Both, sidecars: Sidecars) -> Evidence:
    raw, _, result = pair
    return suite.evidence(raw, measured[0], result.speech, measured[1], None, sidecars)


def test_without_sidecars_their_scores_say_so(pair: Pair, measured: Both) -> None:
    evidence = beside(pair, measured, Sidecars())
    missing = {
        name: score.reason for name, score in evidence.scores.items() if score.reason is not None
    }
    truth = ("raw_si_sdr_db", "clean_si_sdr_db", "si_sdr_improvement_db",
             "raw_estoi", "clean_estoi", "estoi_improvement",
             "voice_similarity_to_truth")  # fmt: skip
    stage_a = ("music_to_speech_db", "stoi_vs_stage_a", "si_sdr_vs_stage_a_db", "artefact_db")
    scripts = ("raw_script_wer", "clean_script_wer", "words_lost", "words_recovered")
    assert missing == {
        **dict.fromkeys(truth, "no_reference"),
        "voice_similarity": "too_little_speech_without_music",
        "voice_similarity_to_batch": "no_other_voice_in_the_batch",
        "voiced_kept": "too_little_voiced_speech_without_music",
        **dict.fromkeys(stage_a, "no_stage_a"),
        **dict.fromkeys(scripts, "no_script"),
    }
    assert [alignment.name for alignment in evidence.alignments] == ["raw → clean"]


@pytest.mark.parametrize("rate", [24_000, 44_100])
@pytest.mark.parametrize("milliseconds", [-0.1875, 0.40625, 250])
def test_a_truth_that_is_early_or_late_gives_the_same_scores_and_says_so(
    pair: Pair, measured: Both, values: Values, rate: int, milliseconds: float
) -> None:
    truth = pair[1]
    # At 96 kHz the shift is a whole number of frames.
    dense = resample(truth.samples, truth.rate, 96_000)
    shift = round(96 * milliseconds)
    moved = np.pad(dense, ((0, 0), (max(0, shift), 0)))[:, max(0, -shift) :]
    late = Audio(resample(moved, 96_000, rate), rate)
    evidence = beside(pair, measured, Sidecars(reference=late))
    for name in ("raw_si_sdr_db", "clean_si_sdr_db", "raw_estoi", "clean_estoi"):
        tolerance = 0.1 if "db" in name else 0.005
        assert evidence.scores[name].value == pytest.approx(values[name], abs=tolerance)
    [note] = evidence.notes
    way = "later" if milliseconds < 0 else "earlier"
    assert f"raw and clean {abs(milliseconds):.2f} ms {way}." in note


def test_a_sidecar_that_cannot_be_read_is_the_reason_of_what_needs_it(
    pair: Pair, measured: Both
) -> None:
    faults = Sidecars(script_fault="no text", reference_fault="no audio", notes=("Told.",))
    evidence = beside(pair, measured, faults)
    reasons = [score.reason for score in evidence.scores.values()]
    assert (reasons.count("no text"), reasons.count("no audio")) == (4, 7)
    assert evidence.notes == ("Told.",)
    assert evidence.scores["wer_raw_to_clean"].value is not None


def test_a_truth_may_have_another_rate_and_channel_count_but_not_another_length(
    pair: Pair, measured: Both, values: Values
) -> None:
    truth = pair[1]
    upsampled = resample(truth.samples, truth.rate, 48_000)
    stereo = Audio(np.concatenate([upsampled, upsampled]), 48_000)
    evidence = beside(pair, measured, Sidecars(reference=stereo))
    for name in ("raw_si_sdr_db", "clean_si_sdr_db", "clean_estoi"):
        assert evidence.scores[name].value == pytest.approx(values[name], abs=0.05)
    assert evidence.notes == ()
    longer = Audio(np.pad(truth.samples, ((0, 0), (0, truth.rate))), truth.rate)
    evidence = beside(pair, measured, Sidecars(reference=longer))
    reason = f"the truth lasts {longer.duration:.2f} s, the render {truth.duration:.2f} s"
    for name in ("clean_si_sdr_db", "estoi_improvement"):
        assert evidence.scores[name].reason == reason


# --- what is remembered


def test_a_signal_is_measured_once_and_a_changed_setting_costs_only_its_own_step(
    pair: Pair, profile: Profile, tmp_path: Path
) -> None:
    bit = Audio(pair[0].samples[:, : 4 * pair[0].rate], pair[0].rate)
    settings = profile.evaluation
    first, second, changed, other = (Steps(Cache(tmp_path)) for _ in range(4))
    once = suite.measure(bit, "a digest", settings, first)
    assert tuple(first.computed) == suite.STEPS
    assert suite.measure(bit, "a digest", settings, second) == once
    assert (second.computed, tuple(second.reused)) == ([], suite.STEPS)
    asr = settings.asr.model_copy(update={"beam_size": 1})
    suite.measure(bit, "a digest", settings.model_copy(update={"asr": asr}), changed)
    assert changed.computed == ["asr"]
    suite.measure(bit, "another digest", settings, other)
    assert tuple(other.computed) == suite.STEPS


def test_that_a_metric_is_undefined_is_remembered(profile: Profile, tmp_path: Path) -> None:
    silence = Audio(np.zeros((1, 24_000), np.float32), 24_000)
    once = suite.measure(silence, "silence", profile.evaluation, Steps(Cache(tmp_path)))
    second = Steps(Cache(tmp_path))
    assert suite.measure(silence, "silence", profile.evaluation, second) == once
    assert second.computed == []
    assert once.scores["lufs"].reason == "silent"


# --- the catalogue


def test_the_catalogue_describes_every_metric() -> None:
    for name, metric in METRICS.items():
        assert metric.name == name
        for text in (metric.label, metric.unit, metric.about, metric.formula, metric.where,
                     metric.limits, *(source.title for source in metric.sources)):  # fmt: skip
            assert text.strip() == text != ""
        assert metric.sources
        assert metric.direction in {"higher", "lower", "target", "none"}
    labels = [metric.label for metric in METRICS.values()]
    assert len(set(labels)) == len(labels)
