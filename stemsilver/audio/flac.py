"""Read FLAC files from front to back, also those that do not know their length."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import soundfile

from stemsilver.audio.sound_file import BLOCK, SoundFile, place
from stemsilver.errors import UnreadableAudio
from stemsilver.records import Samples


class _Stream(soundfile.SoundFile):  # type: ignore[misc]  # soundfile has no types
    """A FLAC file read sequentially: soundfile seeks after every read of a seekable file. At the
    end of a FLAC of unknown length that fails, and in every other FLAC it costs a search.
    """

    def seekable(self) -> bool:
        return False


def open_flac(file: BinaryIO, max_minutes: float) -> SoundFile:
    """Open a FLAC file; one of unknown length is measured, but not past `max_minutes`.

    Raises:
        UnreadableAudio: it is not a FLAC file, or damaged.
    """
    file.seek(0)
    try:
        with _Stream(file) as flac:
            rate, channels, frames, kind = flac.samplerate, flac.channels, flac.frames, flac.format
    except soundfile.LibsndfileError as error:
        raise UnreadableAudio(f"not WAV or FLAC, or damaged: {error.error_string}") from error
    if kind != "FLAC":
        raise UnreadableAudio(f"holds {kind}, not WAV or FLAC")
    # The length in STREAMINFO has 36 bits. 0 means unknown; libsndfile reports a larger value.
    if frames >= 2**36:
        frames = 0
        for block in _flac_blocks(file, None):
            frames += len(block)
            if frames > max_minutes * 60 * rate:
                break
    return SoundFile(rate, channels, frames, _flac_blocks(file, frames))


def _flac_blocks(file: BinaryIO, frames: int | None) -> Iterator[Samples]:
    done = 0
    file.seek(0)
    with _Stream(file) as flac:
        while frames is None or done < frames:
            wanted = BLOCK if frames is None else min(BLOCK, frames - done)
            try:
                block = flac.read(wanted, dtype="float32", always_2d=True)
            except soundfile.LibsndfileError as error:
                raise UnreadableAudio(
                    f"damaged or cut off after {place(done, flac.samplerate)}: {error.error_string}"
                ) from error
            if not len(block):
                return
            yield block
            done += len(block)
