"""The promotion rule on planted scorecards, on all sides of every limit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stemsilver.config import Promotion
from stemsilver.records import Score
from stemsilver.report import Check, Ruling, ScoredRender, rule_on

from .cards import card, failed, item

RULE = Promotion(music_suppression_gain_db_min=3.0, stoi_drop_max=0.01, wer_rise_max=0.0)
LESS = {"music_to_speech_db": -27.0}
"""Just enough less music than the planted −24 dB."""
A, B, GOOD, NO_MUSIC = item("a"), item("b"), item("a", **LESS), item("b", music_to_speech_db=None)
LOST = "can no longer be measured"
SILENT = dict.fromkeys(("music_to_speech_db", "stoi_vs_stage_a", "wer_raw_to_clean"))


def rule(
    before: tuple[ScoredRender, ...], after: tuple[ScoredRender, ...], by: Promotion = RULE
) -> Ruling:
    return rule_on(card(*before), card(*after), by)


def judged(before: ScoredRender, after: ScoredRender, by: Promotion = RULE) -> Ruling:
    return rule((before,), (after,), by)


def part(ruling: Ruling, name: str) -> Check:
    [found] = [one for one in ruling.checks if one.name == name]
    return found


def test_the_limits_themselves_promote() -> None:
    ruling = judged(item(), item(music_to_speech_db=-27.0, stoi_vs_stage_a=0.94))
    assert [one.passed for one in ruling.checks] == [True] * 5
    assert ruling.judgement == "promoted"
    assert ruling.sentence == "is promoted: every part of the rule holds"
    # A word error rate within its noise is no loss.
    assert judged(item(), item(**LESS, wer_raw_to_clean=0.0505)).judgement == "promoted"


@pytest.mark.parametrize(
    ("values", "broken", "found"),
    [
        ({"music_to_speech_db": -26.99}, "music_suppression", "−24.0 → −27.0 dB, 2.99 dB less"),
        ({"music_to_speech_db": -24.0}, "music_suppression", "−24.0 → −24.0 dB, the same;"),
        ({"music_to_speech_db": -20.5}, "music_suppression", "−24.0 → −20.5 dB, 3.5 dB more"),
        ({**LESS, "stoi_vs_stage_a": 0.9399}, "stoi", "0.950 → 0.940, 0.0101 lower"),
        ({**LESS, "wer_raw_to_clean": 0.0506}, "wer", "5.0 % → 5.1 %, 0.06 points higher"),
    ],
)
def test_a_hair_beyond_a_limit_does_not(values: dict[str, float], broken: str, found: str) -> None:
    ruling = judged(item(), item(**values))
    assert [one.name for one in ruling.checks if one.passed is False] == [broken]
    assert ruling.judgement == "not_promoted"
    # What is shown never reads like the limit that it misses.
    assert part(ruling, broken).found.startswith(found)
    assert ruling.sentence.startswith("is not promoted: ")


def test_the_limits_are_those_of_the_rule() -> None:
    after = item(music_to_speech_db=-24.5, stoi_vs_stage_a=0.91, wer_raw_to_clean=0.07)
    loose = Promotion(music_suppression_gain_db_min=0.5, stoi_drop_max=0.04, wer_rise_max=0.02)
    assert judged(item(), after).judgement == "not_promoted"
    assert judged(item(), after, loose).judgement == "promoted"


@pytest.mark.parametrize(
    ("metric", "name"), [*zip(SILENT, ("music_suppression", "stoi", "wer"), strict=True)]
)
def test_what_no_render_has_cannot_be_judged(metric: str, name: str) -> None:
    ruling = judged(item(**{metric: None}), item(**{**LESS, metric: None}))
    assert part(ruling, name).passed is None
    assert part(ruling, name).found == "nothing to measure: silent"
    assert ruling.judgement == "not_judged"
    assert ruling.sentence.startswith("cannot be judged, so it is not promoted: ")


def test_a_value_that_is_lost_on_one_render_cannot_be_judged() -> None:
    ruling = rule((A, B), (GOOD, NO_MUSIC))
    assert part(ruling, "music_suppression").passed is None
    assert "1 render cannot be measured any more" in part(ruling, "music_suppression").found
    assert ruling.judgement == "not_judged"
    # A mean that fails fails whatever else is lost.
    ruling = rule((A, B), (A, NO_MUSIC))
    assert part(ruling, "music_suppression").passed is False
    assert ruling.judgement == "not_promoted"


def test_means_are_over_all_renders_that_both_measured() -> None:
    silent = item("b", **SILENT)
    ruling = rule((A, silent), (GOOD, silent))
    assert ruling.judgement == "promoted"
    assert part(ruling, "stoi").found.endswith("mean of 1 render")
    # 5 and 1 dB less: 3 on the mean.
    after = item("a", music_to_speech_db=-29.0), item("b", music_to_speech_db=-25.0)
    assert rule((A, B), after).judgement == "promoted"


def test_a_reason_in_words_of_others_is_not_repeated() -> None:
    crashed = Score.missing("crashed: <script>")
    hostile = replace(A, scores={**A.scores, "music_to_speech_db": crashed})
    assert part(judged(hostile, hostile), "music_suppression").found == "nothing to measure"


def test_words_are_counted_against_the_script_where_there_is_one() -> None:
    # From raw to clean it reads worse, against the script better: the music was misheard in raw.
    before = item(clean_script_wer=0.10, wer_raw_to_clean=0.0)
    after = item(**LESS, clean_script_wer=0.02, wer_raw_to_clean=0.08)
    ruling = judged(before, after)
    assert ruling.judgement == "promoted"
    assert part(ruling, "wer").found == (
        "10.0 % → 2.0 %, 8.0 points lower; mean of 1 render, all against the script"
    )
    without = rule((before, B), (after, item("b", **LESS)))
    assert "mean of 2 renders, 1 against the script" in part(without, "wer").found


def test_a_render_that_newly_fails_is_never_promoted() -> None:
    ruling = rule((A, B), (GOOD, failed("b")))
    assert ruling.judgement == "not_promoted"
    assert part(ruling, "failures").renders == ("b.wav",)
    # One that failed before and still does costs nothing.
    assert rule((A, failed("b")), (GOOD, failed("b"))).judgement == "promoted"

    after = item("a", **LESS, wer_raw_to_clean=0.0), item("b", **LESS, wer_raw_to_clean=0.11)
    ruling = rule((A, item("b", wer_raw_to_clean=0.09)), after)
    assert part(ruling, "wer").passed is True
    assert part(ruling, "gates").renders == ("b.wav",)
    assert ruling.judgement == "not_promoted"


def test_other_renders_or_none_that_both_cleaned_are_no_promotion() -> None:
    assert judged(failed(), GOOD).judgement == "not_judged"
    assert judged(A, failed()).judgement == "not_promoted"
    ruling = rule((A,), (GOOD, item("b", **LESS)))
    assert ruling.judgement == "not_judged"
    assert part(ruling, "batch").renders == ("b.wav",)
    assert judged(A, item("a", "bbbb", **LESS)).judgement == "not_judged"


@pytest.mark.parametrize(
    ("presence", "ovrl", "senses", "because"),
    [
        (0.2, 3.2, ("worse", "better"), "worse by music presence"),
        (None, 2.0, ("lost", "worse"), f"worse by DNSMOS overall, and {LOST} by music presence"),
    ],
)
def test_witnesses_decide_nothing_and_are_heard(
    presence: float | None, ovrl: float, senses: tuple[str, str], because: str
) -> None:
    after = item(**LESS, clean_music_presence=presence, clean_dnsmos_ovrl=ovrl)
    ruling = judged(item(), after)
    assert ruling.judgement == "promoted"
    found = {one.change.metric: one.change.sense for one in ruling.witnesses}
    assert (found["clean_music_presence"], found["clean_dnsmos_ovrl"]) == senses
    assert len(found) == 2
    assert ruling.because == f"every part of the rule holds, but it is {because}, so listen first"
