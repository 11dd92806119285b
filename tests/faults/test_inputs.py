"""The promises of this folder's README about files: what is read, and what is refused."""

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


# --- empty

METADATA_ONLY = flac(noise())[:42]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="0 bytes"),
        pytest.param(wav(noise())[:44], id="header only, claiming audio"),
        pytest.param(wav(noise(frames=0)), id="0 frames"),
        pytest.param(wav(noise(frames=0), 0xFFFF_FFFF), id="0 frames, streamed"),
        pytest.param(wav(noise())[:36], id="no data chunk"),
        pytest.param(wav(noise())[:46], id="half a frame"),
        pytest.param(wav(noise(frames=0), after=b"LIST\4\0\0\0INFO"), id="0 frames and a tag"),
        pytest.param(METADATA_ONLY, id="FLAC header only, claiming audio"),
        pytest.param(flac(noise(), 0)[:42], id="FLAC header only, streamed"),
    ],
)
def test_a_file_without_audio_is_empty(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(EmptyAudio, match=r"take\.wav") as caught:
        decoded(tmp_path, content)
    assert caught.value.code == "empty"


# --- corrupt, truncated, not audio


@pytest.mark.parametrize(
    ("content", "what"),
    [
        pytest.param(b"Once upon a time.\n" * 99, "not WAV or FLAC", id="text"),
        pytest.param(b"RIFF", "not WAV or FLAC", id="4 bytes"),
        pytest.param(bytes(4096), "not WAV or FLAC", id="zeros"),
        pytest.param(RNG.bytes(4096), "not WAV or FLAC", id="noise"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + RNG.bytes(99), "not WAV or FLAC", id="image"),
        pytest.param(b"RIFF\0\0\0\0AVI LIST" + RNG.bytes(99), "not WAV or FLAC", id="AVI"),
        pytest.param(wav(noise())[:12] + RNG.bytes(999), "at byte 12", id="damaged chunks"),
        pytest.param(wav(noise())[:30], r"b'fmt ' at byte 12", id="cut off in the header"),
        pytest.param(
            wav(noise())[: 44 + 4 * 12_345],
            r"cut off at 0\.257 s \(frame 12345\)",
            id="WAV cut off",
        ),
        pytest.param(wav(noise())[:-1], r"cut off at 1\.000 s \(frame 47999\)", id="a byte short"),
        pytest.param(
            wav(noise(), after=b"LIST\x10\0\0\0INFO"), "cut off in the chunk", id="tag cut off"
        ),
        pytest.param(flac(noise())[:-1], r"after 0\.\d+ s \(frame \d+\)", id="FLAC a byte short"),
        pytest.param(flac(noise())[:60_000], r"after 0\.\d+ s \(frame \d+\)", id="FLAC cut off"),
        pytest.param(
            flac(noise(), 0)[:60_000], r"after 0\.\d+ s \(frame \d+\)", id="FLAC cut off, streamed"
        ),
        pytest.param(flac(noise(), FRAMES + 1), r"frame 48000\)", id="FLAC short of its claim"),
    ],
)
def test_damage_is_reported_with_what_and_where(tmp_path: Path, content: bytes, what: str) -> None:
    with pytest.raises(UnreadableAudio, match=what) as caught:
        decoded(tmp_path, content)
    assert caught.value.message.startswith("take.wav: ")


@pytest.mark.parametrize("bits", [0x01, 0xFF])
@pytest.mark.parametrize("where", [0.1, 0.5, 0.9])
def test_a_flipped_bit_in_a_flac_is_noticed(tmp_path: Path, bits: int, where: float) -> None:
    content = bytearray(flac(noise()))
    content[int(len(content) * where)] ^= bits
    with pytest.raises(UnreadableAudio, match=r"damaged or cut off after \d\.\d+ s \(frame \d+\)"):
        decoded(tmp_path, bytes(content))


@pytest.mark.parametrize("missing", [1, 2])
def test_a_flac_cut_between_two_of_its_frames_is_noticed(tmp_path: Path, missing: int) -> None:
    # The decoder itself sees nothing wrong here: the stream just ends.
    block = 4096
    whole = flac(noise(frames=4 * block))
    part = flac(noise(frames=(4 - missing) * block), 4 * block)
    assert len(part) < len(whole)
    with pytest.raises(UnreadableAudio, match=rf"cut off .*frame {(4 - missing) * block}\)"):
        decoded(tmp_path, part)


@pytest.mark.parametrize(("container", "subtype"), [("OGG", "VORBIS"), ("AIFF", "PCM_16")])
def test_other_audio_under_a_wav_name_is_named(
    tmp_path: Path, container: str, subtype: str
) -> None:
    soundfile.write(tmp_path / "take.wav", noise().T, 48_000, format=container, subtype=subtype)
    with pytest.raises(UnreadableAudio, match=f"holds {container}"):
        decode(tmp_path / "take.wav", 1)


def test_compressed_wav_is_refused_by_name(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "take.wav", noise().T, 48_000, subtype="IMA_ADPCM")
    with pytest.raises(UnreadableAudio, match="WAV encoding 0x0011"):
        decode(tmp_path / "take.wav", 1)


def test_a_file_that_cannot_be_opened_fails_alone(tmp_path: Path) -> None:
    with pytest.raises(UnreadableAudio, match=r"gone\.wav: cannot be read \(No such file"):
        decode(tmp_path / "gone.wav", 1)
    with pytest.raises(UnreadableAudio, match="Is a directory"):
        decode(tmp_path, 1)


# --- NaN and infinities


@pytest.mark.parametrize(
    ("subtype", "bad", "frame"),
    [("FLOAT", np.nan, 0), ("DOUBLE", np.inf, 70_000), ("FLOAT", -np.inf, 95_999)],
)
def test_the_first_sample_that_is_no_number_is_named(
    tmp_path: Path, subtype: str, bad: float, frame: int
) -> None:
    samples = noise(2, 96_000)
    samples[1, frame] = bad
    samples[:, frame + 1 :] = np.nan
    soundfile.write(tmp_path / "take.wav", samples.T, 48_000, subtype=subtype)
    place = rf"take\.wav: sample {bad} at {frame / 48_000:.3f} s \(frame {frame}\), channel 2"
    with pytest.raises(NonFiniteAudio, match=place):
        decode(tmp_path / "take.wav", 1)


# --- the limit comes before the decoding


def test_the_length_limit_holds_before_anything_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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
    content = flac(np.zeros((1, FRAMES * 3), np.float32), claimed)
    assert decoded(tmp_path, content, minutes=3 / 60).samples.shape == (1, FRAMES * 3)
    with pytest.raises(TooLong):
        decoded(tmp_path, content, minutes=2.9 / 60)


def test_a_flac_of_unknown_length_is_not_decoded_past_the_limit(tmp_path: Path) -> None:
    content = flac(np.zeros((1, FRAMES * 60), np.float32), 0)
    with pytest.raises(TooLong, match=r"at least 0\.0 minutes"):
        decoded(tmp_path, content, minutes=0.01)


def test_a_wrong_header_does_not_make_a_file_long(tmp_path: Path) -> None:
    # 0xFFFFFFFF bytes would be more than six hours.
    assert decoded(tmp_path, wav(noise(), 0xFFFF_FFFF), minutes=1 / 60).duration == 1.0


def test_too_many_channels_are_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "take.wav", noise(7, 99).T, 48_000)
    with pytest.raises(UnreadableAudio, match="7 channels; 1 to 6 are supported"):
        decode(tmp_path / "take.wav", 1)


