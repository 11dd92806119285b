"""Chunks of a RIFF file: a name of four bytes, a size, a body, and a byte of padding if needed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO


def chunks(file: BinaryIO, start: int, stop: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield the name, the place of the body and its size of each chunk from byte `start` to `stop`.

    The first chunk that does not fit ends the list.
    """
    position = start
    while position + 8 <= stop:
        file.seek(position)
        head = file.read(9)
        # Some writers omit the padding. A name never begins with a zero.
        padding = int(head[0] == 0)
        name, size = head[padding:][:4], int.from_bytes(head[padding + 4 :][:4], "little")
        body = position + padding + 8
        if body + size > stop:
            return
        yield name, body, size
        position = body + size


def chunk(name: bytes, body: bytes) -> bytes:
    """Return a chunk with its head and padding.

    >>> chunk(b"note", b"abc")
    b'note\\x03\\x00\\x00\\x00abc\\x00'
    """
    return name + len(body).to_bytes(4, "little") + body + b"\0" * (len(body) % 2)
