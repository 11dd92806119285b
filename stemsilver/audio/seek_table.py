"""The seek table of a FLAC file, by which a player finds any part of a long file.

Encoders that write a stream leave it out. Format: RFC 9639, sections 8.5 and 9.
"""

from __future__ import annotations

import os
import struct
from typing import BinaryIO

SECONDS = 10
"""Time between two points of a table."""

_HEAD = 42
"""Bytes of the marker and the first block, which describes the stream."""

_BLOCK_SIZE = 8
_SYNC = b"\xff\xf8"
_SEEK_TABLE = 3
_POINT = struct.Struct(">QQH")


class SeekableFlac:
    """A FLAC file that libFLAC writes, with room for a seek table.

    The table follows the first block, so everything after that is written further back. libFLAC
    writes every frame by a call of its own, which tells where the frame begins.
    """

    def __init__(self, file: BinaryIO, frames: int, rate: int) -> None:
        self._file = file
        self._frames = frames
        self._wanted = range(0, frames, SECONDS * rate)
        self._room = 4 + _POINT.size * len(self._wanted)
        self._starts: list[int] = []

    def tell(self) -> int:
        """Return the position as if there were no table."""
        position = self._file.tell()
        return position - self._room if position > _HEAD else position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a position that counts as in `tell`."""
        moved = whence == os.SEEK_SET and offset > _HEAD
        self._file.seek(offset + self._room if moved else offset, whence)
        return self.tell()

    def write(self, data: bytes) -> int:
        """Write a part of the file."""
        if self._file.tell() == _HEAD:
            self._file.seek(self._room, os.SEEK_CUR)
        if data[:2] == _SYNC:
            self._starts.append(self._file.tell())
        return self._file.write(data)

    def write_table(self) -> None:
        """Write the table, after everything else."""
        self._file.seek(_BLOCK_SIZE)
        size = int.from_bytes(self._file.read(2), "big")
        points = b""
        # A point is the start of a frame: here the frame that has the wanted sample.
        for number in (wanted // size for wanted in self._wanted):
            first = number * size
            offset = self._starts[number] - self._starts[0]
            points += _POINT.pack(first, offset, min(size, self._frames - first))
        self._file.seek(_HEAD)
        self._file.write(bytes([_SEEK_TABLE]) + len(points).to_bytes(3, "big") + points)