# --- headers that lie


@pytest.mark.parametrize(
    "claimed",
    [
        pytest.param(0, id="0"),
        pytest.param(0xFFFF_FFFF, id="ffmpeg"),
        pytest.param(0xFFFF_FFFF - 36, id="unsigned less the header"),
        pytest.param(0x7FFF_FFFF, id="signed"),
        pytest.param(0x7FFF_FFFF - 36, id="signed less the header"),
        pytest.param(0x7FFF_F000, id="SoX"),
        pytest.param(0x8000_0000, id="arecord"),
        pytest.param(4 * 100, id="stale"),
    ],
)
def test_all_audio_is_read_whatever_size_the_header_claims(tmp_path: Path, claimed: int) -> None:
    samples = noise()
    audio = decoded(tmp_path, wav(samples, claimed))
    np.testing.assert_allclose(audio.samples, samples, rtol=0, atol=2**-15)


def test_audio_that_reads_like_a_chunk_is_audio(tmp_path: Path) -> None:
    """The bytes after the claimed end are printable, but no chunk of that length is there."""
    samples = noise()
    samples[:, 100:102] = np.frombuffer(b"Q7j-zzzz", "<i2").reshape(2, 2).T / 32_768
    audio = decoded(tmp_path, wav(samples, 4 * 100))
    np.testing.assert_allclose(audio.samples, samples, rtol=0, atol=2**-15)


def test_the_riff_size_decides_nothing(tmp_path: Path) -> None:
    for riff in (0, 44, 0xFFFF_FFFF):
        content = bytearray(wav(noise()))
        content[4:8] = struct.pack("<I", riff)
        assert decoded(tmp_path, bytes(content)).samples.shape == (2, FRAMES)


def test_a_streamed_flac_is_read_to_its_end(tmp_path: Path) -> None:
    samples = noise(frames=100_001)
    audio = decoded(tmp_path, flac(samples, 0), "take.flac")
    np.testing.assert_allclose(audio.samples, samples, rtol=0, atol=2**-15)


