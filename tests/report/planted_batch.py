"""A planted batch: every kind of outcome, with numbers that are easy to check by hand."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

from stemsilver import config
from stemsilver.config import Gates
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
from stemsilver.resources import resource

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
_SHIPPED = config.load(resource("config") / "embedded.yaml")
_LIMITS = {"music_to_speech_db_max": -20, "lufs_tolerance": 0.5, "true_peak_db_max": -1}
PROFILE = _SHIPPED.model_copy(
    update={
        "gates": Gates.model_validate({**_LIMITS, "wer_max": 0.1, "stoi_min": 0.9}),
        "postprocess": _SHIPPED.postprocess.model_copy(update={"final_lufs": -16.0}),
    }
)
"""The default profile, held to the gates these tests know."""


def make_item(path: str = "a.wav", /, **values: float | None) -> ItemResult:
    """A render that passes; `values` replaces some of its scores, None for a silent one."""
    planted = {**dict.fromkeys(METRICS), **PASSING, **values}
    silent = Score.missing("silent")
    heard = AlignedWord("substitute", "there", "their", 0.98765)
    evidence = Evidence(
        scores={name: silent if one is None else Score(one) for name, one in planted.items()},
        transcripts={"raw": Transcript("Hello there", (Word("Hello", 0.12345, 0.5),))},
        alignments=(Alignment("raw to clean", (heard,), 1, 0, 0, 2),),
        music={"raw": Timeline(0.01, (0.123456, 1.0)), "clean": Timeline(0.01, (0.0, 0.00049))},
        language="de",
    )
    return ItemResult(
        id=re.sub(r"[^a-z0-9]+", "-", path).strip("-"),
        path=path,
        output=f"{path}.out.wav",
        evidence=evidence,
        raw_digest="12" * 32,
        output_sha256="34" * 32,
        sound_sha256="56" * 32,
        script="Hello there",
        rate=24_000,
        channels=1,
        frames=720_000,
        seconds={"clean": 1.23456},
        peak_bytes={"fuse": 1_000},
        gpu_peak_bytes={"denoise": 7},
        notes=("No gain: the file is silent.",),
    )


def scored(*items: ItemResult) -> Scorecard:
    """The scorecard of the items, by the gates of `PROFILE`."""
    made = judge(
        items,
        PROFILE,
        created="2026-01-02T03:04:05Z",
        tool_version="0.1.0",
        commit="c0ffee",
        weights=[WeightRecord("net", "package", "1.0", "MIT", "0" * 64)],
    )
    return replace(made, config_digest="d" * 64)


FAILED = ItemResult(
    id="broken",
    path="broken.wav",
    output="broken.wav",
    failure=Failure("unreadable", "broken.wav: not audio", "Run `stemsilver doctor`."),
)
"""A render that could not be decoded."""

RESULTS = (
    make_item("good.wav"),
    make_item("musical.wav", music_to_speech_db=-12.0, clean_music_presence=0.3),
    make_item("silent.wav", **dict.fromkeys(METRICS)),
    FAILED,
)
"""One render that passes, one with a failed gate, a silent one, and one not cleaned."""

SCORECARD = scored(*RESULTS)


def write(path: Path, content: object) -> Path:
    """Write text as it is, and anything else as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_text(text, encoding="utf-8")
    return path
