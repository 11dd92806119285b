"""Measurement of all metrics that apply to a render.

A metric that is not defined for a signal gives null with a reason; one that crashes gives null
with the crash as the reason. Neither affects the other metrics or the render.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stemsilver import weights
from stemsilver.config import Evaluation, digest
from stemsilver.dsp import meter
from stemsilver.evaluation import asr, dnsmos, music, vad
from stemsilver.evaluation.artefacts import departure
from stemsilver.evaluation.downmix import Downmix, mix_note, one_channel
from stemsilver.evaluation.findings import cached_findings, score, score_as_json
from stemsilver.evaluation.music.ranges import music_ranges, runs, with_levels
from stemsilver.evaluation.pause_floor import pause_floor_db
from stemsilver.evaluation.references import against_stage_a, against_truth, lag_notes
from stemsilver.evaluation.undefined import NO_SCRIPT, NO_SPEECH, SILENT, TOO_SHORT, Undefined
from stemsilver.evaluation.voice import scores as voice
from stemsilver.evaluation.voice.scores import HeardVoice, voice_scores
from stemsilver.evaluation.words.scores import word_scores
from stemsilver.records import (
    Audio,
    Evidence,
    MusicRange,
    Score,
    Sidecars,
    Signal,
    StageA,
    Timeline,
    Transcript,
    Word,
)
from stemsilver.step_cache import Memo

STEPS = ("loudness", "music", "dnsmos", "asr", "voice")
"""The steps of `measure`, for timing."""


@dataclass(frozen=True)
class FoundMusic:
    """The music of one signal, and its scores.

    `timeline` and `has_speech` are None if the signal is too short for the detectors. `speech` has
    the starts and ends of the stretches with speech, in seconds.
    """

    scores: Mapping[str, Score]
    timeline: Timeline | None = None
    ranges: tuple[MusicRange, ...] = ()
    has_speech: bool | None = None
    speech: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class Measured:
    """Measurements of one signal; the names of `scores` have no prefix `raw_` or `clean_`.

    If the recogniser failed, `transcript` is a score with the reason; `voice` likewise.
    `english_only` says that the recogniser knows no other language.
    """

    scores: Mapping[str, Score]
    transcript: Transcript | Score
    music: FoundMusic
    voice: HeardVoice | Score
    english_only: bool = False

    @property
    def silent(self) -> bool:
        """Whether the whole signal is silent."""
        return self.scores["true_peak_dbtp"].reason == SILENT

    @property
    def language(self) -> str | None:
        """The language in which the recogniser heard words."""
        return self.transcript.language if isinstance(self.transcript, Transcript) else None


def used_weights(settings: Evaluation) -> tuple[str, ...]:
    """Return the names of the models' weight files, without loading anything."""
    return (
        *vad.WEIGHTS,
        *music.used_weights(settings.music),
        *dnsmos.WEIGHTS,
        *asr.used_weights(settings.asr),
        *voice.WEIGHTS,
    )


def measure(
    audio: Audio, source: str, settings: Evaluation, memo: Memo, language: str | None = None
) -> Measured:
    """Measure everything that needs only one signal, raw or clean.

    Args:
        audio: the signal.
        source: a digest of the signal.
        settings: the profile's evaluation.
        memo: runs the steps, and may cache their results.
        language: that of the speech, if it is known: raw and clean must be heard in the same one.
    """
    signal = Downmix(audio)
    recogniser = settings.asr
    if language is not None:
        recogniser = recogniser.model_copy(update={"language": language})
    levels = cached_findings(
        ("lufs", "true_peak_dbtp", "loudness_range_lu"),
        "loudness",
        digest("loudness", source),
        lambda: _levels(audio),
        memo,
    )
    events = _find_music(signal, source, settings, memo)
    opinion = cached_findings(
        tuple(dnsmos.CALIBRATION),
        "dnsmos",
        digest("dnsmos", source, settings.dnsmos, weights.digest(dnsmos.WEIGHTS)),
        lambda: _dnsmos(signal.at(dnsmos.RATE), settings.dnsmos.hop_seconds),
        memo,
    )
    speech = cached_findings(
        ("transcript",),
        "asr",
        digest("asr", source, recogniser, weights.digest(asr.used_weights(recogniser))),
        lambda: {"transcript": asdict(asr.transcribe(signal.at(asr.RATE), recogniser))},
        memo,
    )
    heard = cached_findings(
        ("voice",),
        "voice",
        digest("voice", source, weights.digest((*vad.WEIGHTS, *voice.WEIGHTS))),
        lambda: {"voice": voice.hear(signal)},
        memo,
    )
    loud, liked = ({name: score(kept) for name, kept in part.items()} for part in (levels, opinion))
    return Measured(
        {**loud, **events.scores, **liked},
        _transcript(speech["transcript"]),
        events,
        voice.heard_voice(heard["voice"]),
        asr.english_only(settings.asr),
    )


