from __future__ import annotations

from collections.abc import Callable

import pytest

from stemsilver.config import Profile
from stemsilver.evaluation.catalogue import METRICS
from stemsilver.records import Batch, ItemResult, Score
from stemsilver.report import (
    all_good,
    batch_verdict,
    display_unit,
    format_score,
    format_value,
    gates,
    headline,
    mean,
    raw_to_clean,
    scores,
    status,
    totals,
    verdicts,
    visible,
)


def passed(item: ItemResult, profile: Profile) -> dict[str, bool | None]:
    return {verdict.gate: verdict.passed for verdict in verdicts(item, profile)}


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
    make_item: Callable[..., ItemResult],
    profile: Profile,
    gate: str,
    metric: str,
    inside: float,
    outside: float,
) -> None:
    at, beyond = make_item(values={metric: inside}), make_item(values={metric: outside})
    assert passed(at, profile)[gate] is True
    assert passed(beyond, profile)[gate] is False
    assert (status(at, profile), status(beyond, profile)) == ("pass", "gate_failed")


def test_a_null_score_neither_passes_nor_fails(
    make_item: Callable[..., ItemResult], profile: Profile
) -> None:
    item = make_item(values={"stoi_vs_stage_a": None})
    assert passed(item, profile)["stoi"] is None
    assert status(item, profile) == "pass"


def test_a_failed_render_has_every_metric_null_with_its_code(
    failed_item: ItemResult, profile: Profile
) -> None:
    assert scores(failed_item) == dict.fromkeys(METRICS, Score.missing("unreadable"))
    assert set(passed(failed_item, profile).values()) == {None}
    assert status(failed_item, profile) == "failed"


def test_a_metric_never_taken_is_null(profile: Profile) -> None:
    bare = ItemResult(id="x", path="x.wav", output="x.wav")
    assert set(scores(bare).values()) == {Score.missing("not_measured")}
    assert list(scores(bare)) == list(METRICS)


def test_totals_and_the_verdict_of_a_batch(batch: Batch, profile: Profile) -> None:
    count = totals(batch, profile)
    assert (count.items, count.cleaned, count.passed) == (4, 3, 1)
    assert (count.gate_failed, count.failed, count.unmeasured) == (1, 1, 1)
    assert count.audio_seconds == 90
    assert batch_verdict(count) == (
        "1 of 4 pass, 1 failed a gate, 1 could not be cleaned; gates not measurable on 1"
    )
    assert not all_good(count)


def test_a_good_batch(
    make_batch: Callable[..., Batch], make_item: Callable[..., ItemResult], profile: Profile
) -> None:
    good = make_batch(make_item("a.wav"), make_item("b.wav"))
    count = totals(good, profile)
    assert all_good(count)
    assert batch_verdict(count) == "every render passes every gate"


def test_one_failed_render_is_not_good(
    make_batch: Callable[..., Batch],
    make_item: Callable[..., ItemResult],
    failed_item: ItemResult,
    profile: Profile,
) -> None:
    assert not all_good(totals(make_batch(make_item(), failed_item), profile))


def test_means_cover_the_renders_with_a_value(batch: Batch) -> None:
    assert mean(batch, "clean_music_presence").value == pytest.approx(0.2)
    assert mean(batch, "clean_music_presence").count == 2
    assert mean(batch, "clean_estoi").value is None
    assert mean(batch, "clean_estoi").count == 0


def test_raw_and_clean_means_cover_the_same_renders(
    make_batch: Callable[..., Batch], make_item: Callable[..., ItemResult]
) -> None:
    one_sided = make_item("b.wav", {"raw_pause_floor_db": -99.0, "clean_pause_floor_db": None})
    pair = raw_to_clean(make_batch(make_item("a.wav"), one_sided), "pause_floor_db")
    assert (pair.raw, pair.clean, pair.count) == (-20.0, -50.0, 1)


def test_the_headline(batch: Batch) -> None:
    top = headline(batch)
    assert (top.items, top.minutes) == (4, 1.5)
    assert top.music_presence.raw == pytest.approx(0.9)
    assert top.music_presence.clean == pytest.approx(0.2)
    assert top.pause_floor_db.clean == -50
    assert top.dnsmos_ovrl.clean == 3.25
    assert top.wer_raw_to_clean.value == pytest.approx(0.05)


def test_the_headline_of_nothing(make_batch: Callable[..., Batch]) -> None:
    top = headline(make_batch())
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
