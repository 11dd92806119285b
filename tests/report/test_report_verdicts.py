from __future__ import annotations

from dataclasses import replace

import pytest

from stemsilver import report
from stemsilver.evaluation.catalogue import METRICS
from stemsilver.records import ItemResult, Score
from stemsilver.report import ScoredRender, scorecard_json
from stemsilver.report.scorecard.reader import parse_scorecard
from stemsilver.report.scorecard.verdicts import gate

from .planted_batch import FAILED, PROFILE, SCORECARD, make_item, scored


def passed(item: ScoredRender) -> dict[str, bool | None]:
    return {verdict.gate: verdict.passed for verdict in item.verdicts}


def test_the_gates_state_their_limits_in_words() -> None:
    assert {gate.gate: gate.limit for gate in report.gates(PROFILE)} == {
        "music_to_speech": "≤ −20 dB",
        "loudness": "−16 ± 0.5 LUFS",
        "true_peak": "≤ −1 dBTP",
        "wer": "≤ 10 % or ≤ 2 words",
        "stoi": "≥ 0.9",
    }
    # A gate is called by its name only with its own metric.
    assert gate("wer", "wer_raw_to_clean", None, 0.1).label == "WER raw to clean"
    assert gate("wer", "clean_lufs", None, -9.0).label == "Integrated loudness"


def test_a_gate_of_the_voice_is_there_once_the_profile_has_a_limit() -> None:
    limits = {"voice_similarity_min": 0.9, "voiced_kept_min": 0.8}
    strict = PROFILE.model_copy(update={"gates": PROFILE.gates.model_copy(update=limits)})
    item = make_item("a.wav", voice_similarity=0.9, voiced_kept=0.7999)
    [found] = report.judge_again(scored(item), strict).renders
    said = {one.gate: (one.label, one.limit, one.passed) for one in found.verdicts[5:]}
    assert said == {
        "voice_similarity": ("Voice similarity to raw", "≥ 0.9", True),
        "voiced_kept": ("Voiced speech kept", "≥ 80 %", False),
    }
    assert found.status == "gate_failed"


@pytest.mark.parametrize(
    ("gate", "metric", "inside", "outside"),
    [
        ("music_to_speech", "music_to_speech_db", -20.0, -19.999),
        ("loudness", "clean_lufs", -15.5, -15.499),
        ("loudness", "clean_lufs", -16.5, -16.501),
        ("true_peak", "clean_true_peak_dbtp", -1.0, -0.999),
        ("wer", "wer_raw_to_clean", 0.1, 0.1001),
        ("stoi", "stoi_vs_stage_a", 0.9, 0.8999),
    ],
)
def test_a_limit_is_inclusive_and_not_rounded(
    gate: str, metric: str, inside: float, outside: float
) -> None:
    at = make_item("at.wav", **{metric: inside})
    beyond = make_item("beyond.wav", **{metric: outside})
    found = scored(at, beyond).renders
    assert [passed(one)[gate] for one in found] == [True, False]
    assert [one.status for one in found] == ["pass", "gate_failed"]


def test_a_word_or_two_pass_whatever_their_share() -> None:
    short = [make_item(f"{n}.wav", wer_raw_to_clean=0.4, words_changed=n) for n in (2, 3)]
    found = scored(*short)
    assert [passed(one)["wer"] for one in found.renders] == [True, False]
    # As in a scorecard that is read back, which may name a metric that is not known here.
    values = scorecard_json(found)
    assert parse_scorecard(values) == found
    values["gates"][3]["allowance"]["metric"] = "vowels_changed"
    assert [passed(one)["wer"] for one in parse_scorecard(values).renders] == [False, False]


