"""The guardrail: each check at its limit and over it, by the base's rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from stemsilver import config
from stemsilver.config import Guardrail
from stemsilver.errors import ConfigError
from stemsilver.profiles import load_profile
from stemsilver.report import Check, Scorecard, check_guardrail, diff
from stemsilver.resources import resource

from .cards import GATES, GUARDRAIL, card, failed, item
from .planted_batch import write

A, B, ONE = item("a"), item("b"), card(item("a"))
TWO = card(A, B)
NO_MUSIC, NO_STOI = {"clean_music_presence": None}, {"stoi_vs_stage_a": None}


def checks(base: Scorecard, head: Scorecard, given: Guardrail | None = None) -> dict[str, Check]:
    return {check.name: check for check in check_guardrail(diff(base, head), given)}


def failing(base: Scorecard, head: Scorecard) -> list[str]:
    return [name for name, check in checks(base, head).items() if not check.passed]


@pytest.mark.parametrize(
    ("name", "metric", "step"),
    [
        ("wer", "wer_raw_to_clean", 0.02),
        ("stoi", "stoi_vs_stage_a", -0.01),
        ("music_to_speech", "music_to_speech_db", 1.0),
        ("music_presence", "clean_music_presence", 0.02),
    ],
)
def test_a_mean_may_cost_up_to_its_limit(name: str, metric: str, step: float) -> None:
    before = A.scores[metric].value
    assert before is not None

    def head(change: float) -> Scorecard:
        # All of it on one render of two: it is the mean that counts.
        return card(item("a", **{metric: before + 2 * change}), B)

    assert failing(TWO, head(step)) == []
    assert failing(TWO, head(step * 1.05)) == [name]
    assert failing(TWO, head(-step * 5)) == [], "better is never too much"
    assert checks(TWO, head(step * 1.05))[name].renders == ()


def test_a_check_says_what_it_found_and_what_may_be() -> None:
    found = checks(ONE, card(item("a", wer_raw_to_clean=0.08, stoi_vs_stage_a=0.9)))
    assert {name: (one.found, one.limit) for name, one in found.items() if not one.passed} == {
        "wer": ("5.0 % → 8.0 %, +3.0 points", "rises by at most 2.0 points"),
        "stoi": ("0.950 → 0.900, −0.050", "falls by at most 0.010"),
    }
    assert "−16 ± 0.5 LUFS" in found["loudness"].limit


def judged(base: Scorecard, head: Scorecard, broken: str = "", **said: str) -> None:
    """The checks `broken` fail; `said` is what one found, with the renders that it names."""
    assert failing(base, head) == broken.split()
    found = checks(base, head)
    assert {name: " ".join((found[name].found, *found[name].renders)) for name in said} == said


def test_the_same_passes_every_check() -> None:
    judged(TWO, TWO)
    means = ["wer", "stoi", "music_to_speech", "music_presence"]
    assert list(checks(TWO, TWO)) == [*means, "loudness", "failures", "gates"]
    at_limits = {"clean_lufs": -15.5, "wer_raw_to_clean": 0.1, "music_to_speech_db": -20.0}
    noise = {"clean_lufs": -15.46, "wer_raw_to_clean": 0.1004, "music_to_speech_db": -19.97}
    judged(card(item(**at_limits)), card(item(**noise)))


def test_a_metric_may_not_be_lost_everywhere() -> None:
    gone = "measured in the base, but nowhere now"
    judged(ONE, card(item("a", **NO_MUSIC)), "music_presence", music_presence=gone)
    judged(ONE, card(item("a", **NO_MUSIC), item("new")), "music_presence")
    judged(ONE, card(), "wer stoi music_to_speech music_presence")
    some = "0.100 → 0.100, 0.000; lost in 1 render"
    judged(TWO, card(A, item("b", **NO_MUSIC)), music_presence=some)
    never = card(item("a", **NO_MUSIC, wer_raw_to_clean=None))
    judged(never, never, wer="nothing to measure", music_presence="nothing to measure")


def test_no_render_may_leave_the_bases_loudness_window() -> None:
    # The head's own window is wider: that is not the rule.
    wide = tuple(gate for gate in GATES if gate.metric != "clean_lufs")
    judged(TWO, card(item("a", clean_lufs=-15.5), B, gates=wide))
    for beyond in (-15.4, None):
        head = card(item("a", clean_lufs=beyond), B, gates=wide)
        judged(TWO, head, "loudness gates", loudness="1 of 2 renders left it a.wav")
    # One that was outside may stay there.
    outside = card(item(clean_lufs=-12.0)), card(item(clean_lufs=-11.0))
    judged(*outside, loudness="nothing to measure")
    judged(card(A, gates=()), ONE)

    added = card(A, item("new", clean_lufs=-12.0), item("two", clean_lufs=-30.0))
    said = "0 of 1 render left it; 2 added renders are outside it new.wav two.wav"
    judged(ONE, added, "loudness gates", loudness=said)
    judged(card(), ONE, loudness="no new render is outside it")


def test_no_render_that_was_cleaned_or_is_new_may_fail() -> None:
    old = card(A, B, failed("c")), card(A, failed("b"), failed("c"))
    judged(*old, "failures", failures="1 render not cleaned now b.wav")
    both = "1 render not cleaned now; 1 added render cannot be cleaned b.wav new.wav"
    judged(TWO, card(A, failed("b"), failed("new")), "failures", failures=both)
    alone = "1 added render cannot be cleaned new.wav"
    judged(TWO, card(A, B, failed("new")), "failures", failures=alone)


def test_no_render_may_newly_fail_a_gate_or_lose_it() -> None:
    # Others make up for it in the mean.
    others = [item(name, wer_raw_to_clean=0.0) for name in ("c", "d")]
    failing_still = item("b", wer_raw_to_clean=0.12)
    base = card(A, failing_still, item("c"), item("d"))
    head = card(item("a", wer_raw_to_clean=0.11), failing_still, *others)
    judged(base, head, "gates", gates="1 render newly failed a.wav")
    judged(TWO, card(item("a", **NO_STOI), B), "gates")
    unmeasured = card(item("a", music_to_speech_db=None), B)
    judged(unmeasured, card(item("a", music_to_speech_db=-10.0), B), "gates")


def test_what_base_did_not_have_is_held_to_its_gates() -> None:
    # The head's own gates are none: that is not the rule.
    head = card(A, item("new", wer_raw_to_clean=0.5), item("well"), gates=())
    judged(ONE, head, "gates", gates="1 added render fails one new.wav")
    judged(ONE, card(A, item("new", **NO_STOI)))
    # Other audio: a mean is over what can be compared, and that the old failed excuses nothing.
    other = item("b", "bbbb", wer_raw_to_clean=0.5, clean_lufs=-12.0)
    found = {
        "loudness": "0 of 1 render left it; 1 replaced render is outside it b.wav",
        "gates": "1 replaced render fails one b.wav",
    }
    judged(card(A, item("b", wer_raw_to_clean=0.5)), card(A, other), " ".join(found), **found)


def test_a_change_cannot_loosen_its_own_rule_but_a_named_profile_may() -> None:
    loose = GUARDRAIL.model_copy(update={"wer_rise_max": 1.0})
    head = card(item("a", wer_raw_to_clean=0.09), guardrail=loose, gates=())
    assert failing(ONE, head) == ["wer"]
    assert checks(ONE, head)["wer"].origin == "base"
    found = checks(ONE, head, loose)
    assert found["wer"].passed
    assert (found["wer"].origin, found["gates"].origin) == ("given", "base")


def test_a_base_without_a_rule_is_judged_by_the_one_that_ships(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = config.load(resource("config") / "embedded.yaml").guardrail.wer_rise_max
    # A profile of the working folder is the change's own.
    write(tmp_path / "config" / "embedded.yaml", "not: a profile")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError):
        load_profile()
    base = card(item(wer_raw_to_clean=0.02), guardrail=None)
    over = card(item(wer_raw_to_clean=0.021 + most))
    assert failing(base, over) == ["wer"]
    assert checks(base, over)["wer"].origin == "shipped"
