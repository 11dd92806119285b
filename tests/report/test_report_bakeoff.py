"""A bake-off's means, costs, JSON and Markdown."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from stemsilver.config import Profile
from stemsilver.records import ItemResult
from stemsilver.report import (
    Bakeoff,
    bakeoff,
    bakeoff_columns,
    bakeoff_json,
    bakeoff_markdown,
    factor_words,
    memory_words,
)
from stemsilver.report.scorecard.cost import cost

from .conftest import ItemFactory, ScorecardFactory

HOSTILE = "x` | <b>@all"


def of(name: str, profile: Profile) -> Profile:
    return profile.model_copy(update={"name": name})


@pytest.fixture
def found(
    profile: Profile,
    make_scorecard: ScorecardFactory,
    make_item: ItemFactory,
    failed_item: ItemResult,
) -> Bakeoff:
    """Less music under the second, a third as the first, and a render that the second fails."""
    first = make_scorecard(make_item("a.wav"), make_item("b.wav"), failed_item)
    less = {"music_to_speech_db": -28.0, "clean_pause_floor_db": -60.0}
    lost = replace(failed_item, id="b-wav", path="b.wav")
    second = make_scorecard(make_item("a.wav", less), lost, failed_item)
    runs = [
        (first, of("old", profile)),
        (second, of(HOSTILE, profile)),
        (first, of("twin", profile)),
    ]
    return bakeoff(runs, of("old", profile))


def test_means_are_over_the_renders_that_every_profile_has(found: Bakeoff) -> None:
    floor = next(one for one in bakeoff_columns(found) if one.metric == "clean_pause_floor_db")
    assert (floor.raw, floor.values, floor.count) == (-20.0, (-50.0, -60.0, -50.0), 1)
    assert floor.best == (False, True, False)


def test_where_all_are_alike_none_is_best(found: Bakeoff) -> None:
    ovrl = next(one for one in bakeoff_columns(found) if one.metric == "clean_dnsmos_ovrl")
    assert ovrl.best == (False, False, False)


def test_what_differs_by_noise_is_best_too(
    profile: Profile, make_scorecard: ScorecardFactory, make_item: ItemFactory
) -> None:
    values = (3.250, 3.251, 3.0)
    runs = [
        (make_scorecard(make_item("a.wav", {"clean_dnsmos_ovrl": value})), of(f"p{value}", profile))
        for value in values
    ]
    columns = bakeoff_columns(bakeoff(runs, profile))
    ovrl = next(one for one in columns if one.metric == "clean_dnsmos_ovrl")
    assert ovrl.best == (True, True, False)


def test_metrics_that_no_render_has_are_left_out(found: Bakeoff) -> None:
    assert "si_sdr_improvement_db" not in {one.metric for one in bakeoff_columns(found)}


def test_the_first_is_the_incumbent_and_the_others_are_judged(found: Bakeoff) -> None:
    judgements = [run.ruling and run.ruling.judgement for run in found.runs]
    assert judgements == [None, "not_promoted", "not_promoted"]
    assert found.incumbent.name == "old"


def test_the_json_is_whole_and_says_its_version(found: Bakeoff) -> None:
    told = json.loads(json.dumps(bakeoff_json(found), allow_nan=False))
    assert told["schema_version"] == 1
    assert [one["name"] for one in told["profiles"]] == ["old", HOSTILE, "twin"]
    assert told["rule"]["music_suppression_gain_db_min"] == 3.0
    assert told["means"]["clean_pause_floor_db"]["best"] == [HOSTILE]
    [_, second, _] = told["profiles"]
    assert second["promotion"]["criteria"][0]["name"] == "music_suppression"
    states = {name: one["status"] for name, one in told["items"][1]["profiles"].items()}
    assert states == {"old": "pass", HOSTILE: "failed", "twin": "pass"}


def test_a_name_cannot_act_in_markdown(found: Bakeoff) -> None:
    text = bakeoff_markdown(found)
    shown = "`x\\x60 \\x7c <b>@all`"
    assert f"**{shown} is not promoted: " in text
    # Nowhere outside a code span.
    assert "@all" not in text.replace(shown, "")
    assert "<b>" not in text.replace(shown, "")
    assert "`old` is the incumbent." in text


def test_costs_are_those_of_the_chain_alone(
    make_scorecard: ScorecardFactory, make_item: ItemFactory, failed_item: ItemResult
) -> None:
    seconds = {
        "separate: spleeter-2stems": 2.0,
        "fuse": 0.25,
        "denoise": 0.5,
        "wiener": 0.125,
        "polish": 0.125,
        "raw asr": 50.0,
        "asr": 50.0,
        "draw clean": 50.0,
    }
    memory = {"separate: spleeter-2stems": 2_000, "asr": 9_000, "fuse": 3_000}
    one = replace(
        make_item("a.wav"), seconds=seconds, peak_bytes=memory, gpu_peak_bytes={"denoise": 7}
    )
    found = cost(make_scorecard(one, replace(one, id="b", peak_bytes={}), failed_item))
    assert (found.seconds, found.audio_seconds) == (6.0, 60.0)
    assert found.real_time_factor == 0.1
    assert (found.peak_bytes, found.gpu_peak_bytes) == (3_000, 7)


def test_a_cost_that_is_not_known_is_a_dash(
    make_scorecard: ScorecardFactory, failed_item: ItemResult
) -> None:
    found = cost(make_scorecard(failed_item))
    assert (factor_words(found), memory_words(found.peak_bytes)) == ("—", "—")