def test_a_null_score_neither_passes_nor_fails() -> None:
    bare = ItemResult(id="x", path="x.wav", output="x.wav")
    partly, never, failed = scored(make_item(stoi_vs_stage_a=None), bare, FAILED).renders
    assert (passed(partly)["stoi"], partly.status) == (None, "pass")
    assert never.scores == dict.fromkeys(METRICS, Score.missing("not_measured"))
    assert never.status == "unmeasured"
    assert failed.scores == dict.fromkeys(METRICS, Score.missing("unreadable"))
    assert set(passed(failed).values()) == {None}
    assert (failed.status, failed.output) == ("failed", None)


def test_only_the_level_of_a_render_without_music_is_judged() -> None:
    quiet = make_item(clean_lufs=-20.0, wer_raw_to_clean=0.5)
    found = scored(quiet, replace(quiet, id="b", lacks="music")).renders
    assert [one.status for one in found] == ["gate_failed", "nothing_to_remove"]
    assert [one.limit for one in found[1].verdicts][1:4:2] == ["≤ −15.5 LUFS", "none"]
    loud = replace(make_item(clean_lufs=-15.0), lacks="music")
    assert scored(loud).renders[0].status == "gate_failed"


def test_another_profile_judges_the_same_scores_again() -> None:
    lenient = PROFILE.gates.model_copy(update={"music_to_speech_db_max": -10.0})
    again = report.judge_again(SCORECARD, PROFILE.model_copy(update={"gates": lenient}))
    assert (SCORECARD.renders[1].status, again.renders[1].status) == ("gate_failed", "pass")
    assert passed(again.renders[1])["music_to_speech"] is True
    assert report.judge_again(again, PROFILE) == SCORECARD


def test_totals_and_the_verdict_of_a_batch() -> None:
    count = report.totals(SCORECARD)
    assert (count.items, count.cleaned, count.passed) == (4, 3, 1)
    assert (count.gate_failed, count.failed, count.unmeasured) == (1, 1, 1)
    assert count.audio_seconds == 90
    assert report.batch_verdict(count) == (
        "1 of 4 pass, 1 failed a gate, 1 could not be cleaned; gates not measurable on 1"
    )
    good = report.totals(scored(make_item("a.wav"), make_item("b.wav")))
    assert report.nothing_failed(good)
    assert report.batch_verdict(good) == "every render passes every gate"
    assert not report.nothing_failed(report.totals(scored(make_item(), FAILED)))
    assert not report.nothing_failed(report.totals(scored(make_item(music_to_speech_db=-12.0))))


def test_means_cover_the_renders_with_a_value_and_raw_and_clean_the_same() -> None:
    presence, estoi = (
        report.mean(SCORECARD, "clean_music_presence"),
        report.mean(SCORECARD, "clean_estoi"),
    )
    assert (presence.value, presence.count) == (pytest.approx(0.2), 2)
    assert (estoi.value, estoi.count) == (None, 0)
    one_sided = make_item("b.wav", raw_pause_floor_db=-99.0, clean_pause_floor_db=None)
    pair = report.raw_to_clean(scored(make_item("a.wav"), one_sided), "pause_floor_db")
    assert (pair.raw, pair.clean, pair.count) == (-20.0, -50.0, 1)


def test_the_headline() -> None:
    top = report.headline(SCORECARD)
    assert (top.items, top.minutes) == (4, 1.5)
    assert top.music_presence.raw == pytest.approx(0.9)
    assert top.music_presence.clean == pytest.approx(0.2)
    assert top.pause_floor_db.clean == -50
    assert top.dnsmos_ovrl.clean == 3.25
    assert top.wer_raw_to_clean.value == pytest.approx(0.05)
    nothing = report.headline(scored())
    assert (nothing.items, nothing.minutes, nothing.music_presence.raw) == (0, 0, None)


def test_treacherous_characters_are_shown() -> None:
    assert report.visible("plain – ünïcode 👩‍💻 'quotes' \\") == "plain – ünïcode 👩‍💻 'quotes' \\"
    assert report.visible("a\nb\x1b\u202egpj.wav\udc80") == r"a\nb\x1b\u202egpj.wav\udc80"
