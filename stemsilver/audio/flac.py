"""Read FLAC files from front to back, also those that do not know their length."""

from __future__ import annotations

import re
from typing import BinaryIO

import soundfile

from stemsilver.audio.sound_file import (
    SPLIT,
    SoundFile,
    Stream,
    Window,
    counted,
    find,
    stream_blocks,
)
from stemsilver.errors import UnreadableAudio

# The marker, and the head of the first block, which describes the stream in 34 bytes.
_START = re.compile(rb"fLaC[\x00\x80]\x00\x00\x22")
_HEAD = 42


def open_flac(file: BinaryIO, start: int, stop: int, max_minutes: float) -> SoundFile:
    """Open the FLAC file from byte `start` to `stop` of a file.

    One of unknown length is measured, but not past `max_minutes`.

    Raises:
        UnreadableAudio: it is damaged, or there are two in the file.
    """
    file.seek(start)
    head = bytearray(file.read(_HEAD))
    claimed = 0
    if len(head) == _HEAD:
        claimed = int.from_bytes(head[21:26], "big") & 0xF_FFFF_FFFF
        # Without the length, which is 0 if unknown, libFLAC reads also what the header leaves out.
        head[21] &= 0xF0
        head[22:] = bytes(4) + head[26:]
    window = Window(file, min(stop, start + _HEAD), stop, bytes(head))
    try:
        with Stream(window) as flac:
            rate, channels = flac.samplerate, flac.channels
    except soundfile.LibsndfileError as error:
        raise UnreadableAudio(f"a damaged FLAC file: {error.error_string}") from error
    second = find(file, _START, start + 4, stop)
    if second is not None:
        raise UnreadableAudio(
            f"two FLAC files in one: the second begins at byte {second}", next_step=SPLIT
        )
    notes: list[str] = []
    frames = claimed or counted(window, rate, max_minutes)
    return SoundFile(rate, channels, frames, stream_blocks(window, frames, notes), notes)
