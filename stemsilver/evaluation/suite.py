"""Which metrics apply to a render, and what stands in the place of those that do not.

A metric that is not defined for a signal gives null with its reason; one that crashes gives null
with the crash as its reason. Neither costs another metric or the render.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from stemsilver import weights
from stemsilver.audio import mono, resample
from stemsilver.config import Evaluation, Music, digest
from stemsilver.dsp import loudness
from stemsilver.errors import EnvironmentFault
from stemsilver.evaluation import asr, dnsmos, music, vad
from stemsilver.evaluation.downmix import Downmix
from stemsilver.evaluation.music_to_speech import music_to_speech_db
from stemsilver.evaluation.pause_floor import pause_floor_db
from stemsilver.evaluation.si_sdr import si_sdr_db
from stemsilver.evaluation.stoi import stoi
from stemsilver.evaluation.undefined import (
    NO_REFERENCE,
    NO_SCRIPT,
    NO_STAGE_A,
    SILENT,
    TOO_SHORT,
    Undefined,
)
from stemsilver.evaluation.wer import align, wer
from stemsilver.records import (
    Alignment,
    Audio,
    Evidence,
    Samples,
    Score,
    StageA,
    Timeline,
    Transcript,
    Word,
)

STEPS = ("loudness", "music", "dnsmos", "asr")
"""The steps of `measure`, for clocks."""

CRASHED = "crashed: "
"""How the reason of a metric that failed begins."""

MAX_LENGTH_DIFFERENCE = 0.01
"""Seconds by which a truth may differ in length and still be the truth of this render."""


class Facts(Protocol):
    """Remembers what was measured on the same signal before."""

    def facts(self, step: str, key: str, compute: Callable[[], Any]) -> Any:
        """The JSON value `compute` gives, or gave earlier under the same key."""
        ...


@dataclass(frozen=True)
class Measured:
    """What was measured on one signal alone; scores without their `raw_` or `clean_`.

    Where the recogniser failed, `transcript` is its failure.
    """

    scores: Mapping[str, Score]
    transcript: Transcript | Score
    music: Timeline | None

    @property
    def silent(self) -> bool:
        """Whether there is nothing but silence."""
        return self.scores["true_peak_dbtp"].reason == SILENT


@dataclass(frozen=True)
class Sidecars:
    """What lies beside a render: its script, and the true speech."""

    script: str | None = None
    reference: Audio | None = None


def used_weights(settings: Evaluation) -> tuple[str, ...]:
    """Names of the weight files that the models load, found without loading anything."""
    return (
        *vad.WEIGHTS,
        *music.used_weights(settings.music),
        *dnsmos.WEIGHTS,
        *asr.used_weights(settings.asr),
    )


def measure(audio: Audio, source: str, settings: Evaluation, facts: Facts) -> Measured:
    """Everything that can be measured on one signal alone, raw or clean.

    `source` is a digest of the signal.
    """
    signal = Downmix(audio)
    levels = _remembered(
        ("lufs", "true_peak_dbtp", "loudness_range_lu"),
        "loudness",
        digest("loudness", source),
        lambda: _levels(audio),
        facts,
    )
    events = _remembered(
        ("music_presence", "pause_floor_db"),
        "music",
        digest(
            "music",
            source,
            settings.music,
            weights.digest((*music.used_weights(settings.music), *vad.WEIGHTS)),
        ),
        lambda: _activity(signal, settings.music),
        facts,
    )
    opinion = _remembered(
        tuple(dnsmos.CALIBRATION),
        "dnsmos",
        digest("dnsmos", source, settings.dnsmos, weights.digest(dnsmos.WEIGHTS)),
        lambda: _opinion(signal.at(dnsmos.RATE), settings.dnsmos.hop_seconds),
        facts,
    )
    speech = _remembered(
        ("transcript",),
        "asr",
        digest("asr", source, settings.asr, weights.digest(asr.used_weights(settings.asr))),
        lambda: {"transcript": asdict(asr.transcribe(signal.at(asr.RATE), settings.asr))},
        facts,
    )
    timeline = events.pop("timeline", None)
    return Measured(
        {name: _score(found) for part in (levels, events, opinion) for name, found in part.items()},
        _transcript(speech["transcript"]),
        None if timeline is None else Timeline(timeline["hop"], tuple(timeline["values"])),
    )


def evidence(
    raw: Audio,
    raw_measured: Measured,
    clean: Audio,
    clean_measured: Measured,
    stage_a: StageA | None,
    beside: Sidecars,
) -> Evidence:
    """All the scores of one render: those of each signal, and those of the two together.

    `clean` has the rate and the length of `raw`. Without `stage_a`, as for files cleaned
    elsewhere, the scores that rest on it are null.
    """
    speech = mono(clean.samples)[0]
    scores: dict[str, Score] = {}
    alignments: list[Alignment] = []
    transcripts: dict[str, Transcript] = {}
    timelines: dict[str, Timeline] = {}
    for signal, measured in (("raw", raw_measured), ("clean", clean_measured)):
        scores.update({f"{signal}_{name}": score for name, score in measured.scores.items()})
        if isinstance(measured.transcript, Transcript):
            transcripts[signal] = measured.transcript
        if measured.music is not None:
            timelines[signal] = measured.music

    scores.update(_against_stage_a(clean, speech, stage_a))

    heard_raw, heard_clean = raw_measured.transcript, clean_measured.transcript
    scores["wer_raw_to_clean"] = _errors("raw → clean", heard_raw, heard_clean, alignments)
    script = Score.missing(NO_SCRIPT) if beside.script is None else beside.script
    if raw_measured.silent and beside.script is not None:
        script = Score.missing(SILENT)
    for signal, heard in (("raw", heard_raw), ("clean", heard_clean)):
        name = f"script → {signal}"
        scores[f"{signal}_script_wer"] = _errors(name, script, heard, alignments)
    scores.update(_against_truth(raw, speech, beside.reference))
    return Evidence(scores, transcripts, tuple(alignments), timelines)


def _levels(audio: Audio) -> dict[str, Any]:
    samples, rate = audio.samples, audio.rate
    return {
        "lufs": _found(lambda: _gated(loudness.integrated_lufs, samples, rate)),
        "true_peak_dbtp": _found(lambda: _sounding(loudness.true_peak_dbtp(samples))),
        "loudness_range_lu": _found(lambda: _gated(loudness.loudness_range_lu, samples, rate)),
    }


def _gated(measure: Callable[[Samples, int], float | None], samples: Samples, rate: int) -> float:
    try:
        return _sounding(measure(samples, rate))
    except ValueError as error:
        raise Undefined(TOO_SHORT) from error


def _sounding(value: float | None) -> float:
    if value is None:
        raise Undefined(SILENT)
    return value


def _activity(downmix: Downmix, settings: Music) -> dict[str, Any]:
    timeline = music.timeline(downmix, settings)
    signal = downmix.at(vad.RATE)
    return {
        "music_presence": _found(lambda: _presence(signal, timeline, downmix.duration)),
        "pause_floor_db": _found(
            lambda: pause_floor_db(signal, vad.speech_frames(signal), vad.HOP, vad.RATE)
        ),
        "timeline": asdict(timeline),
    }


def _presence(signal: NDArray[np.float32], timeline: Timeline, duration: float) -> float:
    if not signal.any():
        raise Undefined(SILENT)
    # The last value may cover less than a hop, and then counts less.
    covered = duration / timeline.hop - np.arange(len(timeline.values))
    return float(np.average(timeline.values, weights=np.clip(covered, 0, 1)))


def _opinion(signal: NDArray[np.float32], hop_seconds: float) -> dict[str, Any]:
    return {name: {"value": value} for name, value in dnsmos.dnsmos(signal, hop_seconds).items()}


def _errors(
    name: str,
    before: str | Transcript | Score,
    after: Transcript | Score,
    alignments: list[Alignment],
) -> Score:
    """The WER between two texts; the alignment behind it is added to `alignments`.

    A missing score in the place of a text is handed on.
    """
    if isinstance(before, Score):
        return before
    if isinstance(after, Score):
        return after

    def compute() -> float:
        alignment = align(name, before, after)
        alignments.append(alignment)
        return wer(alignment)

    return _try(compute)


def _against_stage_a(
    clean: Audio, speech: NDArray[np.float32], stage_a: StageA | None
) -> dict[str, Score]:
    """The music left, and what the steps after Stage A changed, by Stage A's own estimates."""
    names = ("music_to_speech_db", "stoi_vs_stage_a", "si_sdr_vs_stage_a_db")
    if stage_a is None or clean.duration < loudness.BLOCK_SECONDS:
        reason = NO_STAGE_A if stage_a is None else TOO_SHORT
        return {name: Score.missing(reason) for name in names}
    vocals = mono(stage_a.vocals)[0]
    metrics: tuple[Callable[[], float], ...] = (
        lambda: music_to_speech_db(clean.samples, stage_a.vocals, stage_a.residual, clean.rate),
        lambda: stoi(speech, vocals, clean.rate),
        lambda: si_sdr_db(speech, vocals),
    )
    return {name: _try(metric) for name, metric in zip(names, metrics, strict=True)}


