"""Stemsilver from Python: clean an array or a file, and measure the result.

>>> from stemsilver.api import load_profile
>>> load_profile("embedded").postprocess.final_lufs
-16.0
"""

from __future__ import annotations

from pathlib import Path

from stemsilver import fsio
from stemsilver.audio import checked, decode, encode_wav
from stemsilver.cleaning import chain
from stemsilver.config import Profile
from stemsilver.errors import StemsilverError
from stemsilver.pipeline import evaluate_pair
from stemsilver.pipeline.tasks import signal_digest
from stemsilver.profiles import load_profile
from stemsilver.records import Audio, Cleaned, Evidence
from stemsilver.step_cache import Steps

__all__ = [
    "Audio",
    "Cleaned",
    "Evidence",
    "Profile",
    "StemsilverError",
    "clean",
    "evaluate",
    "load_profile",
    "write",
]


def clean(mixture: Audio | Path | str, profile: Profile) -> Cleaned:
    """Remove the music from a signal, or from a WAV or FLAC file.

    Shape: an `Audio` holds float32 samples of shape (channels, frames), full scale at ±1. The
    result has the same rate, channels and length.

    Raises:
        ItemError: the file cannot be decoded, or the signal is empty or not finite.
        WeightsError: a model's weights are missing or altered.
    """
    if isinstance(mixture, Audio):
        audio = checked(mixture)
    else:
        audio = decode(Path(mixture), profile.preprocess.max_minutes)
    return chain.clean(audio, signal_digest(audio), profile.chain, Steps(None))


def evaluate(
    raw: Path | str,
    clean: Path | str,
    profile: Profile,
    *,
    reference: Path | str | None = None,
    script: Path | str | None = None,
) -> Evidence:
    """Measure a render and its cleaned file, wherever it was cleaned.

    `reference` is a file with the true speech, `script` a text file with what was to be said.
    The scores that rest on the separators' own estimates are null: the files do not hold them.

    Raises:
        UsageError: the two are not of one rate, channel count and length.
        ItemError: a file cannot be read.
    """
    return evaluate_pair(
        Path(raw),
        Path(clean),
        profile,
        reference=None if reference is None else Path(reference),
        script=None if script is None else Path(script),
    )


def write(audio: Audio, path: Path | str) -> None:
    """Write a 24-bit WAV file, whole or not at all.

    Raises:
        EnvironmentFault: the disk is full or refuses.
    """
    fsio.write_bytes(Path(path), encode_wav(audio))
