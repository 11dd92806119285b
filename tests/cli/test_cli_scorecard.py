"""`stemsilver scorecard diff`: what it prints, where it finds scorecards, how it ends."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from stemsilver import report
from stemsilver.config import Profile
from stemsilver.evaluation.catalogue import METRICS
from stemsilver.profiles import load_profile
from stemsilver.records import Evidence, ItemResult, Score

from .terminal import Terminal, faulty

VALUES = {
    "clean_lufs": -16.0,
    "wer_raw_to_clean": 0.0,
    "stoi_vs_stage_a": 0.97,
    "music_to_speech_db": -30.0,
    "clean_music_presence": 0.01,
}


def render(name: str, **values: float) -> ItemResult:
    found = {**VALUES, **values}
    missing = Score.missing("silent")
    scores = {key: Score(found[key]) if key in found else missing for key in METRICS}
    return ItemResult(
        id=name, path=f"{name}.wav", output=f"{name}.wav", evidence=Evidence(scores, {}, (), {})
    )


def write(path: Path, *items: ItemResult, profile: Profile | None = None) -> Path:
    """A scorecard, as a build writes it."""
    made = profile or load_profile()
    build = report.judge(items, made, created="2026-01-02T03:04:05Z", tool_version="0.1.0")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report.scorecard_json(build)), encoding="utf-8")
    return path


@pytest.fixture
def base(folder: Path) -> Path:
    """Two renders that pass."""
    return write(folder / "base" / "scorecard.json", render("one"), render("two"))


@pytest.fixture
def worse(folder: Path) -> Path:
    """The same, one of them heard differently; as a site has it."""
    two = render("two", wer_raw_to_clean=0.09)
    return write(folder / "head/downloads/scorecard.json", render("one"), two).parents[1]


def test_what_changed_is_told_and_gates_fail(stemsilver: Terminal, base: Path, worse: Path) -> None:
    ended = stemsilver("scorecard", "diff", base, worse)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("The guardrail fails: WER raw to")
    assert "✗ │ WER raw to clean, mean" in ended.out
    assert "│ two.wav │ WER raw to clean │ 0.0 % │ 9.0 % │ +9.0 points │ ▼ worse │" in ended.out
    assert "one.wav" not in ended.out
    gated = stemsilver("scorecard", "diff", base, worse, "--gate")
    assert (gated.code, gated.out) == (1, ended.out)


def test_nothing_changed_passes_the_gate(stemsilver: Terminal, folder: Path, base: Path) -> None:
    write(folder / "project" / "report" / "scorecard.json", render("one"), render("two"))
    for head in (base.parent, folder / "project"):
        ended = stemsilver("scorecard", "diff", base, head, "--gate")
        assert ended.code == 0
        said = "Nothing changed: 2 renders measure the same, within noise."
        assert ended.out.startswith(said)
        assert "▼" not in ended.out
    (folder / "empty").mkdir()
    faulty(stemsilver("scorecard", "diff", base, folder / "empty"), 2, "empty", "no scorecard")


def test_markdown_and_json_are_the_reports(stemsilver: Terminal, base: Path, worse: Path) -> None:
    found = report.diff(
        report.read_scorecard(base), report.read_scorecard(worse / "downloads" / "scorecard.json")
    )
    checks = report.check_guardrail(found)
    link = "https://example.com/1"
    arguments = ("scorecard", "diff", base, worse, "--gate")
    shown = stemsilver(*arguments, "--markdown", "--rows", "0", "--link", link)
    assert shown.code == 1
    assert shown.out == report.diff_markdown(found, checks, rows=0, link=link)
    told = stemsilver(*arguments, "--json")
    assert told.code == 1
    assert json.loads(told.out) == json.loads(json.dumps(report.diff_json(found, checks)))


def test_which_rule_holds(stemsilver: Terminal, folder: Path, base: Path, worse: Path) -> None:
    shipped = load_profile()
    rule = shipped.guardrail.model_copy(update={"wer_rise_max": 0.5})
    loose = shipped.model_copy(update={"guardrail": rule})
    # JSON is YAML.
    values = loose.model_dump(mode="json", exclude={"name"})
    (folder / "loose.yaml").write_text(json.dumps(values))
    ended = stemsilver("scorecard", "diff", base, worse, "--gate", "--config", "loose.yaml")
    assert ended.code == 0
    assert "that of the profile that was named" in ended.out
    named = stemsilver("scorecard", "diff", base, worse, "--gate", "--profile", "embedded")
    assert named.code == 1
    faulty(stemsilver("scorecard", "diff", base, worse, "--profile", "nosuch"), 2, "nosuch")
    two = render("two", wer_raw_to_clean=0.09)
    head = write(folder / "loose.json", render("one"), two, profile=loose)
    ended = stemsilver("scorecard", "diff", base, head, "--gate")
    assert ended.code == 1
    assert "This change alters the gates or the guardrail" in ended.out


def test_what_cannot_be_compared_is_2(stemsilver: Terminal, folder: Path, base: Path) -> None:
    diff = ("scorecard", "diff", base)
    for spoil, why in (("", "Expecting value"), ("[]", "not a scorecard")):
        (folder / "other.json").write_text(spoil)
        faulty(stemsilver(*diff, "other.json", "--gate"), 2, "other.json", why)
    faulty(stemsilver(*diff, "gone.json"), 2, "gone.json", "cannot be read")
    faulty(stemsilver(*diff, base, "--markdown", "--json"), 2, "--markdown", "--json")
    faulty(stemsilver(*diff, base, "--link", "javascript:alert(1)"), 2, "web address")


def test_names_do_not_act_on_the_terminal(stemsilver: Terminal, folder: Path) -> None:
    name = "[red]\x1b]8;;evil\x07[/]"
    base = write(folder / "base.json", replace(render("one"), path=name))
    head = write(folder / "head.json", replace(render("one", clean_lufs=-15.0), path=name))
    ended = stemsilver("scorecard", "diff", base, head)
    assert "\x1b" not in ended.out
    assert r"[red]\x1b]8;;evil\x07[/]" in ended.out
