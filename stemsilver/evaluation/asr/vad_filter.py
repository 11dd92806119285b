"""The filter before a recogniser: Silero's voice-activity detector, as faster-whisper runs it.

faster-whisper applies the filter itself; this module is for recognisers without one. It cuts the
signal and restores the times in the same way, so that all recognisers hear the same.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from stemsilver import weights
from stemsilver.evaluation.vad import RATE

WEIGHTS = ("silero-vad-v6",)

Times = Callable[[float, float], tuple[float, float]]
"""Converts start and end in the filtered signal to start and end in the original, in seconds."""


def speech_alone(signal: NDArray[np.float32]) -> tuple[NDArray[np.float32], Times]:
    """Return the stretches of `signal` with speech, joined, and a function that restores times.

    Shape: `signal` is (frames,) at 16 kHz; the result has at most as many frames, and none if
    there is no speech.

    Raises:
        WeightsError: the detector's weights are missing or altered.
    """
    from faster_whisper.vad import SpeechTimestampsMap, collect_chunks, get_speech_timestamps

    for name in WEIGHTS:
        weights.verified(name)
    stretches = get_speech_timestamps(signal, sampling_rate=RATE)
    shown, _ = collect_chunks(signal, stretches, sampling_rate=RATE)
    original = SpeechTimestampsMap(stretches, RATE)

    def in_signal(start: float, end: float) -> tuple[float, float]:
        # Look up the middle of the word, so that both its ends fall into one stretch.
        stretch = original.get_chunk_index((start + end) / 2)
        return (
            original.get_original_time(start, stretch),
            original.get_original_time(end, stretch),
        )

    return np.concatenate(shown), in_signal
