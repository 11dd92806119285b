"""Decode sound files, and validate signals that come from elsewhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from stemsilver.audio.flac import open_flac
from stemsilver.audio.scale import rescaled
from stemsilver.audio.sound_file import SoundFile, check_finite, place
from stemsilver.audio.stored import collect
from stemsilver.audio.wav import open_wav
from stemsilver.errors import EmptyAudio, ItemError, NonFiniteAudio, TooLong, UnreadableAudio
from stemsilver.records import Audio, Samples

RATES = range(8_000, 192_001)
CHANNELS = range(1, 7)


def decode(path: Path, max_minutes: float, scratch: Path | None = None) -> Audio:
    """Decode a WAV or FLAC file. With `scratch`, a long signal lies in a file in that folder.

    Samples over full scale are kept. A streamed WAV, whose header states the size 0 or a
    placeholder, is read to the end of the file. The limit is checked before samples are stored.
    Raises `EmptyAudio`, `UnreadableAudio`, `NonFiniteAudio` or `TooLong`. The message names the
    file, the fault and its position.
    """
    try:
        with path.open("rb") as file:
            return _decode(file, max_minutes, scratch)
    except OSError as error:
        raise UnreadableAudio(f"{path.name}: cannot be read ({error.strerror})") from error
    except ItemError as error:
        raise type(error)(f"{path.name}: {error.message}") from error.__cause__


def validated(audio: Audio) -> Audio:
    """Validate `audio` and return it unchanged.

    Raises `UnreadableAudio` for an unsupported shape, type or rate, `EmptyAudio` for no frames,
    `NonFiniteAudio` for NaN or infinite samples.
    """
    samples = audio.array
    if samples.ndim != 2 or samples.dtype != np.float32:
        raise UnreadableAudio(
            f"samples are float32 of shape (channels, frames), not {samples.dtype} of shape "
            f"{samples.shape}"
        )
    if audio.rate not in RATES or len(samples) not in CHANNELS:
        raise UnreadableAudio(f"{audio.rate} Hz in {len(samples)} channels is not supported")
    if samples.size == 0:
        raise EmptyAudio("the signal has no frames")
    check_finite(samples.T, 0, audio.rate, NonFiniteAudio)
    return audio


def _decode(file: BinaryIO, max_minutes: float, scratch: Path | None) -> Audio:
    size = os.fstat(file.fileno()).st_size
    if size == 0:
        raise EmptyAudio("the file has 0 bytes")
    magic = file.read(12)
    if magic[:4] in (b"RIFF", b"RF64") and magic[8:] == b"WAVE":
        source = open_wav(file, size)
    else:
        source = open_flac(file, max_minutes)
    if source.rate not in RATES:
        raise UnreadableAudio(f"{source.rate} Hz; 8000 to 192000 Hz are supported")
    if source.channels not in CHANNELS:
        raise UnreadableAudio(f"{source.channels} channels; 1 to 6 are supported")
    if source.frames > max_minutes * 60 * source.rate:
        minutes = source.frames / source.rate / 60
        raise TooLong(f"at least {minutes:.1f} minutes long; the limit is {max_minutes:g}")
    shape = (source.channels, source.frames)
    return rescaled(Audio(collect(_checked(source), shape, scratch), source.rate))


def _checked(source: SoundFile) -> Iterator[Samples]:
    """Yield the blocks of a file, (channels, frames), and check that they are finite and all there.

    Raises `EmptyAudio`, `NonFiniteAudio` or `UnreadableAudio`.
    """
    done = 0
    for block in source.blocks:
        check_finite(block, done, source.rate, NonFiniteAudio)
        yield block.T
        done += len(block)
    if done == 0:
        raise EmptyAudio("the file has a header but no audio")
    if done < source.frames:
        raise UnreadableAudio(
            f"cut off at {place(done, source.rate)}; the header claims {source.frames} frames"
        )