def find_music(audio: Audio, source: str, settings: Evaluation, memo: Memo) -> FoundMusic:
    """Find the music of a signal; the arguments and the step are those of `measure`."""
    return _find_music(Downmix(audio), source, settings, memo)


def evidence(
    raw: Audio,
    raw_measured: Measured,
    clean: Audio,
    clean_measured: Measured,
    stage_a: StageA | None,
    beside: Sidecars,
) -> Evidence:
    """Return all scores of one render: those of each signal, and those of both together.

    Args:
        raw: the render before cleaning.
        raw_measured: the result of `measure` for `raw`.
        clean: the cleaned render, at the rate of `raw`.
        clean_measured: the result of `measure` for `clean`.
        stage_a: None for files cleaned elsewhere: the scores that need it are then null.
        beside: the script and the true speech of the render.
    """
    speech = one_channel(clean.samples)
    scores: dict[str, Score] = {}
    transcripts: dict[str, Transcript] = {}
    timelines: dict[str, Timeline] = {}
    ranges: dict[str, tuple[MusicRange, ...]] = {}
    for signal, measured in (("raw", raw_measured), ("clean", clean_measured)):
        scores.update({f"{signal}_{name}": one for name, one in measured.scores.items()})
        if isinstance(measured.transcript, Transcript):
            transcripts[signal] = measured.transcript
        if measured.music.timeline is not None:
            timelines[signal] = measured.music.timeline
            ranges[signal] = measured.music.ranges

    scores.update(against_stage_a(clean, speech, stage_a))
    spoken = raw_measured.music.speech + clean_measured.music.speech
    departed = departure(raw, clean, stage_a, spoken)
    scores["artefact_db"] = departed.score

    script: str | Score
    if beside.script is None:
        script = Score.missing(beside.script_fault or NO_SCRIPT)
    else:
        script = Score.missing(SILENT) if raw_measured.silent else beside.script
    words = word_scores(
        raw_measured.transcript,
        clean_measured.transcript,
        script,
        english_only=raw_measured.english_only,
    )
    scores.update(words.scores)
    lags: dict[str, float] = {}
    truth = against_truth(raw, speech, beside.reference, lags)
    voices = voice_scores(
        _voice(raw_measured), _voice(clean_measured), raw_measured.music.ranges, beside.reference
    )
    scores.update({**truth, **voices.scores})
    if beside.reference_fault is not None:
        fault = Score.missing(beside.reference_fault)
        scores.update(dict.fromkeys((*truth, voice.TO_TRUTH), fault))
    notes = [
        *beside.notes,
        *words.notes,
        mix_note(raw.samples),
        mix_note(clean.samples),
        *lag_notes(lags, raw.rate),
    ]
    said = tuple(dict.fromkeys(note for note in notes if note is not None))
    return Evidence(
        scores,
        transcripts,
        words.alignments,
        timelines,
        notes=said,
        music_ranges=ranges,
        language=words.language,
        voice=voices.voice,
        departure=departed.timeline,
        artefacts=departed.places,
    )


