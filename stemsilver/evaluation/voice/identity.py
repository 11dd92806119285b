"""Whose voice it is: a network's description of short stretches of speech, as unit vectors.

Source: Wan, Wang, Papir and Lopez Moreno, *Generalized end-to-end loss for speaker verification*,
ICASSP 2018. The network is that of Resemblyzer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.fft import rfft
from scipy.signal.windows import hann

from stemsilver import weights
from stemsilver.evaluation.undefined import Undefined
from stemsilver.records import MusicRange
from stemsilver.weights import onnx_network

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

VoiceVector: TypeAlias = tuple[float, ...]
"""A voice as a unit vector of 256 values; the similarity of two voices is their product."""

RATE = 16_000
WEIGHTS = ("ge2e-voice",)

STRETCH = 25_600
"""Frames of a stretch: 1.6 s, as in the training of the network."""

STEP = 12_800
"""Frames from one stretch to the next."""

MAX_STRETCHES = 60
"""A longer signal gets larger steps, so that an hour takes no longer than a minute."""

MIN_SPEECH = 0.5
"""The share of a stretch that must be speech."""

MIN_STRETCHES = 2
"""Fewer say too little about a voice."""

POWER = 1e-3
"""The power to which each stretch is brought, because the network hears levels."""

FFT, HOP = 400, 160
BATCH = 16

TOO_LITTLE_SPEECH = "too_little_speech"
TOO_LITTLE_SPEECH_WITHOUT_MUSIC = "too_little_speech_without_music"


@dataclass(frozen=True)
class VoiceStretch:
    """The voice in the 1.6 s of a signal that begin at the frame `start`, at 16 kHz."""

    start: int
    voice: VoiceVector


def voice_stretches(
    signal: NDArray[np.float32], speech: NDArray[np.bool_]
) -> tuple[VoiceStretch, ...]:
    """Return the voice of stretches with speech.

    Where they may begin depends only on the length of the signal: those of raw and clean can be
    compared one by one.

    Shape: `signal` is (frames,) at 16 kHz; `speech` has one flag every 10 ms.
    """
    last, step = signal.size - STRETCH, STEP
    while last // step >= MAX_STRETCHES:
        step *= 2
    spoken = [
        start
        for start in range(0, last + 1, step)
        if speech[start // HOP : (start + STRETCH) // HOP].mean() >= MIN_SPEECH
        and signal[start : start + STRETCH].any()
    ]
    outputs = onnx_network.run(_session(), _inputs(signal, spoken))
    voices = [one for [some] in outputs for one in some]
    return tuple(
        VoiceStretch(start, tuple(round(float(value), 5) for value in one))
        for start, one in zip(spoken, voices, strict=True)
    )


def voice(stretches: Sequence[VoiceStretch]) -> VoiceVector:
    """Return the mean voice of stretches, as a unit vector.

    Raises:
        Undefined: there are too few.
    """
    if len(stretches) < MIN_STRETCHES:
        raise Undefined(TOO_LITTLE_SPEECH)
    return _unit(np.mean([one.voice for one in stretches], axis=0))


def similarity(one: VoiceVector, other: VoiceVector) -> float:
    """Return the cosine of two voices."""
    return float(np.dot(one, other))


def similarity_without_music(
    raw: Sequence[VoiceStretch], clean: Sequence[VoiceStretch], music: Sequence[MusicRange]
) -> float:
    """Return the similarity of clean to raw in the stretches in which raw has no music.

    Raises:
        Undefined: raw has too little speech without music.
    """
    free = {
        one.start: one
        for one in raw
        if all(
            one.start + STRETCH <= some.start * RATE or one.start >= some.end * RATE
            for some in music
        )
    }
    after = [one for one in clean if one.start in free]
    if len(after) < MIN_STRETCHES:
        raise Undefined(TOO_LITTLE_SPEECH_WITHOUT_MUSIC)
    return similarity(voice([free[one.start] for one in after]), voice(after))


def similarities_to_others(voices: Sequence[VoiceVector]) -> tuple[float, ...]:
    """Return the similarity of each voice of a batch to the mean of all others; at least two."""
    every = np.array(voices)
    others = every.sum(axis=0) - every
    return tuple(similarity(one, _unit(rest)) for one, rest in zip(voices, others, strict=True))


def _unit(vector: NDArray[np.float64]) -> VoiceVector:
    return tuple((vector / np.linalg.norm(vector)).tolist())


def _inputs(
    signal: NDArray[np.float32], starts: Sequence[int]
) -> Iterator[dict[str, NDArray[np.float32]]]:
    for first in range(0, len(starts), BATCH):
        some = starts[first : first + BATCH]
        yield {"power": np.stack([_spectra(signal, start) for start in some])}


def _spectra(signal: NDArray[np.float32], start: int) -> NDArray[np.float32]:
    """Return the power spectra of a stretch; shape (160, 201). Windows are centred on their hop."""
    half = FFT // 2
    around = signal[max(0, start - half) : start + STRETCH + half]
    before = max(0, half - start)
    around = np.pad(around, (before, STRETCH + FFT - before - around.size))
    windows = sliding_window_view(around, FFT)[:STRETCH:HOP] * hann(FFT, sym=False)
    own = np.square(signal[start : start + STRETCH], dtype=np.float64).mean()
    spectra: NDArray[np.float32] = np.square(np.abs(rfft(windows))) * (POWER / own)
    return spectra.astype(np.float32)


@cache
def _session() -> InferenceSession:
    return onnx_network.load(weights.verified("ge2e-voice"))
