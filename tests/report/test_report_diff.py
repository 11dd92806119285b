"""Two scorecards compared: what a change means, what is compared, and what comes first."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stemsilver.evaluation.catalogue import METRICS
from stemsilver.report import Change, ChangeKind, change, check_guardrail, diff, diff_json

from .cards import GATES, card, failed, item

VALUES = st.floats(-200, 200, allow_nan=False) | st.none()


def only(metric: str, base: float | None, head: float | None) -> Change | None:
    """The change of one metric of one render, as a diff has it."""
    found = diff(card(item(**{metric: base})), card(item(**{metric: head})))
    return found.compared[0].changes.get(metric)


@pytest.mark.parametrize(
    ("metric", "base", "head", "sense"),
    [
        ("clean_dnsmos_ovrl", 3.0, 3.1, "better"),
        ("clean_dnsmos_ovrl", 3.1, 3.0, "worse"),
        ("wer_raw_to_clean", 0.05, 0.0, "better"),
        ("wer_raw_to_clean", 0.0, 0.05, "worse"),
        ("clean_true_peak_dbtp", -1.5, -3.0, "changed"),
        ("raw_music_presence", 0.9, 0.1, "changed"),
        ("raw_lufs", -20.0, -16.0, "changed"),
        ("clean_lufs", -16.4, -16.1, "better"),
        ("clean_lufs", -16.1, -15.5, "worse"),
        ("clean_lufs", -16.2, -15.8, "changed"),
        ("clean_lufs", -16.2, -16.2, "same"),
        ("stoi_vs_stage_a", 0.95, None, "lost"),
        ("stoi_vs_stage_a", None, 0.95, "gained"),
    ],
)
def test_every_verdict(
    metric: str, base: float | None, head: float | None, sense: ChangeKind
) -> None:
    found = only(metric, base, head)
    assert found is not None
    assert found.sense == sense
    assert found.regressed == (sense in ("worse", "lost"))
    assert (found.severity > 0) == found.regressed


def test_what_neither_measured_is_not_in_it() -> None:
    assert only("clean_estoi", None, None) is None


@pytest.mark.parametrize("name", METRICS)
def test_a_difference_up_to_the_tolerance_is_the_same(name: str) -> None:
    tolerance = METRICS[name].tolerance
    # As far from any rounding edge as can be, so that the two do not read alike.
    at = 0.25 if METRICS[name].unit in ("fraction", "0–1", "probability") else 2.5
    assert change(name, at, at + tolerance).sense == "same"
    assert change(name, at, at - tolerance).sense == "same"
    assert change(name, at, at + 2.1 * tolerance, 0.0).sense != "same"


@pytest.mark.parametrize("name", METRICS)
def test_no_tolerance_is_smaller_than_what_is_shown(name: str) -> None:
    assert METRICS[name].tolerance >= 0.5 * 10 ** -METRICS[name].digits


def test_what_reads_alike_is_the_same() -> None:
    assert abs(3.0149 - 3.0051) > METRICS["clean_dnsmos_ovrl"].tolerance
    assert change("clean_dnsmos_ovrl", 3.0149, 3.0051).sense == "same"


def test_severity_counts_tolerances() -> None:
    tolerance = METRICS["music_to_speech_db"].tolerance
    assert change("music_to_speech_db", -24, -24 + 10 * tolerance).severity == pytest.approx(10)
    lufs = METRICS["clean_lufs"].tolerance
    found = change("clean_lufs", -16 - 2 * lufs, -16 + 8 * lufs, -16.0)
    assert (found.sense, found.severity) == ("worse", pytest.approx(6))


def test_loudness_without_a_gate_in_the_base_has_no_better() -> None:
    found = diff(card(item(), gates=()), card(item(clean_lufs=-30.0)))
    assert found.compared[0].changes["clean_lufs"].sense == "changed"


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
    base = card(
        item("same"), item("other"), item("gone"), failed("mended"), item("failing"), failed("both")
    )
    head = card(
        item("same"),
        item("other", digest="bbbb", clean_dnsmos_ovrl=1.0),
        item("new"),
        item("mended"),
        failed("failing"),
        failed("both"),
    )
    found = diff(base, head)

    def ids(name: str) -> list[str]:
        return [one.id for one in getattr(found, name)]

    assert ids("compared") == ["same"]
    assert ids("other_audio") == ["other"]
    assert (ids("added"), ids("removed")) == (["new"], ["gone"])
    assert (ids("failing"), ids("mended"), ids("failing_still")) == (
        ["failing"],
        ["mended"],
        ["both"],
    )
    assert found.rows == ()
    assert not found.nothing_changed


@pytest.mark.parametrize(("one", "other"), [(None, "aaaa"), ("aaaa", None), (None, None)])
def test_audio_that_a_card_does_not_name_is_taken_for_the_same(
    one: str | None, other: str | None
) -> None:
    found = diff(card(item(digest=one)), card(item(digest=other)))
    assert len(found.compared) == 1


@pytest.mark.parametrize(
    "head",
    [
        card(item("a"), item("b"), failed("c")),
        card(item("a"), failed("c")),
        card(item("a"), item("b")),
        card(item("a"), item("b"), item("c")),
        card(item("a"), item("b", digest="bbbb"), failed("c")),
        card(item("a"), failed("b"), failed("c")),
        card(item("a"), item("b", clean_true_peak_dbtp=-1.6), failed("c")),
        card(item("a"), item("b"), failed("c"), item("d")),
    ],
)
def test_nothing_changed_only_where_nothing_did(head: object) -> None:
    base = card(item("a"), item("b"), failed("c"))
    assert diff(base, head).nothing_changed == (head == base)  # type: ignore[arg-type]


def test_noise_is_no_change() -> None:
    base = card(item(clean_dnsmos_ovrl=3.0, wer_raw_to_clean=0.05))
    head = card(item(clean_dnsmos_ovrl=3.004, wer_raw_to_clean=0.0504), commit="abcd")
    assert diff(base, head).nothing_changed


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


def test_verdicts_are_by_the_bases_gates() -> None:
    looser = tuple(gate for gate in GATES if gate.metric != "wer_raw_to_clean")
    found = diff(card(item()), card(item(wer_raw_to_clean=0.5), gates=looser))
    assert [(one.was, one.now) for one in found.reversed_verdicts] == [("pass", "gate_failed")]
    assert found.other_rules
    assert not diff(card(item()), card(item())).other_rules


def test_noise_takes_nothing_across_a_limit() -> None:
    found = diff(card(item(wer_raw_to_clean=0.1)), card(item(wer_raw_to_clean=0.1004)))
    assert found.reversed_verdicts == ()
    beyond = diff(card(item(wer_raw_to_clean=0.1)), card(item(wer_raw_to_clean=0.101)))
    assert [one.now for one in beyond.reversed_verdicts] == ["gate_failed"]


@given(st.sampled_from(sorted(METRICS)), VALUES, VALUES)
def test_there_and_back_is_the_opposite(
    metric: str, one: float | None, other: float | None
) -> None:
    opposite = {"better": "worse", "worse": "better", "lost": "gained", "gained": "lost"}
    there, back = change(metric, one, other, -16.0), change(metric, other, one, -16.0)
    assert back.sense == opposite.get(there.sense, there.sense)
    assert (there.sense == "worse") == (0 < there.severity < math.inf)


@given(st.lists(st.tuples(VALUES, VALUES), max_size=6))
def test_any_diff_is_json_without_infinity(values: list[tuple[float | None, float | None]]) -> None:
    base, head = (
        card(*(item(f"r{at}", stoi_vs_stage_a=pair[side]) for at, pair in enumerate(values)))
        for side in (0, 1)
    )
    found = diff(base, head)
    told = json.loads(json.dumps(diff_json(found, check_guardrail(found)), allow_nan=False))
    assert [one["id"] for one in told["items"]] == [one.id for one in found.compared]
    assert told["nothing_changed"] == found.nothing_changed


def test_json_has_every_metric_of_every_render() -> None:
    base = card(item("a"), item("b"))
    head = card(item("a", stoi_vs_stage_a=0.8), item("b", clean_lufs=None), item("c"))
    found = diff(base, head)
    told = diff_json(found, check_guardrail(found))
    stoi = told["items"][0]["metrics"]["stoi_vs_stage_a"]
    assert stoi == {
        "base": 0.95,
        "head": 0.8,
        "delta": pytest.approx(-0.15),
        "direction": "higher",
        "verdict": "worse",
        "severity": pytest.approx(300),
    }
    assert told["items"][1]["metrics"]["clean_lufs"]["severity"] is None
    assert told["added"] == [{"id": "c", "path": "c.wav"}]
    assert not told["passed"]
    assert told["means"]["stoi_vs_stage_a"]["count"] == 2


def test_a_base_may_be_given_other_gates_to_judge_by() -> None:
    failing = item(wer_raw_to_clean=0.5)
    assert failing.status == "gate_failed"
    found = diff(card(failing, gates=GATES[:2]), card(failing))
    assert [(one.was, one.now) for one in found.compared] == [("pass", "pass")]
