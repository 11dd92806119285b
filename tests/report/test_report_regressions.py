"""Which builds are marked: every step, once, and nothing of the noise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stemsilver.evaluation.catalogue import METRICS, Metric
from stemsilver.report import Record, Shift, build_groups, shifts
from stemsilver.report.scorecard.scores import Mean

from .planted_history import JUDGED, builds, renamed, worse

PRESENCE = METRICS["clean_music_presence"]


def planted(metric: Metric, *values: float, target: float = -16.0) -> list[Record]:
    """Builds without noise whose means of `metric` are these."""
    return [
        replace(
            one,
            means={metric.name: Mean(value, 20)} if value == value else {},
            targets={metric.name: target},
        )
        for one, value in zip(builds(len(values), scatter=0), values, strict=True)
    ]


def told(records: list[Record]) -> list[tuple[int, str, str]]:
    return [(shift.at, shift.metric, shift.sense) for shift in shifts(records)]


@pytest.mark.parametrize("scatter", [0.0, 0.25, 0.5, 1.0])
def test_nothing_of_the_noise_is_marked(scatter: float) -> None:
    """50 builds of 20 renders, 40 times 15 metrics, whose scores scatter by up to a tolerance."""
    assert [told(builds(50, seed, scatter=scatter)) for seed in range(40)] == [[]] * 40


@pytest.mark.parametrize(
    ("at", "way", "scatter"),
    [(1, 1, 0.0), (1, -1, 1.0), (2, -1, 0.5), (6, 1, 1.0), (25, -1, 0.5), (49, 1, 1.0)],
)
def test_a_step_of_five_tolerances_is_marked_once_where_it_happened(
    at: int, way: int, scatter: float
) -> None:
    for seed, metric in enumerate(JUDGED):
        steps = {metric.name: {at: 5.0 * way}}
        # Off its target on either side is worse.
        bad = way == worse(metric) or metric.direction == "target"
        found = told(builds(50, seed, scatter=scatter, steps=steps))
        assert found == [(at, metric.name, "worse" if bad else "better")]


def test_a_marked_build_says_from_what_to_what_it_went_over_how_many_renders() -> None:
    *records, last = planted(PRESENCE, 0.0110, 0.0112, 0.0111, 0.030)
    last = replace(last, means={PRESENCE.name: Mean(0.030, 19)})
    [shift] = shifts([*records, last])
    assert shift == Shift(3, PRESENCE.name, "worse", Mean(0.0111, 20), Mean(0.030, 19))


def test_each_step_up_and_the_way_back_are_marked() -> None:
    steps = {PRESENCE.name: {15: 6.0, 18: 6.0, 19: -6.0}}
    found = [(at, sense) for at, _, sense in told(builds(40, steps=steps))]
    assert found == [(15, "worse"), (18, "worse"), (19, "better")]


def test_many_steps_that_are_too_small_each_are_seen_in_the_end() -> None:
    steps = {PRESENCE.name: dict.fromkeys(range(5, 50), 0.15)}
    found = told(builds(50, scatter=0.1, steps=steps))
    assert {sense for _, _, sense in found} == {"worse"}
    assert 1 <= len(found) <= 5


def test_where_builds_scatter_more_only_more_is_marked() -> None:
    """Between builds a metric swings by 1.4 tolerances, and a step of 1.4 is part of that."""
    swing = 0.7 * PRESENCE.tolerance * np.resize([1, -1, -1, 1, -1, 1, 1], 40)
    assert told(planted(PRESENCE, *(0.02 + swing))) == []
    calm = planted(PRESENCE, *([0.02] * 20), *([0.02 + 1.4 * PRESENCE.tolerance] * 20))
    assert len(told(calm)) == 1


def test_a_difference_that_reads_alike_is_not_marked() -> None:
    assert 1.9 * PRESENCE.tolerance < 0.01249 - 0.01151
    assert told(planted(PRESENCE, *([0.01151] * 9), 0.01249)) == []
    assert len(told(planted(PRESENCE, *([0.01151] * 9), 0.01252))) == 1


def test_loudness_is_judged_by_its_distance_from_the_target() -> None:
    loudness = METRICS["clean_lufs"]
    drifted = planted(loudness, -16.0, -16.0, -15.0, -17.0, -16.0)
    assert told(drifted) == [(2, "clean_lufs", "worse"), (4, "clean_lufs", "better")]
    [shift, _] = shifts(drifted)
    assert (shift.before.value, shift.after.value) == (-16.0, -15.0)
    # A loudness that was asked for is none that anything went wrong with.
    louder = planted(loudness, -16.0, -16.0) + planted(loudness, -16, -16, -14, -14, target=-14)[2:]
    assert told(louder) == []
    assert told([replace(one, targets={}) for one in drifted]) == []


@pytest.mark.parametrize("name", [name for name in METRICS if METRICS[name] not in JUDGED])
def test_raw_and_what_has_no_better_are_not_judged(name: str) -> None:
    assert name.startswith("raw_") or METRICS[name].direction == "none"
    assert told(planted(METRICS[name], 1, 1, 1, 100, 100)) == []


def test_builds_of_other_renders_or_profiles_are_not_compared() -> None:
    steps = {PRESENCE.name: {10: 50.0, 25: 8.0}}
    records = builds(30, steps=steps)
    records = records[:10] + renamed(records[10:], batch="cd" * 32)
    assert told(records) == [(25, PRESENCE.name, "worse")]
    assert build_groups(records) == {"embedded": (tuple(range(10)), tuple(range(10, 30)))}

    other = builds(20, 1, profile="studio", steps={PRESENCE.name: {0: 40.0, 12: 8.0}})
    mixed = [one for pair in zip(builds(20), other, strict=True) for one in pair]
    assert told(mixed) == [(25, PRESENCE.name, "worse")]
    assert list(build_groups(mixed)) == ["embedded", "studio"]


def test_a_build_that_measured_nothing_is_passed_over() -> None:
    nothing = float("nan")
    records = planted(PRESENCE, 0.01, nothing, 0.01, nothing, 0.02, nothing)
    assert told(records) == [(4, PRESENCE.name, "worse")]
    assert told(planted(PRESENCE, nothing, nothing)) == []
    assert told([]) == []
