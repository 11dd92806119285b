"""Tags of music players in front of and behind the audio: ID3, APE and Lyrics3.

Sources: id3.org (ID3v2.4 structure, ID3v1), the APE tag format of Hydrogenaudio, Lyrics3 v2.00.
"""

from __future__ import annotations

from typing import BinaryIO

from stemsilver.errors import EmptyAudio

_FILLED = 65_536


def without_tags(file: BinaryIO, size: int) -> tuple[int, int, list[str]]:
    """Return where the file without its tags starts and stops, and a note about each tag.

    Raises:
        EmptyAudio: there is nothing but tags.
    """
    start, stop, notes = 0, size, []
    while found := _in_front(_read(file, start, 32)):
        name, length = found
        start += length
        notes.append(f"A tag in front of the audio was passed over ({name}, {length} bytes).")
    if start:  # some writers fill up behind their tag
        rest = _read(file, start, _FILLED)
        start += len(rest) - len(rest.lstrip(b"\0"))
    while (found := _behind(file, stop)) and found[1] <= stop - start:
        name, length = found
        stop -= length
        notes.append(f"A tag behind the audio was ignored ({name}, {length} bytes).")
    if start >= stop:
        raise EmptyAudio("the file holds tags but no audio")
    return start, stop, notes


def _in_front(head: bytes) -> tuple[str, int] | None:
    if head[:3] == b"ID3" and len(head) >= 10 and max(head[6:10]) < 0x80:
        footer = 10 if head[5] & 0x10 else 0
        return "ID3v2", 10 + _synchsafe(head[6:10]) + footer
    if head[:8] == b"APETAGEX" and len(head) == 32:
        return "APE", 32 + int.from_bytes(head[12:16], "little")
    return None


def _behind(file: BinaryIO, stop: int) -> tuple[str, int] | None:
    tail = _read(file, max(0, stop - 128), min(128, stop))
    if len(tail) == 128 and tail[:3] == b"TAG":
        return "ID3v1", 128
    if tail[-32:-24] == b"APETAGEX":
        header = 32 if tail[-9] & 0x80 else 0
        return "APE", max(32, int.from_bytes(tail[-20:-16], "little")) + header
    if tail[-9:] == b"LYRICS200" and tail[-15:-9].isdigit():
        return "Lyrics3", int(tail[-15:-9]) + 15
    if tail[-10:-7] == b"3DI" and max(tail[-4:]) < 0x80:
        return "ID3v2", _synchsafe(tail[-4:]) + 20
    return None


def _synchsafe(four: bytes) -> int:
    # Seven bits in each byte, so that no tag looks like the start of an MP3 frame.
    return four[0] << 21 | four[1] << 14 | four[2] << 7 | four[3]


def _read(file: BinaryIO, position: int, count: int) -> bytes:
    file.seek(position)
    return file.read(count)
