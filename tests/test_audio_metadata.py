"""What a file says about its sound reaches the output, and no more than is valid of it."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from stemsilver.audio import decode, metadata, write_wav
from stemsilver.audio.metadata.chunks import chunk, chunks
from stemsilver.audio.metadata.notes import LIMIT, MANIFEST_LOST
from stemsilver.records import Audio, Metadata

RATE, FRAMES = 8_000, 4_001
SOUND = Audio((np.sin(np.arange(FRAMES) / 9)[None] / 2).astype(np.float32), RATE)
PCM = np.rint(SOUND.array[0] * 32_768).astype("<i2").tobytes()

LOUDNESS = struct.pack("<5h", -2300, 500, -100, -1800, -2000)
BEXT = (
    b"A take of the hall".ljust(256, b"\0")
    + b"Studio 3".ljust(32, b"\0")
    + b"REF0001".ljust(32, b"\0")
    + b"2026-11-3014:50:00"
    + struct.pack("<QH", 123_456, 2)
    + b"U" * 64
    + LOUDNESS
    + bytes(180)
    + b"A=PCM,F=8000,W=16,M=mono\r\n"
)
IXML = b"<?xml version='1.0'?><BWFXML><NOTE>odd size</NOTE></BWFXML>"
INFO = chunk(b"INAM", b"The hall\0") + chunk(b"IART", b"Nora\0") + chunk(b"ICMT", b"Take 2\0")
INFO += chunk(b"ISFT", b"Recorder 9\0")


def points(*found: tuple[int, int], count: int | None = None) -> bytes:
    body = b"".join(struct.pack("<II4sIII", one, at, b"data", 0, 0, at) for one, at in found)
    return struct.pack("<I", len(found) if count is None else count) + body


def label(number: int, text: bytes, name: bytes = b"labl") -> bytes:
    return chunk(name, struct.pack("<I", number) + text + b"\0")


CUE = points((1, 0), (2, 2_000), (3, FRAMES))
ADTL = label(1, b"start") + label(2, b"door", b"note") + label(3, b"end")
LISTS = chunk(b"LIST", b"INFO" + INFO) + chunk(b"LIST", b"adtl" + ADTL)


def wav(front: bytes = b"", after: bytes = b"", size: int = len(PCM)) -> bytes:
    """A 16-bit WAV file with chunks in front of the audio, and behind it."""
    layout = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16))
    body = b"WAVE" + layout + front + b"data" + struct.pack("<I", size) + PCM + after
    return b"RIFF" + struct.pack("<I", len(body)) + body


def read(folder: Path, content: bytes, name: str = "take.wav") -> Audio:
    (folder / name).write_bytes(content)
    audio = decode(folder / name, 1)
    assert audio.samples.shape[-1] >= FRAMES
    return audio


def carried(said: Metadata) -> dict[bytes, bytes]:
    """The chunks of an output with this metadata; a list is named by its type."""
    file = io.BytesIO()
    write_wav(SOUND, file, metadata=said)
    whole = file.getvalue()
    assert whole[4:8] == struct.pack("<I", len(whole) - 8)
    found = list(chunks(file, 12, len(whole)))
    assert sum(8 + size + size % 2 for _, _, size in found) == len(whole) - 12
    bodies = [(name, whole[start : start + size]) for name, start, size in found]
    named = {body[:4] if name == b"LIST" else name: body for name, body in bodies}
    assert len(named) == len(bodies)
    return {name: body for name, body in named.items() if name not in (b"fmt ", b"data")}


@pytest.mark.parametrize("places", ["front", "behind", "behind a wrong size"])
def test_info_bext_ixml_and_labelled_cues_reach_the_output(tmp_path: Path, places: str) -> None:
    front, behind = chunk(b"bext", BEXT) + chunk(b"iXML", IXML), LISTS + chunk(b"cue ", CUE)
    if places == "front":
        front, behind = behind + front, b""
    size = 0xFFFF_FFFF if places == "behind a wrong size" else len(PCM)
    said = read(tmp_path, wav(front, behind, size)).metadata
    assert said.notes == ()
    found = carried(metadata.signed(said, "Stemsilver 1", "Processed"))
    # The loudness of the input is not that of the output.
    assert found.pop(b"bext") == BEXT.replace(LOUDNESS, 5 * b"\xff\x7f")
    assert found.pop(b"iXML") == IXML
    assert found.pop(b"cue ") == CUE
    assert found.pop(b"adtl") == b"adtl" + ADTL
    assert b"INAM\x09\0\0\0The hall\0\0IART\x05\0\0\0Nora\0\0" in found[b"INFO"]
    assert b"Take 2; Processed\0" in found[b"INFO"]
    assert b"Recorder 9; Stemsilver 1\0" in found.pop(b"INFO")
    assert found == {}


def test_another_program_reads_the_output_and_its_sound_is_the_same(tmp_path: Path) -> None:
    said = metadata.signed(read(tmp_path, wav(LISTS)).metadata, "Stemsilver 1", "Processed")
    path = tmp_path / "out.wav"
    with path.open("w+b") as file:
        write_wav(SOUND, file, metadata=said)
    with soundfile.SoundFile(path) as opened:
        texts = opened.copy_metadata()
    assert (texts["title"], texts["artist"]) == ("The hall", "Nora")
    assert texts["comment"] == "Take 2; Processed"
    again = decode(path, 1)
    assert again.notes == ()
    assert again.metadata == said
    with path.with_name("bare.wav").open("w+b") as file:
        write_wav(SOUND, file)
    assert again.digest == decode(path.with_name("bare.wav"), 1).digest


@pytest.mark.parametrize("kind", ["flac", "ogg", "mp3", "aiff", "caf"])
def test_comments_and_id3_become_info(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"take.{kind}"
    with soundfile.SoundFile(path, "w", RATE, 1) as file:
        file.title, file.artist, file.comment = "The hall", "Nora", "Take 2"
        file.write(np.tile(SOUND.array[0], 4))
    found = carried(decode(path, 1).metadata)
    assert found.keys() == {b"INFO"}
    for name, text in ((b"INAM", b"The hall"), (b"IART", b"Nora"), (b"ICMT", b"Take 2")):
        assert name + struct.pack("<I", len(text) + 1) + text + b"\0" in found[b"INFO"]


def flac() -> bytes:
    file = io.BytesIO()
    soundfile.write(file, SOUND.array.T, RATE, format="FLAC")
    return file.getvalue()


STORE = b"jumdc2pa\0\x11\0\x10\x80\0\0\xaa\0\x38\x9b\x71\x03c2pa\0"
FRAME = b"GEOB" + struct.pack(">IH", len(STORE), 0) + STORE


@pytest.mark.parametrize(
    "content",
    [
        wav(chunk(b"C2PA", STORE)),
        wav(after=chunk(b"C2PA", b"")),
        b"ID3\x03\0\0" + bytes([0, 0, 0, len(FRAME)]) + FRAME + flac(),
    ],
    ids=["in front", "behind", "in ID3"],
)
def test_a_lost_manifest_is_told_and_not_carried(tmp_path: Path, content: bytes) -> None:
    said = read(tmp_path, content).metadata
    assert said.notes == (MANIFEST_LOST,)
    assert carried(said) == {}


HOSTILE = {
    "text of no size": (chunk(b"LIST", b"INFO" + chunk(b"INAM", b"")), {}, ""),
    "text over its list": (
        chunk(b"LIST", b"INFO" + INFO[:18] + b"ICMT\xff\xff\xff\x7fx"),
        {b"INFO"},
        "",
    ),
    "list of no type": (chunk(b"LIST", b"IN"), {}, ""),
    "short bext": (chunk(b"bext", BEXT[:601]), {}, "bext"),
    "more points than bytes": (chunk(b"cue ", points((1, 7), count=2**32 - 1)), {b"cue "}, "cue"),
    "point after the end": (chunk(b"cue ", points((1, 7), (2, FRAMES + 1))), {b"cue "}, "cue"),
    "no points": (chunk(b"cue ", b""), {}, ""),
    "label of no point": (chunk(b"LIST", b"adtl" + ADTL), {}, ""),
    "file in a label": (
        chunk(b"cue ", points((1, 7))) + chunk(b"LIST", b"adtl" + label(1, b"MZ", b"file")),
        {b"cue "},
        "",
    ),
    "too large": (chunk(b"iXML", bytes(LIMIT)), {}, "iXML"),
    "together too large": (
        chunk(b"iXML", bytes(LIMIT // 2)) + chunk(b"LIST", b"INFO" + bytes(LIMIT // 2)),
        {b"iXML"},
        "INFO",
    ),
    "unknown": (chunk(b"evil", b"x" * 99), {}, ""),
}


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.parametrize("behind", [False, True])
def test_what_is_damaged_or_too_large_is_left_out(tmp_path: Path, what: str, behind: bool) -> None:
    content, kept, left_out = HOSTILE[what]
    said = read(tmp_path, wav(after=content) if behind else wav(content)).metadata
    assert carried(said).keys() == set(kept)
    told = [note for note in said.notes if f"was not carried over: {left_out}." in note]
    assert len(told) == len(said.notes) == bool(left_out)


def test_nothing_is_read_past_the_end_of_a_list_or_of_the_file(tmp_path: Path) -> None:
    title = chunk(b"INAM", b"The hall\0")
    over = b"ICMT" + struct.pack("<I", 2**31 - 1) + b"x"
    for content in (
        chunk(b"LIST", b"INFO" + title + over) + chunk(b"junk", b"more"),
        chunk(b"LIST", b"INFO" + title) + b"LIST" + struct.pack("<I", 99) + b"INFO" + over[:12],
    ):
        assert read(tmp_path, wav(after=content)).metadata.texts == {b"INAM": b"The hall"}


def test_the_heads_of_many_empty_chunks_count_too(tmp_path: Path) -> None:
    """What is kept in memory is limited, however many chunks a file has."""
    content = chunk(b"LIST", b"INFO") * (LIMIT // 8 + 1)
    assert read(tmp_path, wav(after=content)).metadata.notes[0].endswith(": INFO.")


@given(st.binary(max_size=80), st.binary(max_size=80), st.sampled_from([b"INFO", b"adtl"]))
def test_any_bytes_give_a_valid_file(body: bytes, more: bytes, kind: bytes) -> None:
    content = io.BytesIO(
        chunk(b"LIST", kind + body) + chunk(b"cue ", more) + chunk(b"LIST", b"INFO" + more)
    )
    collector = metadata.Collector()
    collector.add_all(content, 0, len(content.getvalue()))
    said = metadata.signed(collector.metadata(FRAMES), "Stemsilver 1", "Processed")
    assert b"Stemsilver 1\0" in carried(said)[b"INFO"]
