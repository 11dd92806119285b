"""Read the other formats that libsndfile knows: AIFF, AU, CAF, W64 and older ones.

libsndfile takes a cut-off file for a short one. But it writes in its log where the sizes in the
header contradict the file, and this module acts on that.
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
    ignored,
    stream_blocks,
)
from stemsilver.errors import EmptyAudio, UnreadableAudio

CODECS = {
    "IMA_ADPCM": "IMA ADPCM",
    "MS_ADPCM": "Microsoft ADPCM",
    "GSM610": "GSM 6.10",
    "G721_32": "G.721 ADPCM",
    "ALAW": "A-law",
    "ULAW": "µ-law",
}
"""Lossy encodings in files that need not be lossy."""

# Of the others, libsndfile does not say in its log if the sizes are wrong.
_CHECKED = ("WAV", "AIFF", "AU", "CAF", "W64", "SVX")

_WIDTHS = {"PCM_S8": 1, "PCM_U8": 1, "PCM_16": 2, "PCM_24": 3, "PCM_32": 4, "FLOAT": 4, "DOUBLE": 8}
_WRONG_SIZE = re.compile(r"^ *([^:\n]*[^ :/\n]) *: (\d+) \(should be (\d+)\)", re.MULTILINE)
_STREAMED = (0, 0xFFFF_FFFF)

_HEADER = 8192


def open_container(file: BinaryIO, start: int, stop: int, head: bytes = b"") -> SoundFile:
    """Open the file from byte `start` to `stop` of a file, with `head` in front.

    Raises:
        EmptyAudio: there is no audio in it.
        UnreadableAudio: it is not audio, cut off, or two files in one.
    """
    end, notes = (stop, []) if head else _stated_end(file, start, stop)
    window = Window(file, start, end, head)
    try:
        with Stream(window) as found:
            rate, channels, frames = found.samplerate, found.channels, found.frames
            kind, encoding, log = found.format, found.subtype, found.extra_info
    except soundfile.LibsndfileError as error:
        raise UnreadableAudio(
            f"not audio in a known format, or damaged: {error.error_string}", next_step=CONVERT
        ) from error
    streamed = False
    for name, claimed, real in _WRONG_SIZE.findall(log) if not head else ():
        if int(claimed) in _STREAMED:
            streamed = True
        elif int(claimed) > int(real):
            raise UnreadableAudio(
                f"cut off: the header claims {claimed} bytes of `{name}`, the file holds {real}",
                next_step=FETCH_AGAIN,
            )
    if streamed:
        notes.append(f"The {kind} header does not state the size. The file was read to its end.")
    if frames <= 0:
        raise EmptyAudio("the file has a header but no audio")
    if encoding in _WIDTHS:
        size = frames * channels * _WIDTHS[encoding]
        if (spare := end - start - size) > _HEADER:
            notes.append(f"{spare} of its {end - start} bytes are not audio, by the header.")
    if kind not in _CHECKED:
        notes.append(f"If the end of this {kind} file is missing, that was not noticed.")
    if encoding in CODECS:
        notes.append(lossy(CODECS[encoding]))
    return SoundFile(rate, channels, frames, stream_blocks(window, frames), notes)


def lossy(codec: str) -> str:
    """Return the note on a file of a lossy encoding.

    >>> lossy("A-law")
    'The file is coded in A-law, which is lossy: a part of the sound was lost when it was made.'
    """
    return (
        f"The file is coded in {codec}, which is lossy: a part of the sound was lost when it was "
        "made."
    )


def _stated_end(file: BinaryIO, start: int, stop: int) -> tuple[int, list[str]]:
    """Return where an AIFF, 8SVX or W64 file ends by its own header, and a note if more follows."""
    file.seek(start)
    head = file.read(24)
    if head[:4] == b"FORM":
        end = start + 8 + int.from_bytes(head[4:8], "big")
    elif head[:4] == b"riff":
        end = start + int.from_bytes(head[16:24], "little")
    else:
        return stop, []
    if not start + 8 < end < stop - 1:  # 0 in a streamed file
        return stop, []
    file.seek(end)
    if file.read(4) == head[:4]:
        raise UnreadableAudio(
            f"two sound files in one: the second begins at byte {end}", next_step=SPLIT
        )
    return end, [ignored(stop - end, "the end of the sound file")]
