"""The pitch of a voice: its fundamental frequency over time, and whether cleaning kept it.

Source: Nieradzik, *SwiftF0: Fast and accurate monophonic pitch detection*, 2025.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from stemsilver import weights
from stemsilver.device import threads
from stemsilver.evaluation.undefined import Undefined
from stemsilver.records import MusicRange

if TYPE_CHECKING:
    from swift_f0 import SwiftF0

RATE = 16_000
WEIGHTS = ("swift-f0",)

FRAME = 0.016
"""Seconds from one value of pitch to the next."""

LOWEST_HZ, HIGHEST_HZ = 60.0, 600.0
"""The range of voices."""

VOICED = 0.5
"""The confidence that the network's author takes for voiced."""

SURE = 0.9
"""Pitch found with less confidence is often that of the music."""

MIN_FRAMES = 30
"""Half a second; less says too little."""

PIECE = 30 * RATE
TOO_LITTLE_VOICED = "too_little_voiced_speech"
TOO_LITTLE_VOICED_WITHOUT_MUSIC = "too_little_voiced_speech_without_music"


@dataclass(frozen=True)
class PitchTrack:
    """The pitch in Hz every 16 ms, and the confidence that it is voiced speech, 0 to 1."""

    hz: tuple[float, ...]
    confidence: tuple[float, ...]


def pitch_track(signal: NDArray[np.float32], speech: NDArray[np.bool_]) -> PitchTrack:
    """Return the pitch of the speech in a signal.

    Shape: `signal` is (frames,) at 16 kHz, at least one; `speech` has one flag every 10 ms.
    """
    from swift_f0 import concat

    # A stream gives the same as the whole signal at once, but needs no copy of it.
    stream = _detector().stream(LOWEST_HZ, HIGHEST_HZ)
    pieces = [stream.push(signal[at : at + PIECE], RATE) for at in range(0, signal.size, PIECE)]
    found = concat([*pieces, stream.flush()])
    flags = np.minimum((100 * found.timestamps).round().astype(int), speech.size - 1)
    return PitchTrack(
        tuple(found.pitch_hz.round(1).tolist()),
        tuple(np.where(speech[flags], found.confidence, 0).round(3).tolist()),
    )


def pitch_correlation(raw: PitchTrack, clean: PitchTrack) -> float:
    """Return the concordance correlation of two pitches in octaves, where both are sure.

    Unlike Pearson's correlation, it falls if the whole voice becomes higher or lower. A jump by
    whole octaves is the usual error of a detector, so it does not count.

    Source: Lin, *A concordance correlation coefficient to evaluate reproducibility*, Biometrics
    1989.

    Raises:
        Undefined: the two have too little voiced speech in common.
    """
    frames = min(len(raw.hz), len(clean.hz))
    sure = (_confidence(raw, frames) >= SURE) & (_confidence(clean, frames) >= SURE)
    if sure.sum() < MIN_FRAMES:
        raise Undefined(TOO_LITTLE_VOICED)
    before, after = (np.log2(one.hz[:frames])[sure] for one in (raw, clean))
    after -= np.round(after - before)
    covariance = ((before - before.mean()) * (after - after.mean())).mean()
    spread = before.var() + after.var() + (before.mean() - after.mean()) ** 2
    if spread == 0:
        return 1.0
    return float(2 * covariance / spread)


def voiced_kept(raw: PitchTrack, clean: PitchTrack, music: Sequence[MusicRange]) -> float:
    """Return the share of the voiced speech of raw that is still voiced in clean.

    Only where raw has no music, whose pitch would be taken for that of the voice.

    Raises:
        Undefined: raw has too little voiced speech without music.
    """
    frames = min(len(raw.hz), len(clean.hz))
    voiced = _confidence(raw, frames) >= SURE
    for one in music:
        voiced[int(one.start / FRAME) : int(one.end / FRAME) + 1] = False
    if voiced.sum() < MIN_FRAMES:
        raise Undefined(TOO_LITTLE_VOICED_WITHOUT_MUSIC)
    return float((_confidence(clean, frames)[voiced] >= VOICED).mean())


def _confidence(track: PitchTrack, frames: int) -> NDArray[np.float64]:
    return np.array(track.confidence[:frames])


@cache
def _detector() -> SwiftF0:
    from swift_f0 import SwiftF0

    # It loads the file of its own package, so this is the one to verify.
    weights.verified("swift-f0")
    return SwiftF0(threads=threads())
