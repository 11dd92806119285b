"""The promotion rule on planted scorecards, on all sides of every limit."""

from __future__ import annotations

import pytest

from stemsilver.config import Promotion
from stemsilver.records import Score
from stemsilver.report import Check, Ruling, ScoredRender, rule_on

from .cards import card, failed, item

RULE = Promotion(music_suppression_gain_db_min=3.0, stoi_drop_max=0.01, wer_rise_max=0.0)
LESS = {"music_to_speech_db": -27.0}
"""Just enough less music than the planted −24 dB."""


def judged(before: ScoredRender, after: ScoredRender, rule: Promotion = RULE) -> Ruling:
    return rule_on(card(before), card(after), rule)


def part(ruling: Ruling, name: str) -> Check:
    [found] = [one for one in ruling.checks if one.name == name]
    return found


def test_the_limits_themselves_promote() -> None:
    ruling = judged(item(), item(music_to_speech_db=-27.0, stoi_vs_stage_a=0.94))
    assert [one.passed for one in ruling.checks] == [True] * 5
    assert ruling.judgement == "promoted"
    assert ruling.sentence == "is promoted: every part of the rule holds"


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


def test_a_word_error_rate_within_its_noise_is_no_loss() -> None:
    assert judged(item(), item(**LESS, wer_raw_to_clean=0.0505)).judgement == "promoted"


def test_the_limits_are_those_of_the_rule() -> None:
    after = item(music_to_speech_db=-24.5, stoi_vs_stage_a=0.91, wer_raw_to_clean=0.07)
    loose = Promotion(music_suppression_gain_db_min=0.5, stoi_drop_max=0.04, wer_rise_max=0.02)
    assert judged(item(), after).judgement == "not_promoted"
    assert judged(item(), after, loose).judgement == "promoted"


@pytest.mark.parametrize(
    ("metric", "name"),
    [
        ("music_to_speech_db", "music_suppression"),
        ("stoi_vs_stage_a", "stoi"),
        ("wer_raw_to_clean", "wer"),
    ],
)
def test_what_no_render_has_cannot_be_judged(metric: str, name: str) -> None:
    ruling = judged(item(**{metric: None}), item(**{**LESS, metric: None}))
    assert part(ruling, name).passed is None
    assert part(ruling, name).found == "nothing to measure: silent"
    assert ruling.judgement == "not_judged"
    assert ruling.sentence.startswith("cannot be judged, so it is not promoted: ")


def test_a_value_that_is_lost_on_one_render_cannot_be_judged() -> None:
    before = card(item("a"), item("b"))
    after = card(item("a", **LESS), item("b", music_to_speech_db=None))
    ruling = rule_on(before, after, RULE)
    assert part(ruling, "music_suppression").passed is None
    assert "1 render cannot be measured any more" in part(ruling, "music_suppression").found
    assert ruling.judgement == "not_judged"


def test_a_mean_that_fails_fails_whatever_else_is_lost() -> None:
    before = card(item("a"), item("b"))
    after = card(item("a"), item("b", music_to_speech_db=None))
    ruling = rule_on(before, after, RULE)
    assert part(ruling, "music_suppression").passed is False
    assert ruling.judgement == "not_promoted"


def test_a_render_that_neither_measured_takes_no_part() -> None:
    silent = dict.fromkeys(("music_to_speech_db", "stoi_vs_stage_a", "wer_raw_to_clean"))
    ruling = rule_on(
        card(item("a"), item("b", **silent)), card(item("a", **LESS), item("b", **silent)), RULE
    )
    assert ruling.judgement == "promoted"
    assert part(ruling, "stoi").found.endswith("mean of 1 render")


def test_a_reason_in_words_of_others_is_not_repeated() -> None:
    crashed = item()
    scores = {**crashed.scores, "music_to_speech_db": Score.missing("crashed: <script>")}
    hostile = ScoredRender(**{**vars(crashed), "scores": scores})
    assert part(judged(hostile, hostile), "music_suppression").found == "nothing to measure"


