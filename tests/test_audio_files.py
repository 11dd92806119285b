"""Sound files as people have them: all their audio is read, or they are refused by name."""

from __future__ import annotations

import base64
import io
import re
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from stemsilver.audio import decode
from stemsilver.errors import EmptyAudio, ItemError, TooLong, UnreadableAudio
from stemsilver.records import Audio, Samples

CASES = Path(__file__).parents[2] / "shared" / "data" / "cases"
RNG = np.random.default_rng(5)
RATE = 24_000


def sound(frames: int = 2 * RATE, channels: int = 1) -> Samples:
    tone = np.sin(np.arange(frames) * 0.05)[None] * np.hanning(frames)
    return np.asarray(tone * 0.4 + RNG.normal(0, 0.01, (channels, frames)), np.float32)


SOUND = sound()
PCM = np.rint(SOUND.T * 32_768).astype("<i2").tobytes()
WORST = 2**-15


def wav(
    claimed: int | None = None,
    outer: int | None = None,
    pcm: bytes = PCM,
    after: bytes = b"",
    layout: tuple[int, ...] = (1, 1, RATE, 2 * RATE, 2, 16),
    magic: bytes = b"RIFF",
) -> bytes:
    """A WAV file whose header claims `claimed` bytes of audio, and `outer` in all."""
    sign = ">" if magic == b"RIFX" else "<"
    size = len(pcm) if claimed is None else claimed
    whole = min(size + 36, 2**32 - 1) if outer is None else outer
    fmt = struct.pack(f"{sign}HHIIHH", *layout)
    head = magic + struct.pack(f"{sign}I", whole) + b"WAVEfmt " + struct.pack(f"{sign}I", 16)
    return head + fmt + b"data" + struct.pack(f"{sign}I", size) + pcm + after


def encoded(kind: str, encoding: str | None = None, samples: Samples = SOUND) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples.T, RATE, format=kind, subtype=encoding)
    return buffer.getvalue()


def chunk(kind: bytes, body: bytes, claimed: int | None = None) -> bytes:
    return kind + struct.pack("<I", len(body) if claimed is None else claimed) + body


def id3v2(length: int = 200) -> bytes:
    return b"ID3\x03\0\0" + bytes([0, 0, length >> 7, length & 127]) + bytes(length)


def ape(length: int = 64) -> bytes:
    body = bytes(length)
    return body + b"APETAGEX" + struct.pack("<IIII", 2000, length + 32, 1, 0) + bytes(8)


ID3V1 = b"TAG" + b"title".ljust(125, b"\0")


def read(folder: Path, content: bytes, minutes: float = 1) -> Audio:
    (folder / "take.wav").write_bytes(content)
    return decode(folder / "take.wav", minutes)


def is_whole(audio: Audio, *notes: str) -> None:
    """The whole sound was read, and nothing else, and each note was made once."""
    np.testing.assert_allclose(audio.array, SOUND, rtol=0, atol=WORST)
    assert len(audio.notes) == len(notes), audio.notes
    for note, said in zip(audio.notes, notes, strict=True):
        assert re.search(said, note), note


