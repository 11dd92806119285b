"""The contents of the chunks that are carried: read what is valid in them, and write it again.

Each function takes the body of a chunk from a stranger, and returns what can be used of it.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Container, Iterator, Mapping

from stemsilver.audio.metadata.chunks import chunk, chunks

_TEXT = re.compile(rb"[A-Z][A-Z0-9]{3}")
_LABELS = (b"labl", b"note", b"ltxt")
_CUE = struct.Struct("<II4sIII")

_BEXT_SIZE = 602
_BEXT_VERSION = 346
_BEXT_LOUDNESS = slice(412, 422)
_NOT_GIVEN = 5 * b"\xff\x7f"


def broadcast_extension(body: bytes) -> bytes | None:
    """Return a `bext` chunk for audio of another loudness; None if it is damaged.

    The five loudness values of the input are not those of the output, so they are "not given".
    """
    if len(body) < _BEXT_SIZE:
        return None
    if int.from_bytes(body[_BEXT_VERSION : _BEXT_VERSION + 2], "little") < 2:
        return body
    return body[: _BEXT_LOUDNESS.start] + _NOT_GIVEN + body[_BEXT_LOUDNESS.stop :]


def cue_points(body: bytes, frames: int) -> dict[int, int]:
    """Return the frame of each cue point by its number; points outside the audio are left out."""
    found: dict[int, int] = {}
    held = body[4 : 4 + _CUE.size * int.from_bytes(body[:4], "little")]
    for number, position, place, _, _, offset in _CUE.iter_unpack(
        held[: len(held) // _CUE.size * _CUE.size]
    ):
        # In coded audio the offset counts from a block of the file, and only the position from the
        # start. Some writers do not give the position, or a number in its place.
        frame = position if offset < position <= frames else offset
        if place == b"data" and frame <= frames:
            found.setdefault(number, frame)
    return found


def cue(points: Mapping[int, int]) -> bytes:
    """Return a `cue ` chunk's body for frames by number."""
    packed = (_CUE.pack(number, at, b"data", 0, 0, at) for number, at in points.items())
    return struct.pack("<I", len(points)) + b"".join(packed)


def labels(body: bytes, points: Container[int]) -> bytes:
    """Return what a list of type `adtl` says about known cue points: labels, notes, lengths.

    Embedded files are left out.
    """
    return b"".join(
        chunk(name, part)
        for name, part in _parts(body)
        if name in _LABELS and len(part) > 4 and int.from_bytes(part[:4], "little") in points
    )


def texts(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the texts of a list of type `INFO`, each with its name."""
    for name, part in _parts(body):
        text = part.partition(b"\0")[0]
        if _TEXT.fullmatch(name) and text:
            yield name, text


def info(found: Mapping[bytes, bytes]) -> bytes:
    """Return the body of a list of type `INFO`, without its type."""
    return b"".join(chunk(name, text + b"\0") for name, text in found.items())


def _parts(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    for name, start, size in chunks(io.BytesIO(body), 0, len(body)):
        yield name, body[start : start + size]
