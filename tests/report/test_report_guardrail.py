"""The guardrail: each check at its limit and over it, by the base's rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from stemsilver import config
from stemsilver.config import Guardrail
from stemsilver.profiles import load_profile
from stemsilver.report import Check, Scorecard, check_guardrail, diff
from stemsilver.resources import resource

from .cards import GATES, GUARDRAIL, card, failed, item


def checks(base: Scorecard, head: Scorecard, given: Guardrail | None = None) -> dict[str, Check]:
    return {check.name: check for check in check_guardrail(diff(base, head), given)}


def failing(base: Scorecard, head: Scorecard) -> list[str]:
    return [name for name, check in checks(base, head).items() if not check.passed]


def test_the_same_passes_every_check() -> None:
    base = card(item("a"), item("b"))
    assert list(checks(base, base)) == [
        "wer",
        "stoi",
        "music_to_speech",
        "music_presence",
        "loudness",
        "failures",
        "gates",
    ]
    assert failing(base, base) == []


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
    base = card(item("a"), item("b"))
    before = base.items["a"].scores[metric].value
    assert before is not None

    def head(change: float) -> Scorecard:
        # All of it on one render of two: it is the mean that counts.
        return card(item("a", **{metric: before + 2 * change}), item("b"))

    assert failing(base, head(step)) == []
    assert failing(base, head(step * 1.05)) == [name]
    assert failing(base, head(-step * 5)) == [], "better is never too much"
    assert checks(base, head(step * 1.05))[name].renders == ()


def test_a_check_says_what_it_found_and_what_may_be() -> None:
    found = checks(card(item()), card(item(wer_raw_to_clean=0.08, stoi_vs_stage_a=0.9)))
    assert (found["wer"].found, found["wer"].limit) == (
        "5.0 % → 8.0 %, +3.0 points",
        "rises by at most 2.0 points",
    )
    assert (found["stoi"].found, found["stoi"].limit) == (
        "0.950 → 0.900, −0.050",
        "falls by at most 0.010",
    )


def test_a_metric_lost_everywhere_fails_its_check() -> None:
    base, head = card(item()), card(item(clean_music_presence=None))
    assert failing(base, head) == ["music_presence"]
    assert "nowhere now" in checks(base, head)["music_presence"].found


def test_a_render_that_was_added_does_not_hide_what_is_lost() -> None:
    head = card(item("a", clean_music_presence=None), item("new"))
    assert failing(card(item("a")), head) == ["music_presence"]


def test_a_metric_lost_with_every_render_fails_too() -> None:
    assert failing(card(item("a")), card()) == [
        "wer",
        "stoi",
        "music_to_speech",
        "music_presence",
    ]


def test_a_metric_lost_on_some_is_said() -> None:
    base, head = card(item("a"), item("b")), card(item("a"), item("b", clean_music_presence=None))
    found = checks(base, head)["music_presence"]
    assert found.passed
    assert found.found.endswith("lost in 1 render")


def test_nothing_to_measure_passes_where_nothing_was() -> None:
    base = card(item(clean_music_presence=None, wer_raw_to_clean=None))
    found = checks(base, base)
    assert found["wer"].found == found["music_presence"].found == "nothing to measure"
    assert all(check.passed for check in found.values())
    nothing = checks(card(), card(item()))
    assert all(check.passed for check in nothing.values())


@pytest.mark.parametrize(("head", "broken"), [(-15.5, False), (-15.4, True), (None, True)])
def test_no_render_may_leave_the_bases_loudness_window(head: float | None, broken: bool) -> None:
    # The head's own window is wider: that is not the rule.
    wide = tuple(gate for gate in GATES if gate.metric != "clean_lufs")
    found = checks(
        card(item("a"), item("b")), card(item("a", clean_lufs=head), item("b"), gates=wide)
    )
    assert found["loudness"].passed is not broken
    assert found["loudness"].renders == (("a.wav",) if broken else ())
    assert found["gates"].passed is not broken
    assert "−16 ± 0.5 LUFS" in found["loudness"].limit


def test_a_render_that_was_outside_the_window_may_stay_there() -> None:
    base, head = card(item(clean_lufs=-12.0)), card(item(clean_lufs=-11.0))
    assert failing(base, head) == []
    assert checks(base, head)["loudness"].found == "nothing to measure"
    assert checks(card(item(), gates=()), card(item()))["loudness"].passed


def test_no_render_that_was_cleaned_may_fail() -> None:
    base = card(item("a"), item("b"), failed("c"))
    found = checks(base, card(item("a"), failed("b"), failed("c")))
    assert [name for name, check in found.items() if not check.passed] == ["failures"]
    assert found["failures"].renders == ("b.wav",)
    assert found["failures"].found == "1 render not cleaned now"


def test_no_render_may_newly_fail_a_gate() -> None:
    # Others make up for it in the mean.
    others = {"wer_raw_to_clean": 0.0}
    base = card(item("a"), item("b", wer_raw_to_clean=0.12), item("c"), item("d"))
    head = card(
        item("a", wer_raw_to_clean=0.11),
        item("b", wer_raw_to_clean=0.12),
        item("c", **others),
        item("d", **others),
    )
    assert failing(base, head) == ["gates"]
    assert checks(base, head)["gates"].renders == ("a.wav",)


def test_an_added_render_that_cannot_be_cleaned_fails() -> None:
    base, head = card(item("a"), item("b")), card(item("a"), failed("b"), failed("new"))
    found = checks(base, head)["failures"]
    assert found.found == "1 render not cleaned now; 1 added render cannot be cleaned"
    assert found.renders == ("b.wav", "new.wav")
    alone = card(item("a"), item("b"), failed("new"))
    assert failing(base, alone) == ["failures"]
    assert checks(base, alone)["failures"].found == "1 added render cannot be cleaned"


def test_an_added_render_is_held_to_the_bases_gates() -> None:
    # The head's own gates are none: that is not the rule.
    base = card(item("a"))
    head = card(item("a"), item("new", wer_raw_to_clean=0.5), item("well"), gates=())
    assert failing(base, head) == ["gates"]
    found = checks(base, head)["gates"]
    assert (found.found, found.renders) == ("1 added render fails one", ("new.wav",))
    assert failing(base, card(item("a"), item("new", stoi_vs_stage_a=None))) == []


def test_an_added_render_is_held_to_the_bases_loudness_window() -> None:
    head = card(item("a"), item("new", clean_lufs=-12.0), item("two", clean_lufs=-30.0))
    assert failing(card(item("a")), head) == ["loudness", "gates"]
    found = checks(card(item("a")), head)["loudness"]
    assert found.found == "0 of 1 render left it; 2 added renders are outside it"
    assert found.renders == ("new.wav", "two.wav")
    assert checks(card(), card(item()))["loudness"].found == "no new render is outside it"


def test_a_render_with_other_raw_audio_is_held_to_them_as_a_new_one_is() -> None:
    base = card(item("a"), item("b", wer_raw_to_clean=0.5))
    # A mean is over what can be compared, and a gate that the other audio failed excuses nothing.
    head = card(item("a"), item("b", digest="bbbb", wer_raw_to_clean=0.5, clean_lufs=-12.0))
    assert failing(base, head) == ["loudness", "gates"]
    found = checks(base, head)
    assert found["gates"].found == "1 replaced render fails one"
    assert found["loudness"].found == "0 of 1 render left it; 1 replaced render is outside it"


def test_a_gate_that_could_not_be_measured_may_not_turn_out_to_fail() -> None:
    base = card(item("a", music_to_speech_db=None), item("b"))
    assert failing(base, card(item("a", music_to_speech_db=-10.0), item("b"))) == ["gates"]


def test_a_passed_gate_may_not_be_lost() -> None:
    base = card(item("a"), item("b"))
    assert failing(base, card(item("a", stoi_vs_stage_a=None), item("b"))) == ["gates"]


def test_noise_at_a_limit_fails_nothing() -> None:
    base = card(item(clean_lufs=-15.5, wer_raw_to_clean=0.1, music_to_speech_db=-20.0))
    head = card(item(clean_lufs=-15.46, wer_raw_to_clean=0.1004, music_to_speech_db=-19.97))
    assert failing(base, head) == []


def test_a_change_cannot_loosen_its_own_rule() -> None:
    loose = GUARDRAIL.model_copy(update={"wer_rise_max": 1.0})
    base, head = card(item()), card(item(wer_raw_to_clean=0.09), guardrail=loose, gates=())
    assert failing(base, head) == ["wer"]
    assert checks(base, head)["wer"].origin == "base"


def test_a_named_profile_rules_instead_of_the_base() -> None:
    base, head = card(item()), card(item(wer_raw_to_clean=0.09))
    found = checks(base, head, GUARDRAIL.model_copy(update={"wer_rise_max": 0.5}))
    assert found["wer"].passed
    assert (found["wer"].origin, found["gates"].origin) == ("given", "base")


def test_a_base_without_a_rule_is_judged_by_the_one_that_ships(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = config.load(resource("config") / "embedded.yaml")
    # A profile of the working folder is the change's own.
    most = f"wer_rise_max: {shipped.guardrail.wer_rise_max}"
    text = (resource("config") / "embedded.yaml").read_text(encoding="utf-8")
    (tmp_path / "config").mkdir()
    own = text.replace(most, "wer_rise_max: 1.0")
    (tmp_path / "config" / "embedded.yaml").write_text(own, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert load_profile().guardrail.wer_rise_max == 1
    base = card(item(wer_raw_to_clean=0.02), guardrail=None)
    over = card(item(wer_raw_to_clean=0.021 + shipped.guardrail.wer_rise_max))
    assert failing(base, over) == ["wer"]
    assert checks(base, over)["wer"].origin == "shipped"
