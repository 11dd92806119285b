"""Read WAV files, whatever their header claims.

libsndfile decodes the samples, but it trusts the WAV header and does not report a truncated file.
Therefore this module parses the RIFF chunks itself (Microsoft, *Multimedia Programming Interface
and Data Specifications 1.0*; EBU Tech 3306 for RF64, ITU-R BS.2088 for BW64).
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO, Literal, TypeAlias

import soundfile

from stemsilver.audio.containers import CODECS, lossy, open_container
from stemsilver.audio.lossy import open_mp3
from stemsilver.audio.metadata import Collector
from stemsilver.audio.sound_file import BLOCK, CONVERT, FETCH_AGAIN, SoundFile, find
from stemsilver.audio.wav_end import FORMS, StatedSizes, audio_end
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
_PCM, _FLOAT, _ALAW, _ULAW = 1, 3, 6, 7
_EXTENSIBLE = 0xFFFE
_MPEG = (0x50, 0x55)

# Encodings in blocks of samples that libsndfile decodes.
_IN_BLOCKS = (0x02, 0x11, 0x31, 0x40)

_CODECS = {
    0x20: "Yamaha ADPCM",
    0x22: "TrueSpeech",
    0x42: "G.723.1",
    0x45: "G.726 ADPCM",
    0x64: "G.726 ADPCM",
    0x83: "G.729",
    0xFF: "AAC",
    0x160: "Windows Media Audio",
    0x161: "Windows Media Audio",
    0x162: "Windows Media Audio Professional",
    0x163: "Windows Media Audio Lossless",
    0x1600: "AAC",
    0x1610: "AAC",
    0x2000: "AC-3 (Dolby Digital)",
    0x2001: "DTS",
    0x674F: "Ogg Vorbis",
    0x704F: "Opus",
    0xF1AC: "FLAC",
}

# Where a wrong size in front of it hides the audio, its chunk is looked for.
_DATA = re.compile(b"data")
_NEAR = 65_536

_Order: TypeAlias = Literal["little", "big"]


@dataclass(frozen=True)
class _Layout:
    """The `fmt ` chunk of a WAV file: its format `tag`, and the `body` of the chunk.

    `width` is in bytes per frame, `speed` in bytes per second. `encoding` is empty if the samples
    are coded in blocks.
    """

    tag: int
    rate: int
    channels: int
    width: int
    speed: int
    encoding: str
    body: bytes


def is_wav(head: bytes) -> bool:
    """Return whether a file with these first 12 bytes is a WAV file."""
    return head[:4] in FORMS and head[8:12] == b"WAVE"


def open_wav(file: BinaryIO, start: int, stop: int, max_minutes: float) -> SoundFile:
    """Find the audio in the WAV file from byte `start` to `stop` of a file.

    Raises:
        EmptyAudio: there is no audio in it.
        UnreadableAudio: it is damaged, cut off, or of an encoding that is not supported.
    """
    layout: _Layout | None = None
    sizes: list[int] = []
    notes: list[str] = []
    said = Collector()
    file.seek(start)
    order: _Order = "big" if file.read(4) == b"RIFX" else "little"
    outer = int.from_bytes(file.read(4), order)
    position = start + 12
    while position + 8 <= stop:
        file.seek(position)
        kind, claimed = file.read(4), int.from_bytes(file.read(4), order)
        body = position + 8
        if kind == b"data":
            if layout is None:
                raise UnreadableAudio(f"audio at byte {position} before any format")
            if claimed == 0xFFFF_FFFF and sizes:
                outer, claimed = sizes
            claim = StatedSizes(
                start, stop, order, outer, body, claimed, layout.rate, max(1, layout.speed)
            )
            source, end = _opened(file, claim, layout, max_minutes)
            source.notes[:0] = notes
            if order == "big":  # all numbers in its chunks are the other way round
                return source
            said.add_all(file, end, stop)
            return replace(source, metadata=said.metadata(source.frames))
        if body + claimed > stop:
            found = find(file, _DATA, position - 1, min(stop, body + _NEAR))
            if found is not None and layout is not None:
                notes.append(
                    f"The chunk before the audio, at byte {position}, has a wrong size. It was "
                    "passed over."
                )
                position = found
                continue
            raise UnreadableAudio(
                f"damaged or cut off: the chunk {_named(kind)} at byte {position} claims "
                f"{claimed} bytes, {stop - body} are left",
                next_step=FETCH_AGAIN,
            )
        if kind == b"fmt ":
            layout = _layout(file.read(claimed), order)
        elif kind == b"ds64":  # RF64: sizes too large for 32 bits
            sizes = list(struct.unpack("<QQ", file.read(claimed)[:16].ljust(16, b"\0")))
        else:
            said.add(file, kind, body, claimed)
        position = body + claimed + claimed % 2
    raise EmptyAudio("the file has a header but no audio")


def _opened(
    file: BinaryIO, claim: StatedSizes, layout: _Layout, max_minutes: float
) -> tuple[SoundFile, int]:
    """Return the open file, and the byte where its audio ends."""
    if claim.stop - claim.body < layout.width:
        raise EmptyAudio("the file has a header but no audio")
    end, note = audio_end(file, claim)
    if layout.tag in _MPEG:
        source = open_mp3(file, claim.body, end, max_minutes)
    elif layout.encoding:
        frames = (end - claim.body) // layout.width
        blocks = _wav_blocks(file, claim.body, frames, layout, claim.order)
        source = SoundFile(layout.rate, layout.channels, frames, blocks)
        if layout.encoding in CODECS:
            source.notes.append(lossy(CODECS[layout.encoding]))
    else:
        source = open_container(file, claim.body, end, _header(layout, end - claim.body))
    if note is not None:
        source.notes.append(note)
    return source, end


def _named(kind: bytes) -> str:
    """Return the name of a chunk, with escapes for what cannot be printed."""
    return f"`{kind.decode('ascii', 'backslashreplace').encode('unicode_escape').decode()}`"


def _layout(body: bytes, order: _Order) -> _Layout:
    if len(body) < 16:
        raise UnreadableAudio(f"its format takes {len(body)} bytes, too few")
    sign = "<" if order == "little" else ">"
    tag, channels, rate, speed, width, bits = struct.unpack(f"{sign}HHIIHH", body[:16])
    if tag == _EXTENSIBLE:
        tag = int.from_bytes(body[24:28], order) & 0xFFFF
    if tag in _MPEG or (tag in _IN_BLOCKS and order == "little"):
        return _Layout(tag, rate, channels, width, speed, "", body)
    if tag not in (_PCM, _FLOAT, _ALAW, _ULAW):
        codec = _CODECS.get(tag, f"the encoding with the number {tag}")
        raise UnreadableAudio(f"a WAV file with {codec}, which is not read", next_step=CONVERT)
    if channels == 0:
        raise UnreadableAudio("0 channels; 1 to 6 are supported")
    _check_width(tag, bits, channels, width, speed in (0, rate * width))
    encoding = _WAV_ENCODINGS.get((tag, width // channels))
    if encoding is None:
        raise UnreadableAudio(
            f"a WAV file with {bits} bits in a sample, which is not read", next_step=CONVERT
        )
    return _Layout(tag, rate, channels, width, rate * width, encoding, body)


def _check_width(tag: int, bits: int, channels: int, width: int, speed_agrees: bool) -> None:
    """Refuse a number of bytes per frame that contradicts the bits of a sample.

    To believe the one or the other would read noise, or half of the audio. Some writers give the
    24 bits that are used of 32: then the bytes per second show that the width is right.
    """
    needed = 1 if tag in (_ALAW, _ULAW) else -(-bits // 8)
    wider = tag == _PCM and 16 < bits <= 24 and width == 4 * channels and speed_agrees
    if width != needed * channels and not wider:
        raise UnreadableAudio(
            f"its header contradicts itself: {bits} bits in {channels} channels take "
            f"{needed * channels} bytes a frame, not {width}",
            next_step="Export the file again as WAV or FLAC, with another program.",
        )


def _header(layout: _Layout, size: int) -> bytes:
    """Return a header for `size` bytes of audio in blocks, for libsndfile."""
    head = b"WAVEfmt " + struct.pack("<I", len(layout.body)) + layout.body
    head += b"\0" * (len(layout.body) % 2) + b"data" + struct.pack("<I", size)
    return b"RIFF" + struct.pack("<I", len(head) + size) + head


def _wav_blocks(
    file: BinaryIO, start: int, frames: int, layout: _Layout, order: _Order
) -> Iterator[Samples]:
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
            endian=order.upper(),
        )
        yield block
