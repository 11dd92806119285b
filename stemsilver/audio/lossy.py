"""Read MP3 and Ogg files.

libsndfile decodes them, but it takes a part for the whole without a word: it estimates the length
of an MP3 from its first frame, and reads of an Ogg file what is before the first fault. Therefore
this module finds out first how much there must be. Sources: the Xing and LAME header of MP3 as
LAME writes it; RFC 3533 for Ogg.
"""

from __future__ import annotations

import re
from typing import BinaryIO

import soundfile

from stemsilver.audio.sound_file import (
    CONVERT,
    FETCH_AGAIN,
    SPLIT,
    SoundFile,
    Stream,
    Window,
    counted,
    find,
    ignored,
    stream_blocks,
)
from stemsilver.errors import EmptyAudio, UnreadableAudio

LOSSY = {
    "MPEG_LAYER_I": "MPEG Layer 1",
    "MPEG_LAYER_II": "MPEG Layer 2",
    "MPEG_LAYER_III": "MP3",
    "VORBIS": "Ogg Vorbis",
    "OPUS": "Ogg Opus",
}

# An encoder states the number of frames and bytes in a first frame without sound.
_INFO = re.compile(rb"\xff[\xe0-\xff]..(?:.{2})?(?:\0{9}|\0{17}|\0{32})(?:Xing|Info)", re.DOTALL)
_LONGEST_FRAME = 1441

# What the first packet of a stream in an Ogg file starts with.
_OGG_CODECS = {
    b"\x01vorbis": "Vorbis",
    b"OpusHead": "Opus",
    b"\x7fFLAC": "FLAC",
    b"Speex ": "Speex",
    b"\x80theora": "Theora video",
    b"fishead\0": "Skeleton",
}
_READ = {"Vorbis", "Opus"}


class _OpenEnded(Window):
    """A window that says it is longer than it is.

    libsndfile estimates the length of an MP3 from the size of the file and of its first frame, and
    reads no further. The factor is the largest between two frames: 320 and 8 kbit/s. Only the last
    128 bytes, where a tag may be, exist.
    """

    def __init__(self, file: BinaryIO, start: int, stop: int) -> None:
        super().__init__(file, start, stop)
        self._end = self._length
        self._length = 40 * self._length + 128

    def _bytes(self, wanted: int) -> bytes:
        if self._position >= self._length - 128:
            return bytes(max(0, wanted))
        return super()._bytes(min(wanted, self._end - self._position))


def is_mpeg(head: bytes) -> bool:
    """Return whether a file with these first bytes is MPEG audio, such as MP3."""
    # The first 11 bits are 1. The layer is not 0, which would be AAC. FE is rather UTF-16 text.
    return head[:1] == b"\xff" and head[1:2] >= b"\xe0" and bool(head[1] & 6) and head[1] != 0xFE


def open_mp3(file: BinaryIO, start: int, stop: int, max_minutes: float) -> SoundFile:
    """Open the MP3 file, or MPEG audio of Layer 1 or 2, from byte `start` to `stop` of a file.

    If the file does not state its length, it is measured, but not past `max_minutes`.

    Raises:
        UnreadableAudio: it is damaged or cut off, or there are two in the file.
    """
    stop, stated, notes = _stated(file, start, stop)
    window = Window(file, start, stop) if stated else _OpenEnded(file, start, stop)
    rate, channels, frames, codec = _described(window, "MP3")
    notes.insert(
        0,
        f"The file is {codec}, a lossy format: a part of the sound was lost when it was made, and "
        "the encoder may have added some milliseconds of silence at its start.",
    )
    if not stated:
        frames = counted(window, rate, max_minutes)
        notes.append(
            f"This {codec} file does not state its length. If its end is missing, that was not "
            "noticed."
        )
    return SoundFile(rate, channels, frames, stream_blocks(window, frames), notes)


