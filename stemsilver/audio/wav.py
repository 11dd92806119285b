"""Read WAV files, whatever their header claims.

libsndfile decodes the samples, but it trusts the WAV header and does not report a truncated file.
Therefore this module parses the RIFF chunks itself (Microsoft, *Multimedia Programming Interface
and Data Specifications 1.0*; EBU Tech 3306 for RF64).
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import soundfile

from stemsilver.audio.sound_file import BLOCK, SoundFile, place
from stemsilver.errors import EmptyAudio, UnreadableAudio
from stemsilver.records import Samples

# (format tag, bytes per sample) → libsndfile's name of the encoding.
_WAV_ENCODINGS = {
    (1, 1): "PCM_U8",
    (1, 2): "PCM_16",
    (1, 3): "PCM_24",
    (1, 4): "PCM_32",
    (3, 4): "FLOAT",
    (3, 8): "DOUBLE",
    (6, 1): "ALAW",
    (7, 1): "ULAW",
}
_EXTENSIBLE = 0xFFFE

# A streaming writer cannot return to the header, so it writes a placeholder for the unknown size:
# about the largest signed or unsigned 32-bit number, less its own header or rounded to pages
# (ffmpeg 0xFFFFFFFF, SoX 0x7FFFF000, arecord 0x80000000). Real sizes in these ranges are rare.
# Any other size larger than the file means that the file was truncated.
_STREAMED = (range(0x7FFF_0000, 0x8001_0000), range(0xFFFF_0000, 0x1_0000_0000))

# Chunks that writers put after the audio. Four bytes of audio are printable ASCII once in fifty
# times, so only one of these names shows that a chunk was truncated there.
_KNOWN_CHUNK = re.compile(
    b"LIST|fact|cue |plst|smpl|inst|bext|iXML|axml|chna|cart|levl|link|umid|ubxt|mext|id3 |ID3 |"
    b"_PMX|acid|strc|afsp|AFAn|JUNK|junk|PAD |FLLR|PEAK|DISP|minf|elm1|regn|SNDM|LGWV|ResU"
)


@dataclass(frozen=True)
class _Layout:
    """The `fmt ` chunk of a WAV file. `width` is in bytes per frame."""

    rate: int
    channels: int
    width: int
    encoding: str


def open_wav(file: BinaryIO, size: int) -> SoundFile:
    """Find the audio in a WAV file of `size` bytes.

    Raises:
        EmptyAudio: there is no audio in it.
        UnreadableAudio: it is damaged, cut off, or of an encoding that is not supported.
    """
    layout: _Layout | None = None
    real_size: int | None = None
    position = 12
    while position + 8 <= size:
        kind, claimed = _chunk(file, position)
        body = position + 8
        if kind == b"data":
            if layout is None:
                raise UnreadableAudio(f"audio at byte {position} before any format")
            if claimed == 0xFFFF_FFFF and real_size is not None:
                claimed = real_size
            end = _data_end(file, body, claimed, size, layout)
            frames = (end - body) // layout.width
            blocks = _wav_blocks(file, body, frames, layout)
            return SoundFile(layout.rate, layout.channels, frames, blocks)
        if body + claimed > size:
            raise UnreadableAudio(
                f"damaged or cut off: the chunk {kind!r} at byte {position} claims {claimed} "
                f"bytes, {size - body} are left"
            )
        if kind == b"fmt ":
            layout = _layout(file.read(claimed))
        elif kind == b"ds64":  # RF64: sizes too large for 32 bits
            real_size = int.from_bytes(file.read(claimed)[8:16], "little")
        position = body + claimed + claimed % 2
    raise EmptyAudio("the file has a header but no audio")


def _chunk(file: BinaryIO, position: int) -> tuple[bytes, int]:
    file.seek(position)
    head = file.read(8)
    return head[:4], int.from_bytes(head[4:], "little")


def _layout(body: bytes) -> _Layout:
    if len(body) < 16:
        raise UnreadableAudio(f"its format takes {len(body)} bytes, too few")
    tag, channels, rate, _, width, bits = struct.unpack("<HHIIHH", body[:16])
    if tag == _EXTENSIBLE:
        tag = int.from_bytes(body[24:26], "little")
    sample = width // channels if channels and width % channels == 0 else 0
    encoding = _WAV_ENCODINGS.get((tag, sample))
    if encoding is None:
        raise UnreadableAudio(
            f"WAV encoding {tag:#06x} with {bits} bits, {channels} channels and {width} bytes a "
            "frame; PCM and floating point are supported"
        )
    return _Layout(rate, channels, width, encoding)


def _data_end(file: BinaryIO, start: int, claimed: int, size: int, layout: _Layout) -> int:
    """Return the byte position where the audio ends.

    If the claimed size is larger than the file, it is a placeholder (`_STREAMED`) or the file was
    truncated. A smaller claim is trusted if the file ends there or a chunk follows. Otherwise the
    header was written before the audio (usually with the size 0), and the rest is audio too.
    """
    held = size - start
    if held < layout.width:
        return start
    if claimed > held:
        if any(claimed in sizes for sizes in _STREAMED):
            return size
        raise UnreadableAudio(
            f"cut off at {place(held // layout.width, layout.rate)}: the header claims "
            f"{claimed} bytes of audio, the file holds {held}"
        )
    end = start + claimed
    for tail in (end, end + claimed % 2):  # some writers omit the padding byte
        if size - tail < 8:
            return end
        kind, length = _chunk(file, tail)
        if kind.isascii() and kind.decode().isprintable() and tail + 8 + length <= size:
            return end
        if _KNOWN_CHUNK.fullmatch(kind):
            raise UnreadableAudio(f"cut off in the chunk {kind!r} at byte {tail}")
    return size


def _wav_blocks(file: BinaryIO, start: int, frames: int, layout: _Layout) -> Iterator[Samples]:
    file.seek(start)
    for left in range(frames, 0, -BLOCK):
        data = file.read(min(left, BLOCK) * layout.width)
        block, _ = soundfile.read(
            io.BytesIO(data),
            dtype="float32",
            always_2d=True,
            format="RAW",
            subtype=layout.encoding,
            channels=layout.channels,
            samplerate=layout.rate,
            endian="LITTLE",
        )
        yield block
