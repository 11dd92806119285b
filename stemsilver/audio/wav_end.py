"""Where the audio of a WAV file ends, whatever its header claims.

A size in the header can be right, a placeholder, outdated, or right for a file that was cut off
since. Which of them it is shows in what the file holds at the place where the audio should end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import BinaryIO, Literal

from stemsilver.audio.sound_file import CONVERT, FETCH_AGAIN, SPLIT, find, ignored, place
from stemsilver.errors import UnreadableAudio

FORMS = (b"RIFF", b"RIFX", b"RF64", b"BW64")

# A streaming writer cannot return to the header, so it writes a placeholder for the unknown size:
# about the largest signed or unsigned number, less its own header or rounded to pages (ffmpeg
# 0xFFFFFFFF, SoX 0x7FFFF000, arecord 0x80000000). Real sizes in these ranges are rare.
_STREAMED = (
    range(0x7FFF_0000, 0x8001_0000),
    range(0xFFFF_0000, 0x1_0000_0000),
    range(2**63 - 1, 2**64),
)

# Chunks that writers put after the audio. Four bytes of audio are printable ASCII once in fifty
# times, so only one of these names shows without a further check that the audio has ended.
_KNOWN_CHUNK = re.compile(
    b"LIST|fact|cue |plst|smpl|inst|bext|iXML|axml|chna|cart|levl|link|umid|ubxt|mext|id3 |ID3 |"
    b"_PMX|acid|strc|afsp|AFAn|JUNK|junk|PAD |FLLR|PEAK|DISP|minf|elm1|regn|SNDM|LGWV|ResU"
)
_TAIL = 65_536
_TAG = re.compile(b"ID3[\2-\4]|TAG.|APET", re.DOTALL)
_SECOND = re.compile(rb"RI(?:FF|FX).{4}WAVE(?:fmt |JUNK|bext)", re.DOTALL)


@dataclass(frozen=True)
class StatedSizes:
    """What a WAV file from byte `start` to `stop` claims. Sizes are in bytes.

    `outer` is the size of the whole file without its first 8 bytes, `size` that of the audio, which
    begins at byte `body`. `rate` is in Hz, `speed` in bytes per second.
    """

    start: int
    stop: int
    order: Literal["little", "big"]
    outer: int
    body: int
    size: int
    rate: int
    speed: int

    def place(self, position: int) -> str:
        """Return where in the audio a byte of the file is."""
        return place((position - self.body) * self.rate // self.speed, self.rate)


def audio_end(file: BinaryIO, claim: StatedSizes) -> tuple[int, str | None]:
    """Return the byte where the audio ends, and a note unless the header is right.

    Raises:
        UnreadableAudio: the file was cut off, or holds two WAV files.
    """
    held = claim.stop - claim.body
    if claim.size > held:
        if not _is_placeholder(claim):
            raise UnreadableAudio(
                f"cut off at {claim.place(claim.stop)}: the header claims {claim.size} bytes of "
                f"audio, the file holds {held}",
                next_step=FETCH_AGAIN,
            )
        return _to_the_end(file, claim)
    end = claim.body + claim.size
    padded = end
    if claim.size % 2 and _bytes(file, end, 1) == b"\0":  # some writers omit the padding byte
        padded += 1
    after = _after_chunks(file, claim, padded)
    _check_second(file, claim, after)
    if claim.stop - after <= 1:
        return end, None
    if claim.size == 0:
        return _to_the_end(file, claim)
    head = _bytes(file, padded, 4)
    ended = _KNOWN_CHUNK.fullmatch(head) or _TAG.fullmatch(head)
    if ended or (_fits(claim, end) and _last_chunks(file, claim) >= end):
        return end, ignored(claim.stop - max(after, padded), "the audio and its chunks")
    return _to_the_end(file, claim)


def _is_placeholder(claim: StatedSizes) -> bool:
    """Return whether a size larger than the file is no real size.

    Otherwise the file was cut off, and must be refused. A cut-off file claims the size it had: any
    number. A placeholder is one of a few: the limits of `_STREAMED`, or a round number so large
    that no render has it by chance (a billion bytes are more than five hours), where a writer may
    have subtracted its header. A writer that counts its header as audio exceeds the file by just
    that. And where the outer size is that of the file, nothing is missing at its end.
    """
    header = claim.body - claim.start
    whole = claim.stop - claim.start
    if claim.outer == whole - 8 or claim.size in (whole - 8, whole):
        return True
    return any(claim.size in sizes for sizes in _STREAMED) or any(
        _is_round(claim.size + counted) for counted in (0, header - 8, header)
    )


def _is_round(size: int) -> bool:
    return size >= 10**9 and (size % 10**8 == 0 or size % 2**28 == 0)


def _fits(claim: StatedSizes, end: int) -> bool:
    """Return whether the header is right although something unknown follows.

    Both its sizes agree, and most of the file is audio. A header that was written while the sound
    was recorded also agrees with itself, but then it leaves out most of the file.
    """
    agreed = claim.start + 8 + claim.outer - end in (0, 1)
    return agreed and claim.stop - end <= claim.size


def _to_the_end(file: BinaryIO, claim: StatedSizes) -> tuple[int, str]:
    second = find(file, _SECOND, claim.body, claim.stop)
    if second is not None:
        _check_second(file, claim, second)
    end = _last_chunks(file, claim)
    return end, (
        f"The WAV header states a wrong size for the audio ({claim.size} bytes), so all that the "
        f"file holds was read ({end - claim.body} bytes)."
    )


def _last_chunks(file: BinaryIO, claim: StatedSizes) -> int:
    """Return where the chunks begin that lead to the end of the file, or the end of the file.

    They are no audio, whatever the header says.
    """
    start = max(claim.body, claim.stop - _TAIL)
    for match in _KNOWN_CHUNK.finditer(_bytes(file, start, _TAIL)):
        if claim.stop - _after_chunks(file, claim, start + match.start()) <= 1:
            return start + match.start()
    return claim.stop


def _after_chunks(file: BinaryIO, claim: StatedSizes, position: int) -> int:
    """Return where a chain of chunks from `position` ends; `position` itself if there is none."""
    while claim.stop - position >= 8:
        head = _bytes(file, position, 8)
        kind, size = head[:4], int.from_bytes(head[4:], claim.order)
        printable = kind.isascii() and kind.decode().isprintable()
        if not printable or kind in (*FORMS, b"data") or position + 8 + size > claim.stop:
            break
        position += 8 + size
        if size % 2 and _bytes(file, position, 1) == b"\0":
            position += 1
    return min(position, claim.stop)


def _check_second(file: BinaryIO, claim: StatedSizes, position: int) -> None:
    head = _bytes(file, position, 12)
    if head[:4] in FORMS and head[8:] == b"WAVE":
        raise UnreadableAudio(
            f"two WAV files in one: the second begins at byte {position}, after "
            f"{claim.place(position)}",
            next_step=SPLIT,
        )
    if head[:4] == b"data" and claim.size:
        raise UnreadableAudio(
            f"a second piece of audio begins at byte {position}, after {claim.place(position)}",
            next_step=CONVERT,
        )


def _bytes(file: BinaryIO, position: int, count: int) -> bytes:
    file.seek(position)
    return file.read(count)
