"""The metadata of a WAV file, collected chunk by chunk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from stemsilver.audio.metadata import fields
from stemsilver.audio.metadata.chunks import chunks
from stemsilver.audio.metadata.notes import LIMIT, notes
from stemsilver.audio.metadata.texts import joined
from stemsilver.records import Metadata

_CARRIED = (b"bext", b"iXML", b"cue ", b"LIST")
_LISTS = (b"INFO", b"adtl")
_HEAD = 8


class Collector:
    """Collects the chunks of a WAV file that are carried, up to `LIMIT` bytes in all."""

    def __init__(self) -> None:
        self._found: list[tuple[bytes, bytes]] = []
        self._room = LIMIT
        self._left_out: set[str] = set()
        self._manifest = False

    def add(self, file: BinaryIO, name: bytes, start: int, size: int) -> None:
        """Keep a chunk if it is to be carried; its body has `size` bytes from byte `start`."""
        if name == b"C2PA":
            self._manifest = True
        if name not in _CARRIED:
            return
        file.seek(start)
        if name == b"LIST":
            name = file.read(min(4, size))
            if name not in _LISTS:
                return
            size -= 4
        if size + _HEAD > self._room:
            self._left_out.add(name.decode().strip())
            return
        self._room -= size + _HEAD
        self._found.append((name, file.read(size)))

    def add_all(self, file: BinaryIO, start: int, stop: int) -> None:
        """Keep what is to be carried of the chunks from byte `start` to `stop`."""
        for name, body, size in chunks(file, start, stop):
            self.add(file, name, body, size)

    def metadata(self, frames: int) -> Metadata:
        """Return what can be used of the chunks, for audio of this length."""
        kept: dict[bytes, bytes] = {}
        for name in (b"bext", b"iXML"):
            for body in self._bodies(name):
                usable = fields.broadcast_extension(body) if name == b"bext" else body
                if usable:
                    kept.setdefault(name, usable)
                else:
                    self._left_out.add(name.decode())
        points: dict[int, int] = {}
        for body in self._bodies(b"cue "):
            found = fields.cue_points(body, frames)
            if len(found) != int.from_bytes(body[:4], "little"):
                self._left_out.add("cue")
            points = found | points
        if points:
            kept[b"cue "] = fields.cue(points)
        labels = b"".join(fields.labels(body, points) for body in self._bodies(b"adtl"))
        if labels:
            kept[b"LIST"] = b"adtl" + labels
        texts: dict[bytes, list[bytes]] = {}
        for body in self._bodies(b"INFO"):
            for name, text in fields.texts(body):
                texts.setdefault(name, []).append(text)
        return Metadata(
            {name: joined(*several) for name, several in texts.items()},
            tuple(kept.items()),
            notes(self._left_out, self._manifest),
        )

    def _bodies(self, name: bytes) -> Iterator[bytes]:
        return (body for found, body in self._found if found == name)
