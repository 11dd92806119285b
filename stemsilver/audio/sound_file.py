"""What the readers of all formats have in common."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np
import soundfile

from stemsilver.errors import NonFiniteAudio, StageError, UnreadableAudio
from stemsilver.records import Metadata, Samples

BLOCK = 65_536
"""Frames decoded or encoded at a time."""

CONVERT = "Convert it to WAV or FLAC, for example with `ffmpeg -i IN OUT.wav`."
"""The next step for a format that is not read."""

FETCH_AGAIN = "Download, copy or render the file again: a part of it is missing."
"""The next step for a file that was cut off."""

SPLIT = "Split the file there, or join the sound itself, for example with ffmpeg."
"""The next step for two files in one."""


@dataclass(frozen=True)
class SoundFile:
    """An open, measured file. `blocks` yields its samples, each block (frames, channels).

    `notes` are sentences for the reader, complete after the last block. `metadata` is what a WAV
    file says about its sound; that of other files is read apart.
    """

    rate: int
    channels: int
    frames: int
    blocks: Iterator[Samples]
    notes: list[str] = field(default_factory=list)
    metadata: Metadata | None = None


class Window(io.RawIOBase):
    """The bytes of `file` from `start` to `stop`, with `head` in front, as a file of their own."""

    def __init__(self, file: BinaryIO, start: int, stop: int, head: bytes = b"") -> None:
        super().__init__()
        self._file = file
        self._head = head
        self._shift = start - len(head)
        self._length = stop - self._shift
        self._position = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position in the window."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a position in the window."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._length}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Read into `buffer` and return the number of bytes, 0 at the end."""
        data = self._bytes(min(len(buffer), self._length - self._position))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def _bytes(self, wanted: int) -> bytes:
        if wanted <= 0:
            return b""
        if self._position < len(self._head):
            return self._head[self._position :][:wanted]
        self._file.seek(self._shift + self._position)
        return self._file.read(wanted)


class Stream(soundfile.SoundFile):  # type: ignore[misc]  # soundfile has no types
    """A file read from front to back: soundfile seeks after every read of a seekable file. At the
    end of a FLAC of unknown length that fails, in an MP3 it disturbs the decoder, and elsewhere it
    costs a search.
    """

    def seekable(self) -> bool:
        """Return False."""
        return False


def stream_blocks(
    file: Window, frames: int | None, notes: list[str] | None = None
) -> Iterator[Samples]:
    """Decode a file with libsndfile, up to `frames` or to its end.

    Raises `UnreadableAudio` for damage, and if the file holds more than `frames`. A note is added
    if something else follows the audio.
    """
    done = 0
    file.seek(0)
    with Stream(file) as stream:
        while frames is None or done < frames:
            wanted = BLOCK if frames is None else min(BLOCK, frames - done)
            try:
                block = stream.read(wanted, dtype="float32", always_2d=True)
            except soundfile.LibsndfileError as error:
                raise UnreadableAudio(
                    f"damaged or cut off after {place(done, stream.samplerate)}: "
                    f"{error.error_string}",
                    next_step=FETCH_AGAIN,
                ) from error
            if not len(block):
                return
            yield block
            done += len(block)
        try:
            more = len(stream.read(1))
        except soundfile.LibsndfileError:
            if notes is not None:
                notes.append("Something that is not audio follows the audio. It was ignored.")
            return
    if more:
        raise UnreadableAudio(
            f"the header claims {frames} frames, but the file holds more", next_step=CONVERT
        )


def counted(file: Window, rate: int, max_minutes: float) -> int:
    """Return the number of frames of a file that does not state it.

    The file is decoded for that, but not much further than `max_minutes`.
    """
    frames = 0
    for block in stream_blocks(file, None):
        frames += len(block)
        if frames > max_minutes * 60 * rate:
            break
    return frames


def find(file: BinaryIO, pattern: re.Pattern[bytes], start: int, stop: int) -> int | None:
    """Return the position of the first match of `pattern` from `start` to `stop`, if there is one.
    A match has at most 64 bytes.
    """
    step = 2**20
    for position in range(start, stop, step):
        file.seek(position)
        match = pattern.search(file.read(min(step + 64, stop - position)))
        if match is not None:
            return position + match.start()
    return None


def check_finite(
    block: Samples, offset: int, rate: int, error: type[NonFiniteAudio] | type[StageError]
) -> None:
    """Raise `error` for the first bad sample. Shape: (frames, channels), `offset` in frames."""
    finite = np.isfinite(block)
    if not finite.all():
        frame, channel = np.argwhere(~finite)[0]
        raise error(
            f"sample {block[frame, channel]} at {place(offset + int(frame), rate)}, "
            f"channel {channel + 1}"
        )


def place(frame: int, rate: int) -> str:
    """Name a frame for people.

    >>> place(12_345, 48_000)
    '0.257 s (frame 12345)'
    """
    return f"{frame / rate:.3f} s (frame {frame})"


def ignored(count: int, what: str) -> str:
    """Return the note about bytes that were not read as audio.

    >>> ignored(4096, "the audio, which the header says has ended,")
    '4096 bytes after the audio, which the header says has ended, were ignored.'
    """
    return f"{count} bytes after {what} were ignored."
