"""All scores of a render's voice: whose it is, and its pitch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from stemsilver.evaluation import vad
from stemsilver.evaluation.downmix import Downmix
from stemsilver.evaluation.findings import score, score_or_reason
from stemsilver.evaluation.undefined import NO_REFERENCE, SILENT, Undefined
from stemsilver.evaluation.voice import identity, pitch
from stemsilver.evaluation.voice.identity import VoiceStretch, VoiceVector
from stemsilver.evaluation.voice.pitch import PitchTrack
from stemsilver.records import Audio, ItemResult, MusicRange, Score

WEIGHTS = (*identity.WEIGHTS, *pitch.WEIGHTS)

TO_TRUTH = "voice_similarity_to_truth"
TO_BATCH = "voice_similarity_to_batch"
NO_OTHER_VOICE = "no_other_voice_in_the_batch"


@dataclass(frozen=True)
class HeardVoice:
    """The voice in one signal, for comparison with that in another."""

    stretches: tuple[VoiceStretch, ...]
    pitch: PitchTrack


def hear(signal: Downmix) -> dict[str, Any]:
    """Return the voice in a signal as a JSON value, for `heard_voice`.

    Raises:
        Undefined: the signal is silent, or too short for the detector of speech.
    """
    samples = signal.at(vad.RATE)
    if not samples.any():
        raise Undefined(SILENT)
    return asdict(
        HeardVoice(
            identity.voice_stretches(samples, signal.heard.speech),
            pitch.pitch_track(samples, signal.heard.speech),
        )
    )


def heard_voice(kept: Mapping[str, Any]) -> HeardVoice | Score:
    """Return what `hear` found, from its JSON value; if it failed, the reason."""
    if "pitch" not in kept:
        return score(kept)
    return HeardVoice(
        tuple(VoiceStretch(one["start"], tuple(one["voice"])) for one in kept["stretches"]),
        PitchTrack(**{name: tuple(values) for name, values in kept["pitch"].items()}),
    )


@dataclass(frozen=True)
class VoiceScores:
    """The scores of one render, and its voice in clean; empty if it is not known."""

    scores: Mapping[str, Score]
    voice: VoiceVector = ()


def voice_scores(
    raw: HeardVoice | Score,
    clean: HeardVoice | Score,
    music: Sequence[MusicRange],
    reference: Audio | None,
) -> VoiceScores:
    """Compare the voice in clean with that in raw and in the true speech.

    Args:
        raw: the voice before cleaning.
        clean: the voice after it.
        music: the stretches of raw with music.
        reference: the true speech.
    """

    def known(found: HeardVoice | Score) -> HeardVoice:
        if isinstance(found, Score):
            raise Undefined(found.reason or "")
        return found

    def truth() -> VoiceVector:
        if reference is None:
            raise Undefined(NO_REFERENCE)
        signal = Downmix(reference)
        return identity.voice(identity.voice_stretches(signal.at(vad.RATE), signal.heard.speech))

    def own() -> VoiceVector:
        return identity.voice(known(clean).stretches)

    comparisons: dict[str, Callable[[], float]] = {
        "voice_similarity": lambda: identity.similarity_without_music(
            known(raw).stretches, known(clean).stretches, music
        ),
        TO_TRUTH: lambda: identity.similarity(own(), truth()),
        "pitch_correlation": lambda: pitch.pitch_correlation(known(raw).pitch, known(clean).pitch),
        "voiced_kept": lambda: pitch.voiced_kept(known(raw).pitch, known(clean).pitch, music),
    }
    scores = {name: score_or_reason(compare) for name, compare in comparisons.items()}
    try:
        voice = own()
    except Undefined as undefined:
        return VoiceScores({**scores, TO_BATCH: Score.missing(str(undefined))})
    return VoiceScores({**scores, TO_BATCH: Score.missing(NO_OTHER_VOICE)}, voice)


def against_batch(items: Sequence[ItemResult]) -> tuple[ItemResult, ...]:
    """Return the renders of a batch with the similarity of each voice to all others.

    It is not part of a finished render, because other renders decide it.
    """
    voices = {
        item.id: item.evidence.voice for item in items if item.evidence and item.evidence.voice
    }
    if len(voices) < 2:
        return tuple(items)
    found = dict(zip(voices, identity.similarities_to_others(list(voices.values())), strict=True))

    def scored(item: ItemResult) -> ItemResult:
        if item.evidence is None or item.id not in found:
            return item
        scores = {**item.evidence.scores, TO_BATCH: Score(found[item.id])}
        return replace(item, evidence=replace(item.evidence, scores=scores))

    return tuple(map(scored, items))