PLACEHOLDERS = {
    "nothing": wav(0),
    "two billion": wav(2_000_000_000),
    "two billion in all": wav(2_000_000_000 - 44),
    "two billion in the outer chunk": wav(2_000_000_000 - 36),
    "a gibibyte": wav(2**30),
    "ffmpeg's": wav(2**32 - 1),
    "its header counted in": wav(len(PCM) + 44),
    "its header counted in, but for 8 bytes": wav(len(PCM) + 36),
    "too large in a file of the right size": wav(len(PCM) + 8, len(PCM) + 36),
    "RF64 without sizes": wav(2**32 - 1, magic=b"RF64"),
    "outdated": wav(len(PCM) // 4),
    "the header counted in, and a LIST": wav(len(PCM) + 44, after=chunk(b"LIST", bytes(60))),
    "streamed, and a LIST": wav(2**32 - 1, after=chunk(b"LIST", bytes(60))),
    "of a file with a tag": wav(2_000_000_000, after=ID3V1),
}


@pytest.mark.parametrize("content", PLACEHOLDERS.values(), ids=PLACEHOLDERS)
def test_a_size_that_is_a_placeholder_hides_no_audio(tmp_path: Path, content: bytes) -> None:
    tags = ["A tag behind"] if content.endswith(ID3V1) else []
    is_whole(read(tmp_path, content), *tags, r"a wrong size .* was read \(96000 bytes\)")


@pytest.mark.parametrize("text", [b"LIST", b"fact", b"Once"])
def test_audio_that_looks_like_text_is_audio_where_no_chunks_end_with_the_file(
    tmp_path: Path, text: bytes
) -> None:
    pcm = text + struct.pack("<I", 1000) + PCM[8:]
    audio = read(tmp_path, wav(0, pcm=pcm))
    assert audio.samples.shape == SOUND.shape
    with pytest.raises(EmptyAudio):
        read(tmp_path, wav(0, pcm=chunk(text, bytes(1000)) + chunk(b"fact", bytes(4))))


@pytest.mark.parametrize("lost", [1, 8, 100, 44 * 1000, len(PCM) - 2])
def test_a_file_that_was_cut_off_is_not_taken_for_a_streamed_one(tmp_path: Path, lost: int) -> None:
    for content in (wav(), wav(after=chunk(b"LIST", bytes(lost)))[:-lost], wav(outer=0)):
        with pytest.raises(UnreadableAudio, match=r"cut off at .* the header claims") as caught:
            read(tmp_path, content[: len(wav()) - lost])
        assert "again" in caught.value.next_step


SURROUNDED: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "ID3v1 behind": (wav(after=ID3V1), ("ID3v1, 128 bytes",)),
    "APE behind": (wav(after=ape()), ("APE, 96 bytes",)),
    "APE and ID3v1 behind": (wav(after=ape() + ID3V1), ("ID3v1", "APE")),
    "ID3v2 behind": (wav(after=id3v2()), ("210 bytes after the audio",)),
    "ID3v2 in front": (id3v2() + wav(), ("ID3v2, 210 bytes",)),
    "ID3v2 in front, filled up": (id3v2() + bytes(99) + wav(), ("ID3v2, 210 bytes",)),
    "ID3v2 in front of a FLAC": (id3v2() + encoded("FLAC"), ("ID3v2, 210 bytes",)),
    "tags around a FLAC": (id3v2() + encoded("FLAC") + ID3V1, ("in front", "behind")),
    "a LIST that is too long": (
        wav(after=chunk(b"LIST", b"INFOISFT", 5000)), ("16 bytes after the audio",)),
    "a LIST and 4 KB": (
        wav(outer=len(PCM) + 48, after=chunk(b"LIST", b"INFO") + RNG.bytes(4096)),
        ("4096 bytes after the audio",)),
    "4 KB of noise": (wav(after=RNG.bytes(4096)), ("4096 bytes after the audio",)),
    "4 KB of zeros": (wav(after=bytes(4096)), ("4096 bytes after the audio",)),
    "noise behind a FLAC": (encoded("FLAC") + RNG.bytes(4096), ("not audio follows",)),
    "noise behind an AIFF": (encoded("AIFF") + RNG.bytes(4096), ("4096 bytes after the end",)),
    "noise behind a W64": (encoded("W64", "PCM_16") + RNG.bytes(4096), ("4096 bytes after",)),
    "a LIST in front that is too long": (
        wav()[:36] + chunk(b"LIST", b"INFOISFT", 2**20) + wav()[36:], ("at byte 36",)),
    "a LIST in front without its padding": (
        wav()[:36] + chunk(b"LIST", b"INFO\1") + wav()[36:], ("at byte 50",)),
    "a known chunk": (wav(after=chunk(b"LIST", b"INFO")), ()),
    "an unknown chunk": (wav(after=chunk(b"zzzz", b"1234")), ()),
}  # fmt: skip


@pytest.mark.parametrize(("content", "notes"), SURROUNDED.values(), ids=SURROUNDED)
def test_what_lies_around_the_audio_is_no_audio(
    tmp_path: Path, content: bytes, notes: tuple[str, ...]
) -> None:
    is_whole(read(tmp_path, content), *notes)


