"""Two scorecards compared: what a change means, what is compared, and what comes first."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from stemsilver.evaluation.catalogue import METRICS
from stemsilver.report import Scorecard, change, check_guardrail, diff, diff_json, listings

from .cards import GATES, card, failed, item


@pytest.mark.parametrize(
    ("metric", "base", "head", "sense"),
    [
        ("clean_dnsmos_ovrl", 3.0, 3.1, "better"),
        ("clean_dnsmos_ovrl", 3.1, 3.0, "worse"),
        ("wer_raw_to_clean", 0.05, 0.0, "better"),
        ("wer_raw_to_clean", 0.0, 0.05, "worse"),
        ("clean_true_peak_dbtp", -1.5, -3.0, "changed"),
        ("raw_music_presence", 0.9, 0.1, "changed"),
        ("clean_lufs", -16.4, -16.1, "better"),
        ("clean_lufs", -16.1, -15.5, "worse"),
        ("clean_lufs", -16.2, -15.8, "changed"),
        ("clean_lufs", -16.2, -16.2, "same"),
        ("stoi_vs_stage_a", 0.95, None, "lost"),
        ("stoi_vs_stage_a", None, 0.95, "gained"),
        ("clean_estoi", None, None, None),
    ],
)
def test_every_verdict(
    metric: str, base: float | None, head: float | None, sense: str | None
) -> None:
    [compared] = diff(card(item(**{metric: base})), card(item(**{metric: head}))).compared
    found = compared.changes.get(metric)
    assert (found.sense if found else None) == sense
    if found:
        assert found.regressed == (sense in ("worse", "lost"))
        assert (found.severity > 0) == found.regressed
        assert (found.sense == "worse") == (0 < found.severity < math.inf)


@pytest.mark.parametrize("name", METRICS)
def test_a_difference_up_to_the_tolerance_is_the_same(name: str) -> None:
    tolerance = METRICS[name].tolerance
    assert tolerance >= 0.5 * 10 ** -METRICS[name].digits, "it is smaller than what is shown"
    # As far from any rounding edge as can be, so that the two do not read alike.
    at = 0.25 if METRICS[name].unit in ("fraction", "0–1", "probability") else 2.5
    assert change(name, at, at + tolerance).sense == "same"
    assert change(name, at, at - tolerance).sense == "same"
    assert change(name, at, at + 2.1 * tolerance, 0.0).sense != "same"


def test_what_reads_alike_is_the_same_and_loudness_without_a_gate_has_no_better() -> None:
    assert abs(3.0149 - 3.0051) > METRICS["clean_dnsmos_ovrl"].tolerance
    assert change("clean_dnsmos_ovrl", 3.0149, 3.0051).sense == "same"
    [found] = diff(card(item(), gates=()), card(item(clean_lufs=-30.0))).compared
    assert found.changes["clean_lufs"].sense == "changed"


def test_severity_counts_tolerances() -> None:
    tolerance = METRICS["music_to_speech_db"].tolerance
    assert change("music_to_speech_db", -24, -24 + 10 * tolerance).severity == pytest.approx(10)
    lufs = METRICS["clean_lufs"].tolerance
    found = change("clean_lufs", -16 - 2 * lufs, -16 + 8 * lufs, -16.0)
    assert (found.sense, found.severity) == ("worse", pytest.approx(6))


def test_the_worst_comes_first_and_the_better_last() -> None:
    base = card(item("a"), item("b"), item("c"))
    head = card(
        item("a", clean_dnsmos_ovrl=3.5, clean_true_peak_dbtp=-2.0),
        item("b", clean_dnsmos_ovrl=2.9, music_to_speech_db=-20.0),
        item("c", stoi_vs_stage_a=None, clean_estoi=0.5, clean_dnsmos_ovrl=2.8),
    )
    found = diff(base, head)
    assert [(row.item.id, row.change.metric, row.change.sense) for row in found.rows] == [
        ("c", "stoi_vs_stage_a", "lost"),
        ("b", "music_to_speech_db", "worse"),
        ("c", "clean_dnsmos_ovrl", "worse"),
        ("b", "clean_dnsmos_ovrl", "worse"),
        ("a", "clean_true_peak_dbtp", "changed"),
        ("c", "clean_estoi", "gained"),
        ("a", "clean_dnsmos_ovrl", "better"),
    ]
    assert len(found.regressed) == 4


def test_renders_are_compared_only_where_both_cleaned_the_same_audio() -> None:
    # Audio that a card does not name is taken for the same.
    unnamed = (item("x"), item("y", None), item("z", None)), (item("x", None), item("y"))
    old = item("same"), item("other"), item("gone"), item("failing")
    new = item("same"), item("other", "bbbb", clean_dnsmos_ovrl=1.0), item("new"), item("mended")
    found = diff(
        card(*old, failed("mended"), failed("both"), *unnamed[0]),
        card(*new, failed("failing"), failed("both"), *unnamed[1], item("z", None)),
    )
    assert [one.id for one in found.compared] == ["same", "x", "y", "z"]
    apart = (found.other_audio, found.added, found.removed, found.failing, found.mended)
    names = ["other", "new", "gone", "failing", "mended", "both"]
    assert [one.id for [one] in (*apart, found.failing_still)] == names
    assert found.rows == ()


@pytest.mark.parametrize(
    ("head", "alike"),
    [
        (card(item("a"), item("b"), failed("c"), commit="abcd"), True),
        (card(item("a", clean_dnsmos_ovrl=3.004), item("b"), failed("c")), True),  # noise
        (card(item("a"), failed("c")), False),
        (card(item("a"), item("b")), False),
        (card(item("a"), item("b"), item("c")), False),
        (card(item("a"), item("b", "bbbb"), failed("c")), False),
        (card(item("a"), failed("b"), failed("c")), False),
        (card(item("a"), item("b", clean_true_peak_dbtp=-1.6), failed("c")), False),
        (card(item("a"), item("b"), failed("c"), item("d")), False),
    ],
)
def test_nothing_changed_only_where_nothing_did(head: Scorecard, alike: bool) -> None:
    base = card(item("a"), item("b"), failed("c"))
    assert diff(base, head).nothing_changed == alike


def test_means_are_over_what_both_measured() -> None:
    base = card(item("a", clean_dnsmos_ovrl=2.0), item("b"), item("c", clean_dnsmos_ovrl=None))
    head = card(item("a", clean_dnsmos_ovrl=4.0), item("b", clean_dnsmos_ovrl=None), item("c"))
    found = diff(base, head)
    means = {one.change.metric: one for one in found.means}
    ovrl = means["clean_dnsmos_ovrl"]
    assert (ovrl.change.base, ovrl.change.head, ovrl.count) == (2.0, 4.0, 1)
    assert ovrl.change.sense == "better"
    assert means["stoi_vs_stage_a"].count == 3
    assert "clean_estoi" not in means


def test_verdicts_are_by_the_bases_gates_and_noise_takes_nothing_across_a_limit() -> None:
    looser = tuple(gate for gate in GATES if gate.metric != "wer_raw_to_clean")
    found = diff(card(item()), card(item(wer_raw_to_clean=0.5), gates=looser))
    assert [(one.was, one.now) for one in found.reversed_verdicts] == [("pass", "gate_failed")]
    assert found.other_rules
    assert not diff(card(item()), card(item())).other_rules

    failing = item(wer_raw_to_clean=0.5)
    assert failing.status == "gate_failed"
    found = diff(card(failing, gates=looser), card(failing))
    assert [(one.was, one.now) for one in found.compared] == [("pass", "pass")]

    at = card(item(wer_raw_to_clean=0.1))
    assert diff(at, card(item(wer_raw_to_clean=0.1004))).reversed_verdicts == ()
    [beyond] = diff(at, card(item(wer_raw_to_clean=0.101))).reversed_verdicts
    assert beyond.now == "gate_failed"


def test_json_has_every_metric_of_every_render_and_no_infinity() -> None:
    base = card(item("a"), item("b"))
    head = card(item("a", stoi_vs_stage_a=0.8), item("b", clean_lufs=None), item("c"))
    found = diff(base, head)
    told = json.loads(json.dumps(diff_json(found, check_guardrail(found)), allow_nan=False))
    assert [one["id"] for one in told["items"]] == ["a", "b"]
    assert told["items"][0]["metrics"]["stoi_vs_stage_a"] == {
        "base": 0.95,
        "head": 0.8,
        "delta": pytest.approx(-0.15),
        "direction": "higher",
        "verdict": "worse",
        "severity": pytest.approx(300),
    }
    assert told["items"][1]["metrics"]["clean_lufs"]["severity"] is None
    assert told["added"] == [{"id": "c", "path": "c.wav"}]
    assert (told["passed"], told["nothing_changed"]) == (False, False)
    assert told["means"]["stoi_vs_stage_a"]["count"] == 2


def test_a_render_heard_in_another_language_is_named() -> None:
    german, french, unknown = (replace(item(), language=code) for code in ("de", "fr", None))
    for base, head, told in (
        (german, french, [("a.wav", "German → French")]),
        (german, german, []),
        (unknown, german, []),
    ):
        found = diff(card(base), card(head))
        named = [one.entries for one in listings(found, ()) if "another language" in one.title]
        assert [entry for entries in named for entry in entries] == told
        [entry] = diff_json(found, ())["items"]
        assert entry["language"] == {"base": base.language, "head": head.language}