def _levels(audio: Audio) -> dict[str, Any]:
    signal, rate = audio.samples, audio.rate
    return {
        "lufs": score_as_json(lambda: _loudness_or_undefined(meter.integrated_lufs, signal, rate)),
        "true_peak_dbtp": score_as_json(lambda: _not_silent(meter.true_peak_dbtp(signal))),
        "loudness_range_lu": score_as_json(
            lambda: _loudness_or_undefined(meter.loudness_range_lu, signal, rate)
        ),
    }


def _loudness_or_undefined(
    measure: Callable[[Signal, int], float | None], signal: Signal, rate: int
) -> float:
    try:
        return _not_silent(measure(signal, rate))
    except ValueError as error:
        raise Undefined(TOO_SHORT) from error


def _not_silent(value: float | None) -> float:
    if value is None:
        raise Undefined(SILENT)
    return value


def _find_music(signal: Downmix, source: str, settings: Evaluation, memo: Memo) -> FoundMusic:
    decisive = (settings.music, settings.music_ranges, settings.speech_probability_min)
    files = weights.digest((*music.used_weights(settings.music), *vad.WEIGHTS))
    kept = cached_findings(
        ("music_presence", "music_share", "pause_floor_db"),
        "music",
        digest("music", source, *decisive, files),
        lambda: _music_and_pauses(signal, settings),
        memo,
    )
    found = kept.pop("found", None)
    scores = {name: score(one) for name, one in kept.items()}
    if found is None:
        return FoundMusic(scores)
    return FoundMusic(
        scores,
        Timeline(found["timeline"]["hop"], tuple(found["timeline"]["values"])),
        tuple(MusicRange(**one) for one in found["ranges"]),
        found["has_speech"],
        tuple((start * vad.HOP, end * vad.HOP) for start, end in found["speech"]),
    )


def _music_and_pauses(downmix: Downmix, settings: Evaluation) -> dict[str, Any]:
    timeline = music.timeline(downmix, settings.music)
    heard = downmix.heard
    ranges = music_ranges(timeline, settings.music_ranges, downmix.duration)
    return {
        "music_presence": score_as_json(lambda: _presence(heard, timeline, downmix.duration)),
        "music_share": score_as_json(lambda: _share(heard, ranges, downmix.duration)),
        "pause_floor_db": score_as_json(
            lambda: pause_floor_db(heard.powers, heard.speech, vad.HOP)
        ),
        "found": {
            "timeline": asdict(timeline),
            "ranges": [
                asdict(one) for one in with_levels(ranges, heard.powers, heard.speech, vad.HOP)
            ],
            "has_speech": heard.has_speech(settings.speech_probability_min),
            "speech": runs(heard.speech),
        },
    }


def _presence(heard: vad.Heard, timeline: Timeline, duration: float) -> float:
    if not heard.powers.any():
        raise Undefined(SILENT)
    # The last value may cover less than a hop; its weight is then smaller.
    covered = duration / timeline.hop - np.arange(len(timeline.values))
    return float(np.average(timeline.values, weights=np.clip(covered, 0, 1)))


def _share(heard: vad.Heard, ranges: tuple[MusicRange, ...], duration: float) -> float:
    if not heard.powers.any():
        raise Undefined(SILENT)
    return sum(one.end - one.start for one in ranges) / duration


def _dnsmos(signal: NDArray[np.float32], hop_seconds: float) -> dict[str, Any]:
    return {name: {"value": value} for name, value in dnsmos.dnsmos(signal, hop_seconds).items()}


def _voice(measured: Measured) -> HeardVoice | Score:
    # The voice-activity detector alone takes some instruments for voices.
    if measured.music.has_speech is False and not measured.silent:
        return Score.missing(NO_SPEECH)
    return measured.voice


def _transcript(kept: Mapping[str, Any]) -> Transcript | Score:
    if "text" not in kept:
        return score(kept)
    words = tuple(Word(**word) for word in kept["words"])
    return Transcript(**{**kept, "words": words})
