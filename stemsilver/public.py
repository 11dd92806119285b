"""Stemsilver from Python: read, clean, measure and write, without a batch or a site.

What these functions need is imported when they are called: to import them costs nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stemsilver.profiles import load_profile

if TYPE_CHECKING:
    from stemsilver.config import Profile
    from stemsilver.records import Audio, Cleaned, Evidence

__all__ = ["clean", "evaluate", "load_profile", "read", "write"]

MAX_MINUTES = 120.0
"""The longest file that `read` takes, if nothing else is said."""


def read(path: Path | str, *, max_minutes: float = MAX_MINUTES) -> Audio:
    """Read a WAV or FLAC file.

    Args:
        path: The file.
        max_minutes: A longer file is refused before it is decoded.

    Returns:
        Samples of shape (channels, frames) as float32, full scale at ±1, at the file's own rate.

    Raises:
        ItemError: The file cannot be decoded, is empty, too long, or has samples that are not
            finite.
    """
    from stemsilver.audio import decode

    return decode(Path(path), max_minutes)


def write(audio: Audio, path: Path | str) -> None:
    """Write a 24-bit WAV file, whole or not at all.

    Args:
        audio: Samples of shape (channels, frames), full scale at ±1.
        path: The file; what is there is replaced, and missing folders are made.

    Raises:
        ItemError: The signal is empty or not finite.
        EnvironmentFault: The disk is full, or the file cannot be written there.
    """
    from stemsilver import fsio
    from stemsilver.audio import checked, encode_wav

    fsio.write_bytes(Path(path), encode_wav(checked(audio)))


def clean(mixture: Audio | Path | str, profile: Profile | None = None) -> Cleaned:
    """Remove the music from a signal, or from a WAV or FLAC file.

    Args:
        mixture: Speech with music: a signal, or a file.
        profile: What cleans it; the default profile if not given. See `load_profile`.

    Returns:
        The speech in `speech`, with the rate, the channels and the length of the mixture, and
        what was taken out in `removed`.

    Raises:
        ItemError: The file cannot be decoded, or the signal is empty or not finite.
        WeightsError: A model's weights are missing or altered.
        EnvironmentFault: A package that the profile needs is not installed.

    >>> import numpy as np
    >>> from stemsilver import Audio, clean
    >>> silence = Audio(np.zeros((1, 24_000), np.float32), 24_000)
    >>> clean(silence).speech.samples.shape
    (1, 24000)
    """
    from stemsilver.audio import checked, decode
    from stemsilver.cleaning import chain
    from stemsilver.records import Audio
    from stemsilver.step_cache import NOTHING_KEPT

    chosen = load_profile() if profile is None else profile
    if isinstance(mixture, Audio):
        audio = checked(mixture)
    else:
        audio = decode(Path(mixture), chosen.preprocess.max_minutes)
    return chain.clean(audio, audio.digest, chosen.chain, NOTHING_KEPT)


def evaluate(
    raw: Path | str,
    clean: Path | str,
    profile: Profile | None = None,
    *,
    reference: Path | str | None = None,
    script: Path | str | None = None,
) -> Evidence:
    """Measure a render and its cleaned file, wherever it was cleaned.

    Args:
        raw: The render as it came.
        clean: The same render, cleaned: the same rate, channels and length.
        profile: What measures it; the default profile if not given.
        reference: A file with the true speech, for SI-SDR and ESTOI.
        script: A text file with what was to be said, for the word error rate against it.

    Returns:
        The scores by the names of the metrics, each a value or null with a reason; transcripts,
        word alignments and timelines. The scores that rest on the separators' own estimates are
        null: the files do not hold them.

    Raises:
        UsageError: The two files are not of one rate, channel count and length.
        ItemError: A file cannot be read.
        EnvironmentFault: A package or weights are missing.
    """
    from stemsilver.pipeline import evaluate_pair

    return evaluate_pair(
        Path(raw),
        Path(clean),
        load_profile() if profile is None else profile,
        reference=None if reference is None else Path(reference),
        script=None if script is None else Path(script),
    )