@pytest.mark.parametrize("claimed", [FRAMES * 4 + 1, FRAMES * 8, 0x7000_0000, 0xF000_0000])
def test_a_plausible_size_larger_than_the_file_is_a_file_cut_off(
    tmp_path: Path, claimed: int
) -> None:
    with pytest.raises(UnreadableAudio, match="cut off"):
        decoded(tmp_path, wav(noise(), claimed))


# --- over full scale


@pytest.mark.parametrize("encode", [encode_wav, encode_flac16])
def test_samples_over_full_scale_are_kept_at_decode_and_clamped_at_encode(
    tmp_path: Path, encode: Callable[[Audio], bytes]
) -> None:
    samples = np.array([[0.25, 1.0, 1.5, -1.0, -1.5, 3e38, -3e38]], np.float32)
    soundfile.write(tmp_path / "take.wav", samples.T, 48_000, subtype="FLOAT")
    audio = decode(tmp_path / "take.wav", 1)
    np.testing.assert_array_equal(audio.samples, samples)
    bits = 24 if encode is encode_wav else 16
    top = 1 - 2.0 ** (1 - bits)
    assert decoded(tmp_path, encode(audio)).samples.tolist() == [
        [0.25, top, top, -top, -top, top, -top]
    ]


# --- names that could meet


def test_every_render_has_its_own_id_and_output(tmp_path: Path) -> None:
    paths = ["a/b.wav", "a__b.wav", "a-b.wav", "c/b.wav", "x.wav", "x.flac", "X.wav", "y.WAV"]
    for path in paths:
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(b"")
    found = discover(tmp_path).renders
    assert sorted(render.path for render in found) == sorted(paths)
    assert len({render.id for render in found}) == len(paths)
    assert len({render.output.casefold() for render in found}) == len(paths)


# --- names that could break something

NAMES = [
    "with space.wav",
    "'single' \"double\" `back`.wav",
    "été 日本語 🎙.wav",
    "-rf.wav",
    "--help.wav",
    "<script>alert(1)<&#47;script>.wav",
    "a" * 200 + ".wav",
    "%2e%2e%2fetc.wav",
    "..wav.wav",
    "$(touch pwned);.wav",
    "new\nline.wav",
    "back\\slash.wav",
    "CON.wav",
    "?#&.wav",
]


def test_any_name_is_found_decoded_and_given_a_safe_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    for name in NAMES:
        (raw / name).write_bytes(wav(noise(frames=10)))
    monkeypatch.chdir(raw)
    names = [name for name in NAMES if not name.startswith(".")]
    found = discover(raw)
    assert sorted(render.path for render in found.renders) == sorted(names)
    for render in found.renders:
        assert decode(Path(render.path), 1).samples.shape == (2, 10)
        assert render.id.isascii()
        assert set(render.id) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
        (tmp_path / "out").mkdir(exist_ok=True)
        (tmp_path / "out" / render.output).write_bytes(b"")
    assert len(list((tmp_path / "out").iterdir())) == len(names)
    assert sorted(os.listdir(tmp_path)) == ["out", "raw"]


def test_a_name_that_is_not_unicode_is_skipped_with_a_warning(tmp_path: Path) -> None:
    for name in (b"good.wav", b"bad\xff.wav"):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(b"")
    os.mkdir(os.fsencode(tmp_path) + b"/\xfe")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xfe/x.wav")).write_bytes(b"")
    found = discover(tmp_path)
    assert [render.path for render in found.renders] == ["good.wav"]
    assert found.warnings == (
        "\\udcfe/x.wav: the name is not valid UTF-8; skipped",
        "bad\\udcff.wav: the name is not valid UTF-8; skipped",
    )


# --- links


def test_loops_and_links_out_of_the_folder_are_skipped_with_a_warning_each(tmp_path: Path) -> None:
    raw, outside = tmp_path / "raw", tmp_path / "outside"
    for path in (raw / "x.wav", raw / "inner" / "y.wav", outside / "secret.wav"):
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
    found = discover(raw)
    assert [render.path for render in found.renders] == ["inner/y.wav", "x.wav"]
    assert [render.script for render in found.renders] == [None, None]
    assert found.warnings == (
        "gone.wav: a link to nothing; skipped",
        "inner/round: a link that loops back to a folder above it; skipped",
        "out.wav: a link that leads out of the folder; skipped",
        "outdoors: a link that leads out of the folder; skipped",
        "self.wav: a link that loops; skipped",
        "twin.wav: a link to something the batch holds already; skipped",
        "up: a link that loops back to a folder above it; skipped",
        "x.txt: a link that leads out of the folder; skipped",
    )


def test_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "x.wav").write_bytes(b"")
    os.mkfifo(tmp_path / "pipe.wav")
    found = discover(tmp_path)
    assert [render.path for render in found.renders] == ["x.wav"]
    assert found.warnings == ("pipe.wav: not a regular file; skipped",)