def _stated(file: BinaryIO, start: int, stop: int) -> tuple[int, bool, list[str]]:
    """Return where an MP3 ends, whether it states its length, and notes."""
    file.seek(start)
    head = file.read(200)
    info = _INFO.match(head)
    if info is None or len(head) < info.end() + 12 or not head[info.end() + 3] & 1:
        return stop, False, []
    second = find(file, _INFO, start + info.end(), stop)
    if second is not None:
        raise UnreadableAudio(
            f"two MP3 files in one: the second begins at byte {second}", next_step=SPLIT
        )
    if head[info.end() + 3] & 2:
        claimed = int.from_bytes(head[info.end() + 8 : info.end() + 12], "big")
        # Encoders differ in whether they count the first frame.
        end = start + claimed + _LONGEST_FRAME
        rest = stop - end
        if rest < -2 * _LONGEST_FRAME:
            raise UnreadableAudio(
                f"cut off: the header claims {claimed} bytes of MP3, the file holds {stop - start}",
                next_step=FETCH_AGAIN,
            )
        if rest > claimed:
            raise UnreadableAudio(
                f"its header claims {claimed} bytes of MP3, but the file holds {stop - start}",
                next_step=SPLIT,
            )
        if rest > 0:
            return end, True, [ignored(rest, "the end of the MP3")]
    return stop, True, []


def open_ogg(file: BinaryIO, start: int, stop: int) -> SoundFile:
    """Open the Ogg file with Vorbis or Opus from byte `start` to `stop` of a file.

    Raises:
        EmptyAudio: there is only a header.
        UnreadableAudio: it is cut off or damaged, of another codec, or not one file with one sound.
    """
    stop, notes = _pages(file, start, stop)
    window = Window(file, start, stop)
    rate, channels, frames, codec = _described(window, "Ogg")
    if frames <= 0:
        raise EmptyAudio("the file has a header but no audio")
    notes.insert(
        0, f"The file is {codec}, a lossy format: a part of the sound was lost when it was made."
    )
    return SoundFile(rate, channels, frames, stream_blocks(window, frames), notes)


def _described(window: Window, what: str) -> tuple[int, int, int, str]:
    try:
        with Stream(window) as found:
            if found.subtype in LOSSY:
                return found.samplerate, found.channels, found.frames, LOSSY[found.subtype]
        reason = f"it holds {found.format}"
    except soundfile.LibsndfileError as error:
        reason = error.error_string
    raise UnreadableAudio(f"a damaged {what} file ({reason})", next_step=FETCH_AGAIN)


def _pages(file: BinaryIO, start: int, stop: int) -> tuple[int, list[str]]:
    """Check the pages of an Ogg file. Return where the last ends, and notes."""
    position, begun, ended = start, False, False
    while position < stop:
        file.seek(position)
        head = file.read(27)
        if head[:4] != b"OggS":
            if not ended:
                raise UnreadableAudio(f"damaged at byte {position}", next_step=FETCH_AGAIN)
            return position, [ignored(stop - position, "the end of the Ogg file")]
        table = file.read(head[26]) if len(head) == 27 else b""
        first = len(head) == 27 and bool(head[5] & 2)
        if first and position > start:
            # Several streams start together, or one after another.
            raise UnreadableAudio(
                f"two Ogg files in one: the second begins at byte {position}"
                if begun
                else "an Ogg file with more than one stream, such as a video",
                next_step=SPLIT if begun else CONVERT,
            )
        if first:
            _check_codec(file.read(8))
        following = position + 27 + len(table) + sum(table)
        if len(head) < 27 or len(table) < head[26] or following > stop:
            raise UnreadableAudio(
                f"cut off: its last page begins at byte {position} and has no end",
                next_step=FETCH_AGAIN,
            )
        begun, ended, position = not first, bool(head[5] & 4), following
    if not ended:
        return stop, [
            "The last page of the Ogg file is not marked as its end. A part may be missing."
        ]
    return stop, []


def _check_codec(packet: bytes) -> None:
    for magic, codec in _OGG_CODECS.items():
        if packet.startswith(magic) and codec not in _READ:
            raise UnreadableAudio(f"{codec} in an Ogg file, which is not read", next_step=CONVERT)
