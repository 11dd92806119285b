"""A planted batch: every kind of outcome, with numbers that are easy to check by hand."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from stemsilver import config
from stemsilver.config import Gates, Profile
from stemsilver.evaluation.catalogue import METRICS
from stemsilver.records import (
    AlignedWord,
    Alignment,
    Evidence,
    Failure,
    ItemResult,
    Score,
    Timeline,
    Transcript,
    WeightRecord,
    Word,
)
from stemsilver.report import Scorecard, judge

PASSING = {
    "raw_lufs": -18.0,
    "clean_lufs": -16.2,
    "clean_true_peak_dbtp": -1.0,
    "raw_music_presence": 0.9,
    "clean_music_presence": 0.1,
    "raw_pause_floor_db": -20.0,
    "clean_pause_floor_db": -50.0,
    "raw_dnsmos_ovrl": 2.5,
    "clean_dnsmos_ovrl": 3.25,
    "music_to_speech_db": -24.5,
    "stoi_vs_stage_a": 0.95,
    "wer_raw_to_clean": 0.05,
}

ItemFactory = Callable[..., ItemResult]
ScorecardFactory = Callable[..., Scorecard]


@pytest.fixture
def profile() -> Profile:
    """The default profile, held to the gates these tests know."""
    shipped = config.load(Path(__file__).parents[2] / "config" / "embedded.yaml")
    gates = Gates(
        music_to_speech_db_max=-20,
        lufs_tolerance=0.5,
        true_peak_db_max=-1,
        wer_max=0.1,
        stoi_min=0.9,
    )
    polish = shipped.postprocess.model_copy(update={"final_lufs": -16.0})
    return shipped.model_copy(update={"gates": gates, "postprocess": polish})


@pytest.fixture
def make_item() -> ItemFactory:
    """A render that passes; `values` replaces some of its scores, None for a silent one."""

    def make(path: str = "a.wav", values: Mapping[str, float | None] | None = None) -> ItemResult:
        planted = {**dict.fromkeys(METRICS), **PASSING, **(values or {})}
        evidence = Evidence(
            scores={
                name: Score.missing("silent") if value is None else Score(value)
                for name, value in planted.items()
            },
            transcripts={"raw": Transcript("Hello there", (Word("Hello", 0.12345, 0.5),))},
            alignments=(
                Alignment(
                    "raw to clean",
                    (AlignedWord("substitute", "there", "their", 0.98765),),
                    1,
                    0,
                    0,
                    2,
                ),
            ),
            music={"raw": Timeline(0.01, (0.123456, 1.0)), "clean": Timeline(0.01, (0.0, 0.00049))},
        )
        return ItemResult(
            id=re.sub(r"[^a-z0-9]+", "-", path).strip("-"),
            path=path,
            output=f"{path}.out.wav",
            evidence=evidence,
            rate=24_000,
            channels=1,
            frames=720_000,
            seconds={"clean": 1.23456},
            notes=("No gain: the file is silent.",),
        )

    return make


@pytest.fixture
def failed_item() -> ItemResult:
    """A render that could not be decoded."""
    failure = Failure("unreadable", "broken.wav: not audio", "Run `stemsilver doctor`.")
    return ItemResult(id="broken", path="broken.wav", output="broken.wav", failure=failure)


@pytest.fixture
def make_scorecard(profile: Profile) -> ScorecardFactory:
    """The scorecard of the given items, by the gates of `profile`."""

    def make(*items: ItemResult) -> Scorecard:
        weight = WeightRecord("net", "package", "1.0", "MIT", "0" * 64)
        made = judge(
            items,
            profile,
            created="2026-01-02T03:04:05Z",
            tool_version="0.1.0",
            commit="c0ffee",
            weights=[weight],
        )
        return replace(made, config_digest="d" * 64)

    return make


@pytest.fixture
def results(make_item: ItemFactory, failed_item: ItemResult) -> tuple[ItemResult, ...]:
    """One render that passes, one with a failed gate, a silent one, and one not cleaned."""
    return (
        make_item("good.wav"),
        make_item("musical.wav", {"music_to_speech_db": -12.0, "clean_music_presence": 0.3}),
        make_item("silent.wav", dict.fromkeys(METRICS)),
        failed_item,
    )


@pytest.fixture
def scorecard(make_scorecard: ScorecardFactory, results: tuple[ItemResult, ...]) -> Scorecard:
    """The scorecard of `results`."""
    return make_scorecard(*results)