def test_means_are_over_all_renders_that_both_measured() -> None:
    before = card(item("a"), item("b"))
    # 5 and 1 dB less: 3 on the mean.
    after = card(item("a", music_to_speech_db=-29.0), item("b", music_to_speech_db=-25.0))
    assert rule_on(before, after, RULE).judgement == "promoted"


def test_words_are_counted_against_the_script_where_there_is_one() -> None:
    # From raw to clean it reads worse, against the script better: the music was misheard in raw.
    before = item(clean_script_wer=0.10, wer_raw_to_clean=0.0)
    after = item(**LESS, clean_script_wer=0.02, wer_raw_to_clean=0.08)
    ruling = judged(before, after)
    assert ruling.judgement == "promoted"
    assert part(ruling, "wer").found == (
        "10.0 % → 2.0 %, 8.0 points lower; mean of 1 render, all against the script"
    )
    without = rule_on(card(before, item("b")), card(after, item("b", **LESS)), RULE)
    assert "mean of 2 renders, 1 against the script" in part(without, "wer").found


def test_a_render_that_newly_fails_is_never_promoted() -> None:
    before = card(item("a"), item("b"))
    ruling = rule_on(before, card(item("a", **LESS), failed("b")), RULE)
    assert ruling.judgement == "not_promoted"
    assert part(ruling, "failures").renders == ("b.wav",)
    # One that failed before and still does costs nothing.
    both = rule_on(card(item("a"), failed("b")), card(item("a", **LESS), failed("b")), RULE)
    assert both.judgement == "promoted"


def test_a_render_that_newly_fails_a_gate_is_never_promoted() -> None:
    before = card(item("a"), item("b", wer_raw_to_clean=0.09))
    after = card(item("a", **LESS, wer_raw_to_clean=0.0), item("b", **LESS, wer_raw_to_clean=0.11))
    ruling = rule_on(before, after, RULE)
    assert part(ruling, "wer").passed is True
    assert part(ruling, "gates").renders == ("b.wav",)
    assert ruling.judgement == "not_promoted"


def test_nothing_cleaned_by_both_is_no_promotion() -> None:
    assert judged(failed(), item(**LESS)).judgement == "not_judged"
    assert judged(item(), failed()).judgement == "not_promoted"


def test_other_renders_cannot_be_judged() -> None:
    ruling = rule_on(card(item("a")), card(item("a", **LESS), item("b", **LESS)), RULE)
    assert ruling.judgement == "not_judged"
    assert part(ruling, "batch").renders == ("b.wav",)
    other = judged(item("a"), item("a", digest="bbbb", **LESS))
    assert other.judgement == "not_judged"


def test_witnesses_decide_nothing_and_are_heard() -> None:
    after = item(**LESS, clean_music_presence=0.2, clean_dnsmos_ovrl=3.2)
    ruling = judged(item(), after)
    assert ruling.judgement == "promoted"
    assert {one.change.metric: one.change.sense for one in ruling.witnesses} == {
        "clean_music_presence": "worse",
        "clean_dnsmos_ovrl": "better",
    }
    assert ruling.because == (
        "every part of the rule holds, but it is worse by music presence, so listen first"
    )


def test_a_witness_that_the_candidate_has_lost_is_heard_too() -> None:
    after = item(**LESS, clean_music_presence=None, clean_dnsmos_ovrl=2.0)
    ruling = judged(item(), after)
    assert ruling.judgement == "promoted"
    assert {one.change.metric: one.change.sense for one in ruling.witnesses} == {
        "clean_music_presence": "lost",
        "clean_dnsmos_ovrl": "worse",
    }
    assert ruling.because == (
        "every part of the rule holds, but it is worse by DNSMOS overall, and can no longer be "
        "measured by music presence, so listen first"
    )
