"""The texts of other files than WAV: Vorbis comments, ID3, and what else libsndfile reads."""

from __future__ import annotations

import re
from typing import BinaryIO

import soundfile

from stemsilver.audio.metadata.notes import LIMIT, notes
from stemsilver.audio.sound_file import Window, find
from stemsilver.records import Metadata

# libsndfile's names of texts, and those of INFO.
_NAMES = {
    "title": b"INAM",
    "artist": b"IART",
    "album": b"IPRD",
    "tracknumber": b"ITRK",
    "date": b"ICRD",
    "genre": b"IGNR",
    "copyright": b"ICOP",
    "license": b"ICOP",
    "comment": b"ICMT",
    "software": b"ISFT",
}

# The label of a C2PA manifest store: a description box of JUMBF with the type of the store.
_MANIFEST = re.compile(rb"jumdc2pa\0\x11\0\x10\x80\0\0\xaa\0\x38\x9b\x71")


def texts_of(file: BinaryIO, size: int) -> Metadata:
    """Return the texts of a sound file of `size` bytes that is not WAV.

    A file whose texts cannot be read has none.
    """
    try:
        with soundfile.SoundFile(Window(file, 0, size)) as opened:
            found = opened.copy_metadata()
    except soundfile.LibsndfileError:
        found = {}
    texts: dict[bytes, bytes] = {}
    room, left_out = LIMIT, set()
    for name, text in found.items():
        plain = text.partition("\0")[0].encode()
        if name not in _NAMES or not plain:
            continue
        if len(plain) > room:
            left_out.add(name)
            continue
        room -= len(plain)
        texts[_NAMES[name]] = joined(texts.get(_NAMES[name], b""), plain)
    return Metadata(texts, (), notes(left_out, find(file, _MANIFEST, 0, size) is not None))


def joined(*texts: bytes) -> bytes:
    """Return several texts as one.

    >>> joined(b"Take 2", b"", b"Not for sale", b"Take 2")
    b'Take 2; Not for sale'
    """
    return b"; ".join(dict.fromkeys(filter(None, texts)))