def _against_truth(
    raw: Audio, speech: NDArray[np.float32], reference: Audio | None
) -> dict[str, Score]:
    """SI-SDR and ESTOI of raw and clean against the truth, and what cleaning gained."""

    def truth() -> NDArray[np.float32]:
        if reference is None:
            raise Undefined(NO_REFERENCE)
        if raw.duration < loudness.BLOCK_SECONDS:
            raise Undefined(TOO_SHORT)
        if abs(reference.duration - raw.duration) > MAX_LENGTH_DIFFERENCE:
            raise Undefined(
                f"the truth lasts {reference.duration:.2f} s, the render {raw.duration:.2f} s"
            )
        aligned = resample(mono(reference.samples), reference.rate, raw.rate, speech.size)
        true_speech: NDArray[np.float32] = aligned[0]
        return true_speech

    signals = {"raw": mono(raw.samples)[0], "clean": speech}
    scores: dict[str, Score] = {}
    for signal, samples in signals.items():
        against = partial(_against, samples, truth)
        scores[f"{signal}_si_sdr_db"] = _try(partial(against, si_sdr_db))
        scores[f"{signal}_estoi"] = _try(
            partial(against, partial(stoi, rate=raw.rate, extended=True))
        )
    for gain, name in (("si_sdr_improvement_db", "si_sdr_db"), ("estoi_improvement", "estoi")):
        scores[gain] = _difference(scores[f"clean_{name}"], scores[f"raw_{name}"])
    return scores


