"""A bake-off's means, costs, JSON and Markdown."""

from __future__ import annotations

import json
from dataclasses import replace

from stemsilver import report
from stemsilver.config import Profile
from stemsilver.report import Bakeoff, BakeoffColumn, bakeoff, factor_words, memory_words
from stemsilver.report.scorecard.cost import cost

from .planted_batch import FAILED, PROFILE, make_item, scored

HOSTILE = "x` | <b>@all"


def of(name: str) -> Profile:
    return PROFILE.model_copy(update={"name": name})


def planted() -> Bakeoff:
    """Less music under the second, a third as the first, and a render that the second fails."""
    first = scored(make_item("a.wav"), make_item("b.wav"), FAILED)
    less = make_item("a.wav", music_to_speech_db=-28.0, clean_pause_floor_db=-60.0)
    second = scored(less, replace(FAILED, id="b-wav", path="b.wav"), FAILED)
    nothing = cost([])
    runs = [(first, of("old")), (second, of(HOSTILE)), (first, of("twin"))]
    return bakeoff([(*run, nothing) for run in runs], of("old"))


FOUND = planted()


def columns(found: Bakeoff) -> dict[str, BakeoffColumn]:
    return {one.metric: one for one in report.bakeoff_columns(found)}


def test_means_are_over_the_renders_that_every_profile_has() -> None:
    found = columns(FOUND)
    floor = found["clean_pause_floor_db"]
    assert (floor.raw, floor.values, floor.count) == (-20.0, (-50.0, -60.0, -50.0), 1)
    assert floor.best == (False, True, False)
    assert found["clean_dnsmos_ovrl"].best == (False, False, False), "all are alike"
    assert "si_sdr_improvement_db" not in found, "no render has it"


def test_what_differs_by_noise_is_best_too() -> None:
    cards = [scored(make_item(clean_dnsmos_ovrl=value)) for value in (3.250, 3.251, 3.0)]
    found = bakeoff([(card, of(f"p{at}"), cost([])) for at, card in enumerate(cards)], PROFILE)
    assert columns(found)["clean_dnsmos_ovrl"].best == (True, True, False)


def test_the_json_is_whole_and_the_first_is_the_incumbent() -> None:
    told = json.loads(json.dumps(report.bakeoff_json(FOUND), allow_nan=False))
    assert (told["schema_version"], told["incumbent"]) == (1, "old")
    assert [one["name"] for one in told["profiles"]] == ["old", HOSTILE, "twin"]
    assert told["rule"]["music_suppression_gain_db_min"] == 3.0
    assert told["means"]["clean_pause_floor_db"]["best"] == [HOSTILE]
    rulings = [one["promotion"] for one in told["profiles"]]
    judgements = [ruling and ruling["judgement"] for ruling in rulings]
    assert judgements == [None, "not_promoted", "not_promoted"]
    assert rulings[1]["criteria"][0]["name"] == "music_suppression"
    states = {name: one["status"] for name, one in told["items"][1]["profiles"].items()}
    assert states == {"old": "pass", HOSTILE: "failed", "twin": "pass"}


def test_a_name_cannot_act_in_markdown() -> None:
    text = report.bakeoff_markdown(FOUND)
    shown = "`x\\x60 \\x7c <b>@all`"
    assert f"**{shown} is not promoted: " in text
    # Nowhere outside a code span.
    assert "@all" not in text.replace(shown, "")
    assert "<b>" not in text.replace(shown, "")
    assert "`old` is the incumbent." in text


def test_costs_are_those_of_the_chain_alone() -> None:
    chain = {"separate: spleeter-2stems": 2.0, "fuse": 0.25, "denoise": 0.5}
    polish = {"wiener": 0.125, "polish": 0.125}
    one = replace(
        make_item("a.wav"),
        seconds={**chain, **polish, "raw asr": 50.0, "asr": 50.0, "draw clean": 50.0},
        peak_bytes={"separate: spleeter-2stems": 2_000, "asr": 9_000, "fuse": 3_000},
        gpu_peak_bytes={"denoise": 7},
    )
    found = cost([one, replace(one, id="b", peak_bytes={}), FAILED])
    assert (found.seconds, found.audio_seconds) == (6.0, 60.0)
    assert found.real_time_factor == 0.1
    assert (found.peak_bytes, found.gpu_peak_bytes) == (3_000, 7)
    unknown = cost([FAILED])
    assert (factor_words(unknown), memory_words(unknown.peak_bytes)) == ("—", "—")
