"""Speech recognition by Whisper, with the time of every word.

To add a backend, write a module here with `weights` and `transcribe`, and add it to `BACKENDS`.
Source: Radford et al., *Robust Speech Recognition via Large-Scale Weak Supervision*, 2022.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from stemsilver.config import Asr
from stemsilver.config.languages import AUTO
from stemsilver.evaluation.asr import faster_whisper, openai_whisper
from stemsilver.evaluation.asr.loops import without_loops
from stemsilver.records import Transcript, Word

RATE = 16_000

PIECE_SECONDS = 300
SEARCHED_SECONDS = 60
PAUSE_FRAMES = 30
"""Length of the pause in which a long signal is cut, in frames of 10 ms."""


class Backend(Protocol):
    """Interface of a module that runs Whisper models."""

    def weights(self, settings: Asr) -> tuple[str, ...]:
        """Return the names, in the registry, of the weight files that these settings load."""
        ...

    def transcribe(
        self, signal: NDArray[np.float32], settings: Asr
    ) -> tuple[list[tuple[Word, float]], str | None]:
        """Return the words heard in a signal of at least one sample, and their language.

        A word begins with a space unless it is written together with the one before. Each has the
        probability that the model gave it.
        """
        ...


BACKENDS: dict[str, Backend] = {
    "faster-whisper": faster_whisper,
    "openai-whisper": openai_whisper,
}


def used_weights(settings: Asr) -> tuple[str, ...]:
    """Return the names of the recogniser's weight files, without loading anything."""
    return BACKENDS[settings.backend].weights(settings)


def english_only(settings: Asr) -> bool:
    """Return whether the model was trained on English alone."""
    return settings.model_name.endswith(".en")


def transcribe(signal: NDArray[np.float32], settings: Asr) -> Transcript:
    """Return what the recogniser hears, with the time of every word.

    Decoding uses temperature 0 only: the usual retries at higher temperatures are random, and
    a transcript that changes from run to run cannot be evidence. The voice-activity filter keeps
    Whisper from inventing text where there is only music. A long signal is cut in pauses. Loops
    are removed, and their words have the probability 0 in the transcript's confidence.

    A language that is to be detected is that of the first piece with words, for all pieces.

    Shape: `signal` is (frames,) at 16 kHz; an empty signal gives an empty transcript. If the
    language is to be detected and no words are heard, the transcript has no language.

    Raises:
        WeightsError: the model's weights are missing or altered.
        EnvironmentFault: the packages that run it are not installed.
    """
    words: list[tuple[Word, float]] = []
    for start, piece in _pieces(signal):
        heard, language = BACKENDS[settings.backend].transcribe(piece, settings)
        words += ((_later(word, start / RATE), sure) for word, sure in heard)
        if heard and language is not None:
            settings = settings.model_copy(update={"language": language})
    kept = [words[index] for index in without_loops([word.text for word, _ in words])]
    return Transcript(
        "".join(word.text for word, _ in kept).strip(),
        tuple(replace(word, text=word.text.strip()) for word, _ in kept),
        None if settings.language == AUTO else settings.language,
        round(sum(sure for _, sure in kept) / len(words), 3) if words else None,
        len(words) - len(kept),
    )


def _later(word: Word, seconds: float) -> Word:
    return replace(word, start=round(word.start + seconds, 3), end=round(word.end + seconds, 3))


def _pieces(signal: NDArray[np.float32]) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Yield pieces of at most `PIECE_SECONDS`, each with its start; cut where it is quietest.

    The cut is in the last `SEARCHED_SECONDS` of a piece.
    """
    start = 0
    size, searched = PIECE_SECONDS * RATE, SEARCHED_SECONDS * RATE
    frame = RATE // 100
    while signal.size - start > size:
        tail = signal[start + size - searched : start + size]
        power = np.square(tail, dtype=np.float64).reshape(-1, frame).mean(axis=1)
        quiet = np.convolve(power, np.ones(PAUSE_FRAMES), "valid").argmin()
        stop = start + size - searched + int(quiet + PAUSE_FRAMES // 2) * frame
        yield start, signal[start:stop]
        start = stop
    if signal.size > start:
        yield start, signal[start:]
