"""The promises of this folder's README about files: what is read, and what is refused.

Names that meet, and names that could break something, are in `test_batch.py`.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from stemsilver.audio import decode, encode_flac16, encode_wav
from stemsilver.discover import discover
from stemsilver.errors import EmptyAudio, NonFiniteAudio, TooLong, UnreadableAudio
from stemsilver.records import Audio, Samples

RNG = np.random.default_rng(11)
FRAMES = 48_000


def noise(channels: int = 2, frames: int = FRAMES) -> Samples:
    return RNG.uniform(-0.5, 0.5, (channels, frames)).astype(np.float32)


def wav(samples: Samples, claimed: int | None = None, after: bytes = b"") -> bytes:
    """A 16-bit WAV at 48 kHz whose header claims `claimed` bytes of audio."""
    body = np.rint(samples.T * 32_768).astype("<i2").tobytes()
    channels = len(samples)
    layout = struct.pack("<HHIIHH", 1, channels, 48_000, 96_000 * channels, 2 * channels, 16)
    size = len(body) if claimed is None else claimed
    whole = min(size + 36, 0xFFFF_FFFF)
    return (
        b"RIFF" + struct.pack("<I", whole) + b"WAVEfmt " + struct.pack("<I", 16) + layout
        + b"data" + struct.pack("<I", size) + body + after
    )  # fmt: skip


def flac(samples: Samples, claimed: int | None = None) -> bytes:
    """A FLAC at 48 kHz whose header claims `claimed` frames (36 bits at bit 172)."""
    data = bytearray(encode_flac16(Audio(samples, 48_000)))
    if claimed is not None:
        data[21] = data[21] & 0xF0 | claimed >> 32
        data[22:26] = (claimed & 0xFFFF_FFFF).to_bytes(4, "big")
    return bytes(data)


def decoded(folder: Path, content: bytes, name: str = "take.wav", minutes: float = 1) -> Audio:
    path = folder / name
    path.write_bytes(content)
    return decode(path, minutes)


EMPTY = {
    "0 bytes": b"",
    "header only, claiming audio": wav(noise())[:44],
    "0 frames, streamed": wav(noise(frames=0), 0xFFFF_FFFF),
    "no data chunk": wav(noise())[:36],
    "half a frame": wav(noise())[:46],
    "0 frames and a tag": wav(noise(frames=0), after=b"LIST\4\0\0\0INFO"),
    "FLAC header only, claiming audio": flac(noise())[:42],
    "FLAC header only, streamed": flac(noise(), 0)[:42],
}


@pytest.mark.parametrize("content", EMPTY.values(), ids=EMPTY)
def test_a_file_without_audio_is_empty(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(EmptyAudio, match=r"take\.wav") as caught:
        decoded(tmp_path, content)
    assert caught.value.code == "empty"


def flipped(content: bytes, where: float, bits: int) -> bytes:
    changed = bytearray(content)
    changed[int(len(content) * where)] ^= bits
    return bytes(changed)


LATER = r"damaged or cut off after \d\.\d+ s \(frame \d+\)"
DAMAGED = {
    "text": (b"Once upon a time.\n" * 99, "a text file, not audio"),
    "4 bytes": (b"RIFF", "the start of a sound file"),
    "noise": (RNG.bytes(4096), "not audio in a known format"),
    "AVI": (b"RIFF\0\0\0\0AVI LIST" + RNG.bytes(99), "an AVI video"),
    "damaged chunks": (wav(noise())[:12] + RNG.bytes(999), "at byte 12"),
    "cut off in the header": (wav(noise())[:30], "`fmt ` at byte 12"),
    "7 channels": (wav(noise(7, 99)), "7 channels; 1 to 6 are supported"),
    "cut off": (wav(noise())[: 44 + 4 * 12_345], r"cut off at 0\.257 s \(frame 12345\)"),
    "a byte short": (wav(noise())[:-1], r"cut off at 1\.000 s \(frame 47999\)"),
    "one byte claimed too many": (wav(noise(), FRAMES * 4 + 1), r"cut off at 1\.000 s"),
    "gigabytes claimed": (wav(noise(), 0x7000_1234), "cut off"),
    "more gigabytes claimed": (wav(noise(), 0xF000_1234), "cut off"),
    "FLAC a byte short": (flac(noise())[:-1], LATER),
    "FLAC cut off, streamed": (flac(noise(), 0)[:60_000], LATER),
    # The decoder itself sees nothing wrong here: the stream just ends.
    "FLAC short of its claim": (flac(noise(), FRAMES + 1), r"frame 48000\)"),
    "FLAC, a bit flipped early": (flipped(flac(noise()), 0.1, 0x01), LATER),
    "FLAC, a byte flipped late": (flipped(flac(noise()), 0.9, 0xFF), LATER),
}


@pytest.mark.parametrize(("content", "what"), DAMAGED.values(), ids=DAMAGED)
def test_damage_is_reported_with_what_and_where(tmp_path: Path, content: bytes, what: str) -> None:
    with pytest.raises(UnreadableAudio, match=what) as caught:
        decoded(tmp_path, content)
    assert caught.value.message.startswith("take.wav: ")


def test_a_file_that_cannot_be_opened_fails_alone(tmp_path: Path) -> None:
    with pytest.raises(UnreadableAudio, match=r"gone\.wav: cannot be read \(No such file"):
        decode(tmp_path / "gone.wav", 1)
    with pytest.raises(UnreadableAudio, match="Is a directory"):
        decode(tmp_path, 1)


@pytest.mark.parametrize(
    ("subtype", "bad", "frame"), [("FLOAT", np.nan, 0), ("DOUBLE", -np.inf, 70_000)]
)
def test_the_first_bad_sample_is_named(
    tmp_path: Path, subtype: str, bad: float, frame: int
) -> None:
    samples = noise(2, 96_000)
    samples[1, frame] = bad
    samples[:, frame + 1 :] = np.nan
    soundfile.write(tmp_path / "take.wav", samples.T, 48_000, subtype=subtype)
    place = rf"take\.wav: sample {bad} at {frame / 48_000:.3f} s \(frame {frame}\), channel 2"
    with pytest.raises(NonFiniteAudio, match=place):
        decode(tmp_path / "take.wav", 1)


def test_the_length_limit_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "take.wav"
    path.write_bytes(wav(noise()))
    with path.open("r+b") as file:  # a sparse hour, header and all
        file.truncate(44 + 3600 * 48_000 * 4)
        file.seek(40)
        file.write(struct.pack("<I", 3600 * 48_000 * 4))
    monkeypatch.setattr(soundfile, "read", lambda *_, **__: pytest.fail("decoded"))
    with pytest.raises(TooLong, match=r"60\.0 minutes long; the limit is 30"):
        decode(path, 30)


@pytest.mark.parametrize("claimed", [None, 0])
def test_the_length_limit_holds_for_flac(tmp_path: Path, claimed: int | None) -> None:
    content = flac(np.zeros((1, FRAMES * 60), np.float32), claimed)
    assert decoded(tmp_path, content).samples.shape == (1, FRAMES * 60)
    # One that does not give its length is not decoded past the limit.
    measured = r"at least 0\.0 minutes" if claimed == 0 else r"1\.0 minutes"
    with pytest.raises(TooLong, match=measured):
        decoded(tmp_path, content, minutes=0.01)


@pytest.mark.parametrize(
    "claimed",
    # Nothing; ffmpeg; SoX; arecord; those less their header; and two that were once true.
    [0, 0xFFFF_FFFF, 0x7FFF_F000, 0x8000_0000, 0xFFFF_FFFF - 36, 0x7FFF_FFFF - 36, 4 * 100, 600],
)
def test_all_audio_is_read_whatever_size_the_header_claims(tmp_path: Path, claimed: int) -> None:
    samples = noise()
    # Reads like the head of a chunk, but no chunk of that length is there.
    samples[:, 100:102] = np.frombuffer(b"Q7j-zzzz", "<i2").reshape(2, 2).T / 32_768
    audio = decoded(tmp_path, wav(samples, claimed), minutes=1 / 60)
    np.testing.assert_allclose(audio.samples, samples, rtol=0, atol=2**-15)


def test_a_streamed_flac_is_read_to_its_end(tmp_path: Path) -> None:
    samples = noise(frames=100_001)
    audio = decoded(tmp_path, flac(samples, 0), "take.flac")
    np.testing.assert_allclose(audio.samples, samples, rtol=0, atol=2**-15)


@pytest.mark.parametrize(("encode", "bits"), [(encode_wav, 24), (encode_flac16, 16)])
def test_samples_over_full_scale_are_kept_at_decode_and_clamped_at_encode(
    tmp_path: Path, encode: Callable[[Audio], bytes], bits: int
) -> None:
    samples = np.array([[0.25, 1.0, 1.5, -1.0, -1.5, 3e38, -3e38]], np.float32)
    soundfile.write(tmp_path / "take.wav", samples.T, 48_000, subtype="FLOAT")
    audio = decode(tmp_path / "take.wav", 1)
    np.testing.assert_array_equal(audio.samples, samples)
    top = 1 - 2.0 ** (1 - bits)
    expected = [[0.25, top, top, -top, -top, top, -top]]
    assert decoded(tmp_path, encode(audio)).samples.tolist() == expected


def test_what_is_no_file_of_the_batch_is_skipped_with_a_reason_each(tmp_path: Path) -> None:
    raw, outside = tmp_path / "raw", tmp_path / "outside"
    odd = Path(os.fsdecode(os.fsencode(raw) + b"/bad\xff.wav"))
    deep = Path(os.fsdecode(os.fsencode(raw) + b"/\xfe/x.wav"))
    for path in (raw / "x.wav", raw / "inner" / "y.wav", outside / "secret.wav", odd, deep):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
    (outside / "x.txt").write_text("not ours to publish")
    (raw / "up").symlink_to(raw)
    (raw / "inner" / "round").symlink_to("../inner")
    (raw / "self.wav").symlink_to("self.wav")
    (raw / "out.wav").symlink_to(outside / "secret.wav")
    (raw / "outdoors").symlink_to(outside)
    (raw / "x.txt").symlink_to(outside / "x.txt")
    (raw / "twin.wav").symlink_to("x.wav")
    (raw / "gone.wav").symlink_to("nowhere.wav")
    os.mkfifo(raw / "pipe.wav")
    found = discover(raw)
    assert [render.path for render in found.renders] == ["inner/y.wav", "x.wav"]
    assert [render.script for render in found.renders] == [None, None]
    assert {one.path: one.reason for one in found.skipped} == {
        "\\udcfe/x.wav": "the name is not valid UTF-8",
        "bad\\udcff.wav": "the name is not valid UTF-8",
        "gone.wav": "a link to nothing",
        "inner/round": "a link that loops back to a folder above it",
        "out.wav": "a link that leads out of the folder",
        "outdoors": "a link that leads out of the folder",
        "pipe.wav": "not a regular file",
        "self.wav": "a link that loops",
        "twin.wav": "a link to something the batch holds already",
        "up": "a link that loops back to a folder above it",
        "x.txt": "a link that leads out of the folder",
    }
