"""Encode WAV and FLAC files."""

from __future__ import annotations

import io
from typing import BinaryIO, Literal

import numpy as np
import soundfile

from stemsilver.audio.metadata import append
from stemsilver.audio.seek_table import SeekableFlac
from stemsilver.audio.sound_file import BLOCK, check_finite
from stemsilver.errors import StageError
from stemsilver.records import Audio, Metadata
from stemsilver.signals import is_long


def encode_wav(audio: Audio, bits: Literal[16, 24] = 24) -> bytes:
    """Encode a PCM WAV file. Samples are clamped to ±(1 - 1 LSB).

    Samples from PCM of at most `bits` are bit-exact, except -1, which the clamp moves by 1 LSB.
    Raises `StageError` if there are no samples, or one is not finite.
    """
    buffer = io.BytesIO()
    write_wav(audio, buffer, bits)
    return buffer.getvalue()


def encode_flac16(audio: Audio) -> bytes:
    """Encode a 16-bit FLAC file, clamped as in `encode_wav`; equal samples give equal bytes.
    The file of a long signal has a seek table.
    Raises `StageError` as `encode_wav` does, or if FLAC does not support the rate.
    """
    buffer = io.BytesIO()
    write_flac16(audio, buffer)
    return buffer.getvalue()


def write_wav(
    audio: Audio,
    file: BinaryIO,
    bits: Literal[16, 24] = 24,
    metadata: Metadata | None = None,
) -> None:
    """Write the file of `encode_wav` block by block, with `metadata` behind the audio."""
    # More than two channels need the extensible header, which gives the loudspeaker positions.
    container = "WAV" if audio.samples.shape[0] <= 2 else "WAVEX"
    _encode(audio, file, container, bits)
    if metadata is not None:
        append(metadata, file)


def write_flac16(audio: Audio, file: BinaryIO) -> None:
    """Write the file of `encode_flac16` block by block. `file` is open for reading, too."""
    if not is_long(audio.samples.shape):
        _encode(audio, file, "FLAC", 16)
        return
    seekable = SeekableFlac(file, audio.samples.shape[-1], audio.rate)
    _encode(audio, seekable, "FLAC", 16)
    seekable.write_table()


def _encode(audio: Audio, target: BinaryIO | SeekableFlac, container: str, bits: int) -> None:
    channels, frames = audio.samples.shape
    if not frames or not channels:
        raise StageError("nothing to encode: the signal has no frames")
    # libsndfile multiplies floats by 2^(bits - 1) - 1 on writing but divides by 2^(bits - 1) on
    # reading, which would change every sample of an unprocessed file. Integers are not scaled.
    full_scale = np.float32(2 ** (bits - 1))
    top = 1 - 1 / full_scale
    try:
        with soundfile.SoundFile(
            target, "w", audio.rate, channels, f"PCM_{bits}", format=container
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
