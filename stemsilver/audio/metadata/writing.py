"""Write metadata to a WAV file."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import BinaryIO

from stemsilver.audio.metadata import fields
from stemsilver.audio.metadata.chunks import chunk
from stemsilver.audio.metadata.texts import joined
from stemsilver.records import Metadata

_LARGEST = 2**32 - 1


def signed(metadata: Metadata, software: str, comment: str) -> Metadata:
    """Return metadata that also names the `software` that made the file, and has a `comment`."""
    texts = dict(metadata.texts)
    for name, text in ((b"ISFT", software), (b"ICMT", comment)):
        texts[name] = joined(texts.get(name, b""), text.encode())
    return replace(metadata, texts=texts)


def append(metadata: Metadata, file: BinaryIO) -> None:
    """Add the chunks to a WAV file that ends with its audio.

    A file larger than 4 GB, whose sizes WAV cannot state, is left as it is.
    """
    parts = [chunk(name, body) for name, body in metadata.chunks]
    if metadata.texts:
        parts.append(chunk(b"LIST", b"INFO" + fields.info(metadata.texts)))
    content = b"".join(parts)
    end = file.seek(0, os.SEEK_END)
    content = b"\0" * (end % 2) + content
    if not parts or end + len(content) - 8 > _LARGEST:
        return
    file.write(content)
    file.seek(4)
    file.write((end + len(content) - 8).to_bytes(4, "little"))