SHORT = wav(pcm=PCM[:9600])
REFUSED: dict[str, tuple[bytes, str]] = {
    "two WAVs": (wav() + SHORT, r"two WAV files .* byte 96044, after 2\.000 s"),
    "two streamed WAVs": (wav(2**32 - 1) + SHORT, "two WAV files in one: .* byte 96044"),
    "two WAVs and a LIST": (wav(after=chunk(b"LIST", b"INFO")) + wav(), "two WAV files"),
    "two pieces": (wav(after=chunk(b"data", PCM)), "a second piece of audio begins at byte 96044"),
    "a piece behind a LIST": (
        wav(after=chunk(b"LIST", b"INFO") + chunk(b"data", PCM)), "a second piece of audio"),
    "two FLACs": (encoded("FLAC") * 2, "two FLAC files"),
    "two MP3s": (encoded("MP3") * 2, "two MP3 files"),
    "two Oggs": (encoded("OGG") * 2, "two Ogg files"),
    "two AIFFs": (encoded("AIFF") * 2, "two sound files"),
    "width of 32 bits": (wav(layout=(1, 1, RATE, 2 * RATE, 4, 16)), "16 bits in 1 channels"),
    "width of mono": (wav(layout=(1, 2, RATE, 2 * RATE, 2, 16)), "take 4 bytes a frame, not 2"),
    "8 bits in 2 bytes": (wav(layout=(1, 1, RATE, 2 * RATE, 2, 8)), "take 1 bytes a frame, not 2"),
    "24 bits in 4 bytes, slower": (wav(layout=(1, 1, RATE, 3 * RATE, 4, 24)), "not 4"),
    "float of 16 bits": (wav(layout=(3, 1, RATE, 4 * RATE, 4, 16)), "contradicts itself"),
    "a FLAC that claims less": (
        encoded("FLAC")[:22] + struct.pack(">I", 20_000) + encoded("FLAC")[26:],
        "claims 20000 frames, but the file holds more"),
    "AIFF cut off": (encoded("AIFF")[:-999], "cut off: the header claims"),
    "AU cut off": (encoded("AU")[:-999], "cut off: the header claims"),
    "W64 cut off": (encoded("W64", "PCM_16")[:-999], "cut off: the header claims"),
    "MP3 cut off": (encoded("MP3")[:-2999], "cut off: the header claims"),
    "MP3 cut off in its last frames": (encoded("MP3")[:-999], "cut off at"),
    "Ogg cut off": (encoded("OGG")[:-999], "cut off: its last page"),
    "ADPCM cut off": (encoded("WAV", "IMA_ADPCM")[:-999], "cut off at"),
    "AAC in a WAV": (wav(layout=(0xFF, 1, RATE, 9999, 1, 0)), "WAV file with AAC"),
    "G.726 in a WAV": (wav(layout=(0x45, 1, RATE, 9999, 1, 0)), "WAV file with G.726 ADPCM"),
    "an unknown codec": (wav(layout=(0x7777, 1, RATE, 9999, 1, 0)), "the number 30583"),
    "LFS": (b"version https://git-lfs.github.com/spec/v1\noid sha256:c6\nsize 9\n", "Git LFS"),
    "annex": (b"/annex/objects/SHA256E-s9--c6.wav\n", "git-annex"),
    "annex, a link as text": (b"../.git/annex/objects/x/y/MD5-s9--c/MD5-s9--c", "git-annex"),
    "HTML": (b"\n <!doctype HTML><title>404</title>", "an HTML page"),
    "HTML with a mark": (b"\xef\xbb\xbf<html lang=en>", "an HTML page"),
    "XML": (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "an XML document"),
    "JSON": (b'{"error": {"code": 429}}', "a JSON document"),
    "JSON list": (b'[\n {"detail": "no such voice"}]', "a JSON document"),
    "Base64": (base64.encodebytes(wav()[:2000]), "Base64"),
    "text": (b"Once upon a time.\n", "a text file"),
    "UTF-16": ("Once upon a time.".encode("utf-16"), "a text file"),
    "zeros": (bytes(9000), "are all 0"),
    "gzip": (b"\x1f\x8b\x08" + RNG.bytes(99), "a gzip archive"),
    "M4A": (b"\0\0\0 ftypM4A " + RNG.bytes(99), "M4A"),
    "MP4": (b"\0\0\0 ftypisom" + RNG.bytes(99), "MP4"),
    "AAC": (b"\xff\xf1\x50\x80" + RNG.bytes(99), "it is AAC"),
    "WebM": (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm", "WebM"),
    "PNG": (b"\x89PNG\r\n\x1a\n" + RNG.bytes(99), "a picture"),
}  # fmt: skip

NEXT = {
    "LFS": "git lfs pull", "annex": "git annex get", "HTML": "Download it again",
    "JSON": "text editor", "M4A": "ffmpeg", "gzip": "Unpack", "AAC in a WAV": "ffmpeg",
    "two WAVs": "Split", "MP3 cut off": "again",
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_named_with_the_next_step(tmp_path: Path, name: str) -> None:
    content, said = REFUSED[name]
    with pytest.raises(UnreadableAudio, match=said) as caught:
        read(tmp_path, content)
    assert caught.value.message.count("take.wav") == 1
    assert not re.search(r"b'|0x", caught.value.message)
    assert NEXT.get(name, ".") in caught.value.next_step


def test_an_archive_an_empty_download_and_a_link_are_named(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("take.wav", wav())
    with pytest.raises(UnreadableAudio, match="a ZIP archive"):
        read(tmp_path, buffer.getvalue())
    with pytest.raises(EmptyAudio, match="the file has 0 bytes") as empty:
        read(tmp_path, b"")
    assert "Download" in empty.value.next_step
    for tags in (ID3V1, id3v2(), ape()):
        with pytest.raises(EmptyAudio, match="tags but no audio"):
            read(tmp_path, tags)
    (tmp_path / "link.wav").symlink_to("../.git/annex/objects/aa/bb/MD5-s9--c/MD5-s9--c.wav")
    with pytest.raises(UnreadableAudio, match="a git-annex link") as link:
        decode(tmp_path / "link.wav", 1)
    assert "git annex get" in link.value.next_step


@pytest.mark.parametrize(
    ("kind", "encoding", "tolerance", "notes"),
    [
        ("AIFF", "PCM_24", WORST, ()),
        ("AIFF", "IMA_ADPCM", 0.05, ("IMA ADPCM",)),
        ("AU", "PCM_16", WORST, ()),
        ("CAF", "PCM_16", WORST, ()),
        ("CAF", "ALAC_16", WORST, ()),
        ("W64", "FLOAT", WORST, ()),
        ("SVX", "PCM_16", WORST, ()),
        ("NIST", "PCM_16", WORST, ("end of this NIST file",)),
        ("VOC", "PCM_16", WORST, ("end of this VOC file",)),
        ("WAV", "IMA_ADPCM", 0.05, ("IMA ADPCM",)),
        ("WAV", "MS_ADPCM", 0.05, ("Microsoft ADPCM",)),
        ("WAV", "GSM610", 0.2, ("GSM 6.10",)),
        ("WAV", "ULAW", 0.02, ("µ-law",)),
        ("OGG", "VORBIS", 0.05, ("Ogg Vorbis, a lossy format",)),
        ("OGG", "OPUS", 0.1, ("Ogg Opus, a lossy format",)),
        ("MP3", "MPEG_LAYER_III", 0.05, ("MP3, a lossy format",)),
    ],
)
def test_every_format_that_libsndfile_reads_is_decoded_whole(
    tmp_path: Path, kind: str, encoding: str, tolerance: float, notes: tuple[str, ...]
) -> None:
    audio = read(tmp_path, encoded(kind, encoding))
    frames = audio.samples.shape[1]
    # A codec of blocks fills the last one.
    assert 0 <= frames - SOUND.shape[1] < 1100 if "ADPCM" in encoding else frames == 2 * RATE
    np.testing.assert_allclose(audio.array[:, : 2 * RATE], SOUND, rtol=0, atol=tolerance)
    assert [note for note, said in zip(audio.notes, notes, strict=True) if said not in note] == []
    with pytest.raises(TooLong):
        read(tmp_path, encoded(kind, encoding), minutes=1 / 60)


def without_length(mp3: bytes) -> bytes:
    """An MP3 without the first frame, in which an encoder states the length."""
    second = mp3.index(mp3[:2], 4)
    return mp3[second:]


def quiet_then_loud() -> Samples:
    """A sound whose first frames need far fewer bits than the others."""
    return np.concatenate([np.zeros((1, 2 * RATE), np.float32), sound(18 * RATE)], axis=1)


@pytest.mark.parametrize("level", [0.1, 0.5])
@pytest.mark.parametrize("made", [sound, quiet_then_loud, lambda: sound(20 * RATE)])
def test_an_mp3_that_does_not_state_its_length_is_read_to_its_end(
    tmp_path: Path, made: Callable[[], Samples], level: float
) -> None:
    samples = made()
    buffer = io.BytesIO()
    with soundfile.SoundFile(
        buffer, "w", RATE, 1, "MPEG_LAYER_III", format="MP3", compression_level=level,
        bitrate_mode="VARIABLE",
    ) as file:  # fmt: skip
        file.write(samples.T)
    whole = buffer.getvalue()
    assert read(tmp_path, whole).samples.shape == samples.shape
    # Behind the silence, and from the loud part on, the first frame says little of the others.
    for content in (without_length(whole), id3v2() + without_length(whole) + ID3V1):
        audio = read(tmp_path, content)
        assert -1 < audio.samples.shape[1] - samples.shape[1] < 4000
        assert any("does not state its length" in note for note in audio.notes)
    with pytest.raises(TooLong, match="at least"):
        read(tmp_path, without_length(whole), minutes=0.01)


@pytest.mark.parametrize(
    ("layout", "pcm", "magic"),
    [
        ((1, 1, RATE, 2 * RATE, 2, 16), np.frombuffer(PCM, "<i2").astype(">i2").tobytes(), b"RIFX"),
        ((3, 1, RATE, 4 * RATE, 4, 32), SOUND.T.astype(">f4").tobytes(), b"RIFX"),
        ((1, 1, RATE, 4 * RATE, 4, 24), (SOUND.T * 2.0**31).astype("<i4").tobytes(), b"RIFF"),
    ],
)
def test_rare_but_clear_headers_are_read(
    tmp_path: Path, layout: tuple[int, ...], pcm: bytes, magic: bytes
) -> None:
    is_whole(read(tmp_path, wav(layout=layout, pcm=pcm, magic=magic)))


def test_an_mp3_in_a_wav_is_an_mp3(tmp_path: Path) -> None:
    audio = read(tmp_path, wav(pcm=encoded("MP3"), layout=(0x55, 1, RATE, 8000, 1, 0)))
    assert audio.samples.shape == SOUND.shape
    assert "MP3, a lossy format" in audio.notes[0]


@pytest.mark.parametrize("kind", ["MP3", "OGG", "AIFF", "AU", "CAF", "W64", "NIST"])
def test_no_damage_to_other_formats_ends_in_anything_but_audio_or_an_item_error(
    tmp_path: Path, kind: str
) -> None:
    content = encoded(kind, samples=sound(4000))
    for _ in range(30):
        damaged = bytearray(content)
        for place in RNG.integers(0, min(len(content), 600), 3):
            damaged[place] = RNG.integers(256)
        try:
            audio = read(tmp_path, bytes(damaged[: RNG.integers(1, len(content) + 1)]))
        except ItemError as error:
            assert error.message.startswith("take.wav: ")
        else:
            assert np.isfinite(audio.array).all()


@pytest.mark.parametrize(
    ("name", "frames", "said"),
    [
        ("size_two_billion.wav", 96_000, "all that the file holds"),
        ("size_counts_header.wav", 96_000, "all that the file holds"),
        ("binary_tail_4k.wav", 96_000, "4096 bytes"),
        ("id3_in_front.wav", 96_000, "ID3v2"),
        ("id3v1_behind.wav", 96_000, "ID3v1"),
        ("two_waves_joined.wav", None, "two WAV files in one"),
        ("lfs_pointer.wav", None, "Git LFS"),
        ("html_page.wav", None, "HTML"),
    ],
)
@pytest.mark.skipif(not CASES.is_dir(), reason="the sample files of users are not here")
def test_files_of_users(name: str, frames: int | None, said: str) -> None:
    if frames is None:
        with pytest.raises(UnreadableAudio, match=said):
            decode(CASES / name, 1)
        return
    audio = decode(CASES / name, 1)
    assert audio.samples.shape == (1, frames)
    assert said in " ".join(audio.notes)
