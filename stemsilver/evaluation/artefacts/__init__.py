"""How far the speech of a cleaned render departs from raw, and the places where it does most.

Where raw is speech and not music, cleaning should change nothing but the level. What Stage A takes
for speech says where that is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from stemsilver.dsp.stft import Stft
from stemsilver.evaluation.artefacts.places import worst_places
from stemsilver.evaluation.downmix import one_channel
from stemsilver.evaluation.findings import score_or_reason
from stemsilver.evaluation.undefined import NO_SPEECH, NO_STAGE_A, SILENT, TOO_SHORT, Undefined
from stemsilver.records import Artefact, Audio, Score, Signal, StageA, Timeline
from stemsilver.signals import blocks

FFT, HOP = 1764, 882
"""Sizes in samples at 44.1 kHz: 40 ms and 20 ms."""

LOW_HZ, HIGH_HZ = 100.0, 8000.0

SPEECH_DB = 10.0
"""In a bin of speech, the vocals of Stage A are at least this much louder than the residual."""

FAINT_DB = 25.0
"""A bin so far below the loudest one of its window is left out."""

QUIET_DB = 20.0
"""A window so far below the loud ones is left out."""

MIN_SHARE = 0.1
"""A window with less speech is left out; 1 is speech in every bin."""

GONE_DB = 40.0
"""A bin that lost more counts as this: what is gone cannot be more than gone."""

SMOOTHING = 10
"""Windows over which the departure is averaged: 0.2 s."""

PERCENTILE = 95

REDUCED = 5
"""Windows for each value of the timeline: 0.1 s."""


@dataclass(frozen=True)
class Departure:
    """How far the speech of clean departs from raw.

    `score` is the departure that is exceeded during a twentieth of the speech, in dB. `timeline` is
    0 where there is no speech, and None if the score has no value; `places` are the worst, in order
    of time.
    """

    score: Score
    timeline: Timeline | None = None
    places: tuple[Artefact, ...] = ()


def departure(
    raw: Audio, clean: Audio, stage_a: StageA | None, speech: Sequence[tuple[float, float]]
) -> Departure:
    """Return how far the speech of `clean` departs from `raw`.

    Args:
        raw: the render.
        clean: the cleaned render, sample-aligned with `raw`.
        stage_a: the separators' estimates from `raw`; None for files cleaned elsewhere, whose
            departure is not known.
        speech: the stretches of both with speech, in seconds.
    """
    transform = Stft.at_rate(FFT, HOP, raw.rate)
    hop = transform.hop / raw.rate

    @cache
    def over_time() -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        if stage_a is None:
            raise Undefined(NO_STAGE_A)
        return _over_time(raw, clean, stage_a, speech, transform)

    def exceeded_db() -> float:
        values, spoken = over_time()
        return float(np.percentile(values[spoken], PERCENTILE))

    score = score_or_reason(exceeded_db)
    if score.value is None:
        return Departure(score)
    values, _ = over_time()
    starts = np.arange(0, values.size, REDUCED)
    reduced = np.maximum.reduceat(values, starts).round(2)
    return Departure(
        score, Timeline(REDUCED * hop, tuple(reduced.tolist())), worst_places(values, hop)
    )


def _over_time(
    raw: Audio,
    clean: Audio,
    stage_a: StageA,
    speech: Sequence[tuple[float, float]],
    transform: Stft,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the departure in each window, in dB, and whether the window is speech.

    Raises:
        Undefined: the signals are too short, `clean` is silent, or there is no speech.
    """
    if transform.windows(clean.samples.shape[-1]) < SMOOTHING:
        raise Undefined(TOO_SHORT)
    at = transform.frequencies(raw.rate)
    inside = (at >= LOW_HZ) & (at <= HIGH_HZ)
    weights = _weights(at[inside])
    signals = [
        one_channel(one, like=clean.samples)
        for one in (raw.samples, clean.samples, stage_a.vocals, stage_a.residual)
    ]
    heard, expected = (_energy(one) for one in signals[1:3])
    if heard == 0:
        raise Undefined(SILENT)
    spectra = [transform.analyse(blocks(one), *one.shape) for one in signals]
    parts = []
    for four in zip(*spectra, strict=True):
        was, now, vocals, residual = (
            np.abs(one[0, inside]).astype(np.float64) ** 2 for one in four
        )
        # Nearly at the level of raw already, or `GONE_DB` would depend on the level.
        parts.append(_compared(was, now * (expected / heard), vocals, residual, weights))
    share, mean, square, voice = np.concatenate(parts, axis=1)
    spoken = np.zeros(share.size, np.bool_)
    for start, end in speech:
        ends = (round(second * raw.rate / transform.hop) for second in (start, end))
        spoken[slice(*ends)] = True
    spoken &= share >= MIN_SHARE
    if not spoken.any():
        raise Undefined(NO_SPEECH)
    spoken &= voice >= np.percentile(voice[spoken], PERCENTILE) * 10 ** (-QUIET_DB / 10)
    gain = np.median(mean[spoken])
    departed = np.where(spoken, square - 2 * gain * mean + gain**2, 0.0)
    smooth = np.convolve(np.maximum(departed, 0.0), np.full(SMOOTHING, 1 / SMOOTHING), "same")
    return np.sqrt(smooth), spoken


def _compared(
    raw: NDArray[np.float64],
    clean: NDArray[np.float64],
    vocals: NDArray[np.float64],
    residual: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Compare the powers of some windows; each is (bins, windows), `weights` are (bins,).

    Returns:
        Shape (4, windows): the share of the bins that are speech; the mean and the mean square of
        their change in dB; the power of the vocals.
    """
    heard = (
        (vocals >= residual * 10 ** (SPEECH_DB / 10))
        & (vocals >= vocals.max(axis=0) * 10 ** (-FAINT_DB / 10))
        & (raw > 0)
    )
    ratio = np.divide(clean, raw, out=np.ones_like(raw), where=heard)
    change = 10 * np.log10(np.maximum(ratio, 10 ** (-GONE_DB / 10)))
    counted = weights[:, np.newaxis] * heard
    share = counted.sum(axis=0)
    total = np.maximum(share, np.finfo(np.float64).tiny)
    mean, square = ((counted * one).sum(axis=0) / total for one in (change, change**2))
    return np.stack([share, mean, square, vocals.sum(axis=0)])


def _energy(signal: Signal) -> float:
    return sum(float(np.square(block, dtype=np.float64).sum()) for block in blocks(signal))


def _weights(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weight of each bin: one over the bandwidth of hearing there, 1 together."""
    weights = 1 / (24.7 * (0.00437 * hertz + 1))
    return np.asarray(weights / weights.sum())
