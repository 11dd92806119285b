"""Decode sound files, and validate signals that come from elsewhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from stemsilver.audio.containers import open_container
from stemsilver.audio.flac import open_flac
from stemsilver.audio.foreign import ANNEX, HEAD, is_annex_link, refuse_foreign
from stemsilver.audio.lossy import is_mpeg, open_mp3, open_ogg
from stemsilver.audio.metadata import texts_of
from stemsilver.audio.scale import rescaled
from stemsilver.audio.sound_file import FETCH_AGAIN, SoundFile, check_finite, place
from stemsilver.audio.stored import collect
from stemsilver.audio.tags import without_tags
from stemsilver.audio.wav import is_wav, open_wav
from stemsilver.errors import EmptyAudio, ItemError, NonFiniteAudio, TooLong, UnreadableAudio
from stemsilver.records import Audio, Samples

RATES = range(8_000, 192_001)
CHANNELS = range(1, 7)


def decode(path: Path, max_minutes: float, scratch: Path | None = None) -> Audio:
    """Decode a sound file. With `scratch`, a long signal lies in a file in that folder.

    Reads WAV, FLAC, and what else libsndfile knows, such as MP3, Ogg Vorbis and AIFF. The content
    decides, not the name. Samples over full scale are kept. Wrong sizes in a header and tags around
    the audio do not matter; the notes tell of them. The limit is checked before samples are stored.

    Raises `EmptyAudio`, `UnreadableAudio`, `NonFiniteAudio` or `TooLong`. The message names the
    file, the fault and its position.
    """
    try:
        with path.open("rb") as file:
            return _decode(file, max_minutes, scratch)
    except OSError as error:
        fault: ItemError = UnreadableAudio(f"cannot be read ({error.strerror})")
        if is_annex_link(path):
            fault = UnreadableAudio("a git-annex link, whose audio is not here", next_step=ANNEX)
        cause: BaseException | None = error
    except ItemError as error:
        fault, cause = error, error.__cause__
    raise type(fault)(f"{path.name}: {fault.message}", next_step=fault.next_step) from cause


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
        raise EmptyAudio("the file has 0 bytes", next_step=FETCH_AGAIN)
    start, stop, notes = without_tags(file, size)
    source = _opened(file, start, stop, max_minutes, notes)
    if source.rate not in RATES:
        raise UnreadableAudio(f"{source.rate} Hz; 8000 to 192000 Hz are supported")
    if source.channels not in CHANNELS:
        raise UnreadableAudio(f"{source.channels} channels; 1 to 6 are supported")
    if source.frames > max_minutes * 60 * source.rate:
        minutes = source.frames / source.rate / 60
        raise TooLong(f"at least {minutes:.1f} minutes long; the limit is {max_minutes:g}")
    shape = (source.channels, source.frames)
    samples = collect(_checked(source), shape, scratch)
    metadata = source.metadata or texts_of(file, size)
    return rescaled(Audio(samples, source.rate, tuple(source.notes), metadata))


def _opened(
    file: BinaryIO, start: int, stop: int, max_minutes: float, about_tags: list[str]
) -> SoundFile:
    file.seek(start)
    head = file.read(HEAD)
    if is_mpeg(head):  # tags belong to an MP3
        return open_mp3(file, start, stop, max_minutes)
    if is_wav(head):
        source = open_wav(file, start, stop, max_minutes)
    elif head[:4] == b"fLaC":
        source = open_flac(file, start, stop, max_minutes)
    else:
        refuse_foreign(head)
        is_ogg = head[:4] == b"OggS"
        source = (open_ogg if is_ogg else open_container)(file, start, stop)
    source.notes[:0] = about_tags
    return source


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
            f"cut off at {place(done, source.rate)}; the header claims {source.frames} frames",
            next_step=FETCH_AGAIN,
        )