def _against(
    samples: NDArray[np.float32],
    truth: Callable[[], NDArray[np.float32]],
    metric: Callable[[NDArray[np.float32], NDArray[np.float32]], float],
) -> float:
    return metric(samples, truth())


def _difference(after: Score, before: Score) -> Score:
    if after.value is None or before.value is None:
        return Score.missing(after.reason or before.reason or "")
    return Score(after.value - before.value)


def _remembered(
    names: Sequence[str],
    step: str,
    key: str,
    compute: Callable[[], dict[str, Any]],
    facts: Facts,
) -> dict[str, Any]:
    """Findings by name; where the whole step has none, each name with the reason.

    That a metric is undefined is a fact and remembered; that it crashed is not.
    """

    def found() -> dict[str, Any]:
        try:
            findings = compute()
        except Undefined as undefined:
            return {name: {"reason": str(undefined)} for name in names}
        if any(str(one.get("reason")).startswith(CRASHED) for one in findings.values()):
            raise _Incomplete(findings)
        return findings

    try:
        remembered: dict[str, Any] = facts.facts(step, key, found)
    except EnvironmentFault:
        raise
    except _Incomplete as incomplete:
        return incomplete.findings
    except Exception as crash:
        return {name: {"reason": _crash(crash)} for name in names}
    return remembered


class _Incomplete(Exception):
    """Findings of which some crashed, on their way past the memory, which must not keep them."""

    def __init__(self, findings: dict[str, Any]) -> None:
        super().__init__()
        self.findings = findings


def _found(compute: Callable[[], float]) -> dict[str, Any]:
    return asdict(_try(compute))


def _try(compute: Callable[[], float]) -> Score:
    try:
        return Score(float(compute()))
    except Undefined as undefined:
        return Score.missing(str(undefined))
    except EnvironmentFault:
        raise
    except Exception as crash:
        return Score.missing(_crash(crash))


def _crash(crash: Exception) -> str:
    return f"{CRASHED}{type(crash).__name__}: {crash}"


def _score(found: Mapping[str, Any]) -> Score:
    return Score(found.get("value"), found.get("reason"))


def _transcript(found: Mapping[str, Any]) -> Transcript | Score:
    if "text" not in found:
        return _score(found)
    words = tuple(Word(**word) for word in found["words"])
    return Transcript(found["text"], words, found["language"])
