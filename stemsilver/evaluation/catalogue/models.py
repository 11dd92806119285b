"""Catalogue entries adapted to the models that a profile measures with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from stemsilver.config import Asr, Evaluation, PannsMusic
from stemsilver.config.languages import AUTO, UNSPACED
from stemsilver.evaluation import citations
from stemsilver.evaluation.catalogue import METRICS, Metric
from stemsilver.evaluation.catalogue.words import ENGLISH_FORMS, SMALL
from stemsilver.evaluation.citations import Citation
from stemsilver.translation import N_

_SMALL = ("tiny", "base", "small")
_BASIC = "capitals and punctuation do not count, but numbers and short forms count as written"


def described(settings: Evaluation) -> Mapping[str, Metric]:
    """Return every metric, in column order, described as these settings measure it."""
    found = dict(METRICS)
    for name, metric in METRICS.items():
        panns = settings.music if isinstance(settings.music, PannsMusic) else None
        if panns is not None and name.endswith("_music_presence"):
            found[name] = _by_panns(metric, panns)
        elif panns is not None and name.endswith("_music_share"):
            found[name] = replace(
                metric,
                sources=(citations.OWN, citations.PANNS),
                limits="How loud the music is. Its beginning and end are found to "
                f"{panns.chunk_seconds:g} s. Faint music under speech can be missed.",
            )
        elif citations.WHISPER in metric.sources:
            found[name] = _by_whisper(metric, settings.asr)
    return found


def _by_panns(metric: Metric, music: PannsMusic) -> Metric:
    labels = ", ".join(f"“{label}”" for label in music.labels)
    return replace(
        metric,
        about="How sure an audio tagger is, on average, that there is music.",
        formula=r"\frac{1}{D} \sum_{k=1}^{K} d_k \max_{l \in L} p_{kl}",
        where=f"$p_{{kl}}$ is the tagger's probability of the AudioSet class $l$ in chunk $k$ of "
        f"length $d_k$: {music.chunk_seconds:g} s, except for the last, to which silence is "
        f"added; $D$ is the length of the signal, and $L$ are the classes {labels}. It hears the "
        "one channel at 32 kHz.",
        sources=(citations.PANNS,),
        limits="How loud the music is, or when it plays within a chunk: it is a probability, not "
        "a level. Faint music under speech can be missed. Its values cannot be compared with "
        "those of another detector.",
    )


def _by_whisper(metric: Metric, asr: Asr) -> Metric:
    normaliser = {"en": N_("English"), AUTO: N_("English or basic")}.get(asr.language, N_("basic"))
    heard = Citation(
        N_(f"Radford et al., Whisper ({asr.model_name}, with its {normaliser} normaliser), 2022"),
        citations.WHISPER.url,
    )
    where, limits = metric.where, metric.limits
    if asr.language == AUTO:
        both = f"in English, {ENGLISH_FORMS}; in other languages, {_BASIC}"
        where = where.replace(ENGLISH_FORMS, both)
        unspaced = (
            "Both signals of a render are heard in one language. Where a language leaves no "
            "spaces between words, as Japanese does, letters are counted as words."
        )
        where = " ".join((where, unspaced))
    elif asr.language != "en":
        where = where.replace(ENGLISH_FORMS, _BASIC)
    if asr.language in UNSPACED:
        unspaced = "The language leaves no spaces between words, so letters are counted as words."
        where = " ".join((where, unspaced))
    if not asr.model_name.startswith(_SMALL):
        limits = limits.replace(SMALL, "the recogniser itself")
    return replace(
        metric,
        where=where,
        sources=tuple(heard if one is citations.WHISPER else one for one in metric.sources),
        limits=limits,
    )
