"""Measure how well the metrics of the voice tell voices, and changes of pitch, apart.

    python benchmarks/voices.py VOICES MIXTURES

VOICES has a folder for each voice, with files of speech without music. MIXTURES holds
NAME.mix.flac, NAME.speech.flac and index.json, as for `quality.py`; their voice is none of VOICES.

The first table compares every two pieces of speech in VOICES. The equal error rate is that of the
threshold at which as many pairs of one voice are taken for two voices as the other way round. The
second table has the mixtures, cleaned by the default profile: the similarity to the truth, the
largest to any other voice, and the correlation of pitch with raw, also after the clean voice was
raised by half a semitone, one and two.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from stemsilver.audio import decode, resample
from stemsilver.cleaning import chain
from stemsilver.evaluation import vad
from stemsilver.evaluation.downmix import Downmix
from stemsilver.evaluation.undefined import Undefined
from stemsilver.evaluation.voice import pitch
from stemsilver.evaluation.voice.identity import (
    VoiceStretch,
    VoiceVector,
    similarity,
    voice,
    voice_stretches,
)
from stemsilver.profiles import load_profile
from stemsilver.records import Audio
from stemsilver.step_cache import UNCACHED

RATE = vad.RATE
COUNTS = (2, 4, 6, 12)
"""Stretches in a piece; one starts every 0.8 s and lasts 1.6 s."""

MOST = 16
"""Pieces of one voice."""

SEMITONES = (0.0, 0.5, 1.0, 2.0)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("voices", type=Path)
    parser.add_argument("mixtures", type=Path)
    arguments = parser.parse_args()
    console = Console(width=120, highlight=False)
    voices = {
        folder.name: [stretches(decode(file, 60)) for file in sorted(folder.iterdir())]
        for folder in sorted(arguments.voices.iterdir())
    }
    console.print(told_apart(voices))
    others = [one for files in voices.values() for one in pieces(files, COUNTS[-1])]
    console.print(cleaned(arguments.mixtures, others))


def stretches(audio: Audio) -> tuple[VoiceStretch, ...]:
    """Return the voice of the stretches with speech."""
    signal = Downmix(audio)
    return voice_stretches(signal.at(RATE), signal.heard.speech)


def pieces(files: Sequence[Sequence[VoiceStretch]], count: int) -> list[VoiceVector]:
    """Return the voice of pieces of `count` stretches, none in two pieces."""
    found = [
        voice(file[start : start + count])
        for file in files
        for start in range(0, len(file) - count + 1, count)
    ]
    return found[:MOST]


def told_apart(voices: Mapping[str, Sequence[Sequence[VoiceStretch]]]) -> Table:
    """Return the equal error rate by the length of the pieces."""
    table = Table("seconds", "voices", "pairs", "one voice", "two voices", "threshold", "EER")
    for count in COUNTS:
        by_voice = [found for files in voices.values() if (found := pieces(files, count))]
        same = [similarity(*pair) for some in by_voice for pair in combinations(some, 2)]
        other = [
            similarity(one, two)
            for some, more in combinations(by_voice, 2)
            for one in some
            for two in more
        ]
        threshold, rate = equal_error(np.array(same), np.array(other))
        table.add_row(
            f"{0.8 * (count + 1):.1f}",
            str(len(by_voice)),
            f"{len(same)} + {len(other)}",
            f"{np.mean(same):.2f}",
            f"{np.mean(other):.2f}",
            f"{threshold:.2f}",
            f"{100 * rate:.1f} %",
        )
    return table


def equal_error(same: NDArray[np.float64], other: NDArray[np.float64]) -> tuple[float, float]:
    """Return the threshold at which both kinds of error are as frequent, and their rate.

    >>> equal_error(np.array([0.7, 0.8, 0.9, 1.0]), np.array([0.5, 0.6, 0.65, 0.75]))
    (0.75, 0.25)
    """
    thresholds = np.sort(np.concatenate([same, other]))
    missed = np.searchsorted(np.sort(same), thresholds) / same.size
    taken = 1 - np.searchsorted(np.sort(other), thresholds) / other.size
    best = int(np.abs(missed - taken).argmin())
    return float(thresholds[best]), float(missed[best] + taken[best]) / 2


def cleaned(folder: Path, others: Sequence[VoiceVector]) -> Table:
    """Return the scores of cleaned mixtures."""
    raised = [f"pitch {number:+g}" for number in SEMITONES]
    table = Table("mixture", "truth", "another voice", *raised)
    for entry in json.loads((folder / "index.json").read_text()):
        mixture = decode(folder / f"{entry['name']}.mix.flac", 60)
        finished = chain.clean(mixture, mixture.digest, load_profile().chain, UNCACHED).speech
        speech = decode(folder / f"{entry['name']}.speech.flac", 60)
        own, truth = (voice(stretches(audio)) for audio in (finished, speech))
        table.add_row(
            entry["name"],
            f"{similarity(own, truth):.3f}",
            f"{max(similarity(own, one) for one in others):.3f}",
            *correlations(Downmix(mixture), Downmix(finished).at(RATE)),
        )
    return table


def correlations(raw: Downmix, clean: NDArray[np.float32]) -> Iterator[str]:
    """Yield the correlation of pitch after the clean voice was raised."""
    before = pitch.pitch_track(raw.at(RATE), raw.heard.speech)
    for number in SEMITONES:
        try:
            yield f"{pitch.pitch_correlation(before, track_raised(clean, number)):.3f}"
        except Undefined as undefined:
            yield str(undefined)


def track_raised(signal: NDArray[np.float32], semitones: float) -> pitch.PitchTrack:
    """Return the pitch of a voice that is raised by playing it faster, at its own times."""
    faster = 2 ** (semitones / 12)
    moved = resample(signal[np.newaxis], round(RATE * faster), RATE)[0]
    found = pitch.pitch_track(moved, vad.hear([moved[np.newaxis]]).speech)
    frames = range(round(len(found.hz) * faster))
    at = [min(round(frame / faster), len(found.hz) - 1) for frame in frames]
    return pitch.PitchTrack(
        tuple(found.hz[frame] for frame in at), tuple(found.confidence[frame] for frame in at)
    )


if __name__ == "__main__":
    main()
