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

# The chunks around a whole file, and how many bytes their size leaves out.
_OUTER = {"FORM": 8, "riff": 0}
_HEADER = 8192


def open_container(file: BinaryIO, start: int, stop: int, head: bytes = b"") -> SoundFile:
    """Open the file from byte `start` to `stop` of a file, with `head` in front.

    Raises:
        EmptyAudio: there is no audio in it.
        UnreadableAudio: it is not audio, cut off, or two files in one.
    """
    window = Window(file, start, stop, head)
    try:
        with Stream(window) as found:
            rate, channels, frames = found.samplerate, found.channels, found.frames
            kind, encoding, log = found.format, found.subtype, found.extra_info
    except soundfile.LibsndfileError as error:
        raise UnreadableAudio(
            f"not audio in a known format, or damaged: {error.error_string}", next_step=CONVERT
        ) from error
    notes = []
    for name, claimed, real in _WRONG_SIZE.findall(log) if not head else ():
        rest = int(real) - int(claimed)
        if int(claimed) in _STREAMED:
            notes = [f"The {kind} header does not state the size. The file was read to its end."]
        elif rest < 0:
            raise UnreadableAudio(
                f"cut off: the header claims {claimed} bytes of `{name}`, the file holds {real}",
                next_step=FETCH_AGAIN,
            )
        elif name in _OUTER:
            end = start + int(claimed) + _OUTER[name]
            return _shorter(file, start, end, stop, name)
    if frames <= 0:
        raise EmptyAudio("the file has a header but no audio")
    if encoding in _WIDTHS:
        size = frames * channels * _WIDTHS[encoding]
        if (spare := stop - start - size) > _HEADER:
            notes.append(f"{spare} of its {stop - start} bytes are not audio, by the header.")
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


def _shorter(file: BinaryIO, start: int, end: int, stop: int, outer: str) -> SoundFile:
    """Open a file that ends before byte `stop` by its own header, and say what follows."""
    file.seek(end)
    if file.read(4) == outer.encode():
        raise UnreadableAudio(
            f"two sound files in one: the second begins at byte {end}", next_step=SPLIT
        )
    inner = open_container(file, start, end)
    inner.notes.append(ignored(stop - end, "the end of the sound file"))
    return inner
