"""Every format in, the same samples out; lengths, alignment and the clamp hold exactly."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from stemsilver import signals
from stemsilver.audio import decode, encode_flac16, encode_wav, resample
from stemsilver.errors import ItemError, StageError, UnreadableAudio
from stemsilver.records import Audio, Samples

RNG = np.random.default_rng(7)


def noise(channels: int = 2, frames: int = 1000, level: float = 0.1) -> Samples:
    return (RNG.standard_normal((channels, frames)) * level).astype(np.float32)


def tone(frequency: float, rate: int, frames: int) -> NDArray[np.float64]:
    return np.sin(2 * np.pi * frequency * np.arange(frames) / rate)


def decoded(folder: Path, content: bytes) -> Samples:
    (folder / "x.wav").write_bytes(content)
    return decode(folder / "x.wav", 1).samples


# --- decode


@pytest.mark.parametrize(
    ("container", "subtype", "tolerance", "channels", "rate"),
    [
        ("WAV", "PCM_U8", 2**-7, 1, 8000),
        ("WAV", "PCM_16", 2**-15, 2, 11_025),
        ("WAV", "PCM_24", 2**-23, 5, 22_050),
        ("WAV", "PCM_32", 2**-23, 6, 44_100),
        ("WAV", "FLOAT", 0, 1, 48_000),
        ("WAV", "DOUBLE", 0, 2, 96_000),
        ("WAV", "ULAW", 0.02, 1, 8000),
        ("WAV", "ALAW", 0.02, 2, 8000),
        ("WAVEX", "PCM_24", 2**-23, 6, 192_000),
        ("FLAC", "PCM_S8", 2**-7, 6, 11_025),
        ("FLAC", "PCM_24", 2**-23, 2, 192_000),
    ],
)
def test_formats(
    tmp_path: Path, container: str, subtype: str, tolerance: float, channels: int, rate: int
) -> None:
    samples = np.clip(noise(channels, 70_000), -0.9, 0.9)  # longer than one block
    path = tmp_path / "x.wav"
    soundfile.write(path, samples.T, rate, format=container, subtype=subtype)
    audio = decode(path, 1)
    assert (audio.rate, audio.samples.dtype) == (rate, np.float32)
    assert audio.samples.flags.c_contiguous
    np.testing.assert_allclose(audio.samples, samples, rtol=0, atol=tolerance, strict=True)
    reference, _ = soundfile.read(path, dtype="float32", always_2d=True)
    np.testing.assert_array_equal(audio.samples.T, reference)


@pytest.mark.parametrize(("name", "container"), [("x.wav", "FLAC"), ("x.flac", "WAV")])
def test_bytes_decide_not_the_name_and_one_sample_is_audio(
    tmp_path: Path, name: str, container: str
) -> None:
    soundfile.write(tmp_path / name, np.array([0.5]), 8000, format=container)
    assert decode(tmp_path / name, 1).samples.tolist() == [[0.5]]


def test_tags_before_a_flac_are_passed_over(tmp_path: Path) -> None:
    tag = b"ID3\x03\0\0\0\0\0\x0a" + bytes(10)
    flac = encode_flac16(Audio(noise(), 16_000))
    assert decoded(tmp_path, tag + flac + b"TAG" * 40).shape == (2, 1000)


def chunk(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def riff(chunks: bytes) -> bytes:
    return chunk(b"RIFF", b"WAVE" + chunks)


def layout(**change: int) -> bytes:
    standard = {"tag": 1, "channels": 2, "rate": 8000, "speed": 0, "width": 4, "bits": 16}
    return chunk(b"fmt ", struct.pack("<HHIIHH", *(standard | change).values()))


@pytest.mark.parametrize("padded", [True, False])
def test_chunks_around_the_audio_are_not_audio(tmp_path: Path, padded: bool) -> None:
    body = bytes(RNG.integers(0, 256, 101, dtype=np.uint8))
    data = chunk(b"JUNK", b"123") + layout(channels=1, width=1, bits=8) + chunk(b"data", body)
    data = data if padded else data[:-1]
    expected = (np.frombuffer(body, np.uint8).astype(np.float32) - 128) / 128
    found = decoded(tmp_path, riff(data + chunk(b"LIST", b"INFOISFT\0\0\0\0")))
    np.testing.assert_array_equal(found, expected[None])


def test_rf64_keeps_its_size_apart(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    samples = noise()
    soundfile.write(path, samples.T, 8000, format="RF64", subtype="PCM_16")
    content = bytearray(path.read_bytes())
    assert content.count(b"ds64") == content.count(b"data") == 1
    at = content.index(b"data") + 4
    content[at : at + 4] = b"\xff" * 4
    found = decoded(tmp_path, content + chunk(b"LIST", b"INFOISFT"))
    np.testing.assert_allclose(found, samples, rtol=0, atol=2**-15, strict=True)
    with pytest.raises(UnreadableAudio, match=r"frame 975\)"):
        decoded(tmp_path, content[:-100])


def test_a_partial_last_frame_is_dropped(tmp_path: Path) -> None:
    assert decoded(tmp_path, riff(layout() + chunk(b"data", bytes(42)))).shape == (2, 10)


AUDIO = chunk(b"data", bytes(72))


@pytest.mark.parametrize(
    ("chunks", "reason"),
    [
        (layout(tag=0xFF) + AUDIO, "a WAV file with AAC, which is not read"),
        (layout(channels=0) + AUDIO, "0 channels"),
        (layout(channels=7, width=14) + AUDIO, "7 channels; 1 to 6"),
        (layout(rate=7999) + AUDIO, "7999 Hz; 8000 to 192000"),
        (layout(rate=192_001) + AUDIO, "192001 Hz"),
        (layout(width=3) + AUDIO, "16 bits in 2 channels take 4 bytes a frame, not 3"),
        (chunk(b"fmt ", bytes(14)) + AUDIO, "takes 14 bytes, too few"),
        (AUDIO, "byte 12 before any format"),
    ],
)
def test_headers_that_are_not_supported_say_why(tmp_path: Path, chunks: bytes, reason: str) -> None:
    with pytest.raises(UnreadableAudio, match=reason):
        decoded(tmp_path, riff(chunks))


@given(st.data())
@settings(max_examples=60)
def test_no_damage_ends_in_anything_but_audio_or_an_item_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    buffer = io.BytesIO()
    container = data.draw(st.sampled_from(["WAV", "WAVEX", "RF64", "FLAC"]))
    samples = np.linspace(-0.5, 0.5, 600).reshape(300, 2)
    soundfile.write(buffer, samples, 8000, format=container, subtype="PCM_16")
    content = bytearray(buffer.getvalue())
    places = st.integers(0, min(len(content), 120) - 1)
    damage = st.dictionaries(places, st.integers(0, 255), min_size=1, max_size=4)
    for place, byte in data.draw(damage).items():
        content[place] = byte
    path = tmp_path_factory.mktemp("damage") / "x.wav"
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        audio = decode(path, 1)
    except ItemError as error:
        assert error.message.startswith("x.wav: ")
    else:
        assert audio.samples.shape[1] > 0
        assert np.isfinite(audio.samples).all()


# --- resample

RATES = [8000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000, 96_000]


def faded_tone(frequency: float, rate: int, seconds: float = 0.25) -> NDArray[np.float64]:
    # Sampled from one continuous signal, so that every rate has its own exact samples of it.
    frames = round(seconds * rate)
    return tone(frequency, rate, frames) * tone(0.5 / seconds, rate, frames) ** 4


def error(found: NDArray[Any], expected: NDArray[Any]) -> float:
    return float(np.sqrt(np.mean((found - expected) ** 2) / np.mean(expected**2)))


@pytest.mark.parametrize("rate", RATES)
def test_resampling_keeps_every_moment_in_its_place(rate: int) -> None:
    source = faded_tone(1900.0, rate)[None].astype(np.float32)
    for rate_out in RATES:
        expected = faded_tone(1900.0, rate_out)
        got = resample(source, rate, rate_out, len(expected))[0]
        assert error(got, expected) < 1e-5, rate_out
    source = faded_tone(1000.0, 48_000)[None].astype(np.float32)
    back = resample(resample(source, 48_000, rate), rate, 48_000, source.shape[1])
    assert error(back, source) < 1e-6


def test_what_does_not_fit_below_the_new_limit_dies() -> None:
    high = tone(10_000, 48_000, 48_000)[None].astype(np.float32)
    low = resample(high, 48_000, 16_000)
    assert np.abs(low[:, 500:-500]).max() < 1e-6


@given(
    st.integers(1, 3),
    st.integers(1, 5000),
    st.sampled_from(RATES),
    st.sampled_from(RATES),
    st.none() | st.integers(1, 6000),
)
@settings(max_examples=60)
def test_lengths_are_exact(
    channels: int, frames: int, rate_in: int, rate_out: int, wanted: int | None
) -> None:
    out = resample(np.ones((channels, frames), np.float32), rate_in, rate_out, wanted)
    expected = max(1, round(frames * rate_out / rate_in)) if wanted is None else wanted
    assert out.shape == (channels, expected)
    assert out.dtype == np.float32
    assert out.flags.c_contiguous


def test_equal_rates_copy_and_fit() -> None:
    samples = noise(2, 5)
    same = resample(samples, 48_000, 48_000)
    np.testing.assert_array_equal(same, samples)
    assert not np.shares_memory(same, samples)
    assert resample(samples, 8000, 8000, 7)[:, 5:].tolist() == [[0, 0], [0, 0]]
    np.testing.assert_array_equal(resample(samples, 8000, 8000, 3), samples[:, :3])


def test_channels_are_resampled_each_alone_whatever_the_memory_layout() -> None:
    both = noise(2, 3000)
    out = resample(both, 44_100, 16_000)
    np.testing.assert_array_equal(out, resample(np.asfortranarray(both), 44_100, 16_000))
    alone = [resample(one[None], 44_100, 16_000)[0] for one in both]
    np.testing.assert_array_equal(out, alone)


# --- scale


@pytest.mark.parametrize(
    ("full_scale", "bits"), [(1, None), (4, None), (2**15, 16), (2**23, 24), (2**31, 32)]
)
def test_float_samples_scaled_like_integers_are_scaled_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full_scale: int, bits: int | None
) -> None:
    samples = np.clip(noise(2, 3000), -1, 1)
    samples[0, 1000] = 1
    path = tmp_path / "x.wav"
    soundfile.write(path, samples.T * np.float32(full_scale), 8000, subtype="FLOAT")
    audio = decode(path, 1)
    expected = samples if bits else samples * np.float32(full_scale)
    np.testing.assert_array_equal(audio.samples, expected)
    said = f"scaled like {bits}-bit integers; divided by {full_scale}."
    assert [said in note for note in audio.notes] == [True] * bool(bits)
    monkeypatch.setattr(signals, "STRETCH", 1000)
    np.testing.assert_array_equal(decode(path, 1, tmp_path).array, expected)


# --- encode


@pytest.mark.parametrize(
    ("encode", "bits", "channels"),
    [
        (partial(encode_wav, bits=16), 16, 1),
        (encode_wav, 24, 2),
        (partial(encode_wav, bits=16), 16, 5),
        (encode_wav, 24, 6),
        (encode_flac16, 16, 2),
    ],
)
def test_a_signal_comes_back_bit_for_bit(
    tmp_path: Path, encode: Callable[[Audio], bytes], bits: int, channels: int
) -> None:
    full = 2 ** (bits - 1)
    steps = RNG.integers(1 - full, full, (channels, 70_000))  # longer than one block
    steps[0, :2] = 1 - full, full - 1
    audio = Audio((steps / full).astype(np.float32), 44_100)
    data = encode(audio)
    assert data == encode(Audio(np.asfortranarray(audio.samples), 44_100))
    np.testing.assert_array_equal(decoded(tmp_path, data), audio.samples)
    info = soundfile.info(tmp_path / "x.wav")
    assert (info.subtype, info.samplerate, info.frames) == (f"PCM_{bits}", 44_100, 70_000)


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (44_100, 2), (22_222, 3)])
def test_the_parts_of_a_long_flac_can_be_found_and_decoded_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rate: int, channels: int
) -> None:
    audio = Audio(decoded(tmp_path, encode_flac16(Audio(noise(channels, 25 * rate), rate))), rate)
    short = encode_flac16(audio)
    monkeypatch.setattr(signals, "STRETCH", audio.samples.size - 1)
    data = encode_flac16(audio)
    np.testing.assert_array_equal(decoded(tmp_path, data), audio.samples)
    # A point every ten seconds, behind the first block of 42 bytes; all else is as in a short file.
    assert data[42:46] == b"\3" + (3 * 18).to_bytes(3, "big")
    assert data[:42] + data[46 + 54 :] == short
    points = [struct.unpack_from(">QQH", data, 46 + 18 * index) for index in range(3)]
    first = short.index(b"\xff\xf8", 42) + 4 + 54
    edges = [(sample, first + offset) for sample, offset, _ in points]
    for (start, here), (stop, there) in pairwise([*edges, (25 * rate, len(data))]):
        alone = data[:4] + b"\x80" + data[5:21] + bytes([data[21] & 240]) + bytes(20)
        part = decoded(tmp_path, alone + data[here:there])
        np.testing.assert_array_equal(part, audio.samples[:, start:stop])
    assert all(abs(start - 10 * rate * index) < 4608 for index, (start, _) in enumerate(edges))


def test_wav_says_where_the_loudspeakers_are() -> None:
    assert struct.unpack("<I", encode_wav(Audio(noise(6), 48_000))[40:44]) == (0x3F,)
    assert encode_wav(Audio(noise(2), 48_000))[20:22] == b"\1\0"


def test_rounding_is_to_the_nearest_step() -> None:
    samples = np.array([[0.4, 0.6, -0.4, -0.6]], np.float32) / np.float32(2**15)
    data = encode_wav(Audio(samples, 8000), 16)
    assert np.frombuffer(data[44:], "<i2").tolist() == [0, 1, 0, -1]


@pytest.mark.parametrize(("encode", "bad"), [(encode_wav, np.nan), (encode_flac16, -np.inf)])
def test_what_no_file_can_hold_is_refused(encode: Callable[[Audio], bytes], bad: float) -> None:
    samples = noise(2, 70_000)
    samples[1, 69_999] = bad
    with pytest.raises(StageError, match=r"frame 69999\), channel 2"):
        encode(Audio(samples, 8000))
    with pytest.raises(StageError, match="no frames"):
        encode(Audio(samples[:, :0], 8000))
    with pytest.raises(StageError, match="700000 Hz in 1 channels"):
        encode_flac16(Audio(noise(1), 700_000))
