from __future__ import annotations

import pytest

from stemsilver.config import Profile
from stemsilver.evaluation.catalogue import METRICS
from stemsilver.records import ItemResult, Score
from stemsilver.report import (
    Scorecard,
    ScoredRender,
    batch_verdict,
    display_unit,
    format_score,
    format_value,
    gates,
    headline,
    judge_again,
    mean,
    nothing_failed,
    raw_to_clean,
    totals,
    visible,
)
from stemsilver.report.scorecard.verdicts import gate

from .conftest import ItemFactory, ScorecardFactory


def passed(item: ScoredRender) -> dict[str, bool | None]:
    return {verdict.gate: verdict.passed for verdict in item.verdicts}


def test_the_gates_state_their_limits_in_words(profile: Profile) -> None:
    assert {gate.gate: gate.limit for gate in gates(profile)} == {
        "music_to_speech": "≤ −20 dB",
        "loudness": "−16 ± 0.5 LUFS",
        "true_peak": "≤ −1 dBTP",
        "wer": "≤ 10 %",
        "stoi": "≥ 0.9",
    }
    assert all(gate.metric in METRICS for gate in gates(profile))


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
    make_scorecard: ScorecardFactory,
    make_item: ItemFactory,
    gate: str,
    metric: str,
    inside: float,
    outside: float,
) -> None:
    items = make_item("at.wav", {metric: inside}), make_item("beyond.wav", {metric: outside})
    at, beyond = make_scorecard(*items).renders
    assert passed(at)[gate] is True
    assert passed(beyond)[gate] is False
    assert (at.status, beyond.status) == ("pass", "gate_failed")


def test_a_null_score_neither_passes_nor_fails(
    make_scorecard: ScorecardFactory, make_item: ItemFactory
) -> None:
    [item] = make_scorecard(make_item(values={"stoi_vs_stage_a": None})).renders
    assert passed(item)["stoi"] is None
    assert item.status == "pass"


def test_a_failed_render_has_every_metric_null_with_its_code(
    make_scorecard: ScorecardFactory, failed_item: ItemResult
) -> None:
    [item] = make_scorecard(failed_item).renders
    assert item.scores == dict.fromkeys(METRICS, Score.missing("unreadable"))
    assert set(passed(item).values()) == {None}
    assert (item.status, item.output) == ("failed", None)


def test_a_metric_never_taken_is_null(make_scorecard: ScorecardFactory) -> None:
    [bare] = make_scorecard(ItemResult(id="x", path="x.wav", output="x.wav")).renders
    assert set(bare.scores.values()) == {Score.missing("not_measured")}
    assert list(bare.scores) == list(METRICS)


def test_a_gate_is_called_by_its_name_only_with_its_own_metric() -> None:
    assert gate("wer", "wer_raw_to_clean", None, 0.1).label == "WER raw to clean"
    assert gate("wer", "clean_lufs", None, -9.0).label == "Integrated loudness"


def test_another_profile_judges_the_same_scores_again(
    scorecard: Scorecard, profile: Profile
) -> None:
    lenient = profile.gates.model_copy(update={"music_to_speech_db_max": -10.0})
    again = judge_again(scorecard, profile.model_copy(update={"gates": lenient}))
    assert [item.status for item in scorecard.renders][1] == "gate_failed"
    assert [item.status for item in again.renders][1] == "pass"
    assert passed(again.renders[1])["music_to_speech"] is True
    assert judge_again(again, profile) == scorecard


def test_totals_and_the_verdict_of_a_batch(scorecard: Scorecard) -> None:
    count = totals(scorecard)
    assert (count.items, count.cleaned, count.passed) == (4, 3, 1)
    assert (count.gate_failed, count.failed, count.unmeasured) == (1, 1, 1)
    assert count.audio_seconds == 90
    assert batch_verdict(count) == (
        "1 of 4 pass, 1 failed a gate, 1 could not be cleaned; gates not measurable on 1"
    )
    assert not nothing_failed(count)


def test_a_good_batch(make_scorecard: ScorecardFactory, make_item: ItemFactory) -> None:
    good = make_scorecard(make_item("a.wav"), make_item("b.wav"))
    count = totals(good)
    assert nothing_failed(count)
    assert batch_verdict(count) == "every render passes every gate"


def test_one_failed_render_is_not_good(
    make_scorecard: ScorecardFactory,
    make_item: ItemFactory,
    failed_item: ItemResult,
) -> None:
    assert not nothing_failed(totals(make_scorecard(make_item(), failed_item)))


def test_means_cover_the_renders_with_a_value(scorecard: Scorecard) -> None:
    assert mean(scorecard, "clean_music_presence").value == pytest.approx(0.2)
    assert mean(scorecard, "clean_music_presence").count == 2
    assert mean(scorecard, "clean_estoi").value is None
    assert mean(scorecard, "clean_estoi").count == 0


def test_raw_and_clean_means_cover_the_same_renders(
    make_scorecard: ScorecardFactory, make_item: ItemFactory
) -> None:
    one_sided = make_item("b.wav", {"raw_pause_floor_db": -99.0, "clean_pause_floor_db": None})
    pair = raw_to_clean(make_scorecard(make_item("a.wav"), one_sided), "pause_floor_db")
    assert (pair.raw, pair.clean, pair.count) == (-20.0, -50.0, 1)


def test_the_headline(scorecard: Scorecard) -> None:
    top = headline(scorecard)
    assert (top.items, top.minutes) == (4, 1.5)
    assert top.music_presence.raw == pytest.approx(0.9)
    assert top.music_presence.clean == pytest.approx(0.2)
    assert top.pause_floor_db.clean == -50
    assert top.dnsmos_ovrl.clean == 3.25
    assert top.wer_raw_to_clean.value == pytest.approx(0.05)


def test_the_headline_of_nothing(make_scorecard: ScorecardFactory) -> None:
    top = headline(make_scorecard())
    assert (top.items, top.minutes, top.music_presence.raw) == (0, 0, None)


@pytest.mark.parametrize(
    ("name", "score", "text"),
    [
        ("music_to_speech_db", Score(-24.04), "−24.0"),
        ("music_to_speech_db", Score(-0.01), "0.0"),
        ("stoi_vs_stage_a", Score(0.95), "0.950"),
        ("wer_raw_to_clean", Score(0.0526), "5.3 %"),
        ("clean_script_wer", Score(1.5), "150.0 %"),
        ("wer_raw_to_clean", Score.missing("no_speech"), "—"),
    ],
)
def test_scores_as_text(name: str, score: Score, text: str) -> None:
    assert format_score(name, score) == text
    assert format_value(name, score.value) == text


def test_units_as_shown() -> None:
    assert display_unit("wer_raw_to_clean") == "%"
    assert display_unit("clean_lufs") == "LUFS"


def test_treacherous_characters_are_shown() -> None:
    assert visible("plain – ünïcode 👩‍💻 'quotes' \\") == "plain – ünïcode 👩‍💻 'quotes' \\"
    assert visible("a\nb\x1b\u202egpj.wav\udc80") == r"a\nb\x1b\u202egpj.wav\udc80"
