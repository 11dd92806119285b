"""The Python API: read, clean, measure and write audio, without a batch or a site.

The functions import their dependencies when they are called, so importing this module is fast.
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
"""The default length limit of `read`."""


def read(path: Path | str, *, max_minutes: float = MAX_MINUTES) -> Audio:
    """Read a sound file: WAV, FLAC, MP3, or another format that libsndfile reads.

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
    """Write a 24-bit WAV file atomically.

    Args:
        audio: Samples of shape (channels, frames), full scale at ±1.
        path: The file. An existing file is replaced, and missing folders are created.

    Raises:
        ItemError: The signal is empty or not finite.
        EnvironmentFault: The disk is full, or the file cannot be written there.
    """
    from stemsilver import fsio
    from stemsilver.audio import encode_wav, validated

    fsio.write_bytes(Path(path), encode_wav(validated(audio)))


def clean(mixture: Audio | Path | str, profile: Profile | None = None) -> Cleaned:
    """Remove the music from a signal, or from a sound file.

    Of speech without music, only the level is changed; `lacks` is then `music`.

    Args:
        mixture: Speech with music: a signal, or a file.
        profile: The profile to clean with; the default profile if None. See `load_profile`.

    Returns:
        The clean speech in `speech` and the removed sound in `removed`, both with the rate,
        channels and length of the mixture.

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
    from stemsilver.audio import decode, validated
    from stemsilver.pipeline import restraint
    from stemsilver.records import Audio
    from stemsilver.step_cache import UNCACHED

    chosen = load_profile() if profile is None else profile
    if isinstance(mixture, Audio):
        audio = validated(mixture)
    else:
        audio = decode(Path(mixture), chosen.preprocess.max_minutes)
    return restraint.clean(audio, audio.digest, chosen, UNCACHED)


def evaluate(
    raw: Path | str,
    clean: Path | str,
    profile: Profile | None = None,
    *,
    reference: Path | str | None = None,
    script: Path | str | None = None,
) -> Evidence:
    """Measure a render and its cleaned file, also one cleaned by another tool.

    Args:
        raw: The original render.
        clean: The cleaned render. It may have another rate and channel count.
        profile: The profile to measure with; the default profile if None.
        reference: A file with the true speech, for SI-SDR, ESTOI and the similarity of the voice.
        script: A text file with the text to be spoken, for the word error rate.

    Returns:
        The scores by metric name, each a value or null with a reason; transcripts, word
        alignments and timelines. Scores that need the estimates of the separators are null,
        because the files do not contain them.

    Raises:
        UsageError: The two files differ in length by more than half a second.
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
