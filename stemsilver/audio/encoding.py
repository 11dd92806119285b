"""Encode WAV and FLAC files."""

from __future__ import annotations

import io
from typing import Literal

import numpy as np
import soundfile

from stemsilver.audio.sound_file import BLOCK, check_finite
from stemsilver.errors import StageError
from stemsilver.records import Audio


def encode_wav(audio: Audio, bits: Literal[16, 24] = 24) -> bytes:
    """Encode a PCM WAV file. Samples are clamped to ±(1 - 1 LSB).

    Samples from PCM of at most `bits` are bit-exact, except -1, which the clamp moves by 1 LSB.
    Raises `StageError` if there are no samples, or one is not finite.
    """
    # More than two channels need the extensible header, which gives the loudspeaker positions.
    container = "WAV" if audio.samples.shape[0] <= 2 else "WAVEX"
    return _encode(audio, container, bits)


def encode_flac16(audio: Audio) -> bytes:
    """Encode a 16-bit FLAC file, clamped as in `encode_wav`; equal samples give equal bytes.
    Raises `StageError` as `encode_wav` does, or if FLAC does not support the rate.
    """
    return _encode(audio, "FLAC", 16)


def _encode(audio: Audio, container: str, bits: int) -> bytes:
    channels, frames = audio.samples.shape
    if not audio.samples.size:
        raise StageError("nothing to encode: the signal has no frames")
    # libsndfile multiplies floats by 2^(bits - 1) - 1 on writing but divides by 2^(bits - 1) on
    # reading, which would change every sample of an unprocessed file. Integers are not scaled.
    full_scale = np.float32(2 ** (bits - 1))
    top = 1 - 1 / full_scale
    buffer = io.BytesIO()
    try:
        with soundfile.SoundFile(
            buffer, "w", audio.rate, channels, f"PCM_{bits}", format=container
        ) as file:
            for start in range(0, frames, BLOCK):
                block = audio.samples[:, start : start + BLOCK].T
                check_finite(block, start, audio.rate, StageError)
                steps = np.rint(np.clip(block, -top, top) * full_scale).astype(np.int32)
                file.write(steps << (32 - bits))
    except soundfile.LibsndfileError as error:
        raise StageError(
            f"{audio.rate} Hz in {channels} channels cannot be written as {container}: "
            f"{error.error_string}"
        ) from error
    return buffer.getvalue()
