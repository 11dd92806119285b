"""Decode, resample and encode audio files.

Neither the file name nor the header is trusted: the length is measured, every sample is checked to
be finite, and a truncated file is refused instead of silently shortened. Audio is `float32` of
shape `(channels, frames)`, full scale at ±1.

libsndfile decodes the samples, but it trusts the WAV header and does not report a truncated file.
Therefore this module parses the RIFF chunks itself (Microsoft, *Multimedia Programming Interface
and Data Specifications 1.0*; EBU Tech 3306 for RF64).
"""

from __future__ import annotations

import io
import os
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
import soundfile
import soxr

from stemsilver.errors import (
    EmptyAudio,
    ItemError,
    NonFiniteAudio,
    StageError,
    TooLong,
    UnreadableAudio,
)
from stemsilver.records import Audio, Samples

_RATES = range(8_000, 192_001)
_CHANNELS = range(1, 7)
_BLOCK = 65_536  # frames decoded at a time

# (format tag, bytes per sample) → libsndfile's name of the encoding.
_WAV_ENCODINGS = {
    (1, 1): "PCM_U8",
    (1, 2): "PCM_16",
    (1, 3): "PCM_24",
    (1, 4): "PCM_32",
    (3, 4): "FLOAT",
    (3, 8): "DOUBLE",
    (6, 1): "ALAW",
    (7, 1): "ULAW",
}
_EXTENSIBLE = 0xFFFE

# A streaming writer cannot return to the header, so it writes a placeholder for the unknown size:
# about the largest signed or unsigned 32-bit number, less its own header or rounded to pages
# (ffmpeg 0xFFFFFFFF, SoX 0x7FFFF000, arecord 0x80000000). Real sizes in these ranges are rare.
# Any other size larger than the file means that the file was truncated.
_STREAMED = (range(0x7FFF_0000, 0x8001_0000), range(0xFFFF_0000, 0x1_0000_0000))

# Chunks that writers put after the audio. Four bytes of audio are printable ASCII once in fifty
# times, so only one of these names shows that a chunk was truncated there.
_KNOWN_CHUNK = re.compile(
    b"LIST|fact|cue |plst|smpl|inst|bext|iXML|axml|chna|cart|levl|link|umid|ubxt|mext|id3 |ID3 |"
    b"_PMX|acid|strc|afsp|AFAn|JUNK|junk|PAD |FLLR|PEAK|DISP|minf|elm1|regn|SNDM|LGWV|ResU"
)


@dataclass(frozen=True)
class _Source:
    """An open, measured file. `blocks` yields its samples, each block (frames, channels)."""

    rate: int
    channels: int
    frames: int
    blocks: Iterator[Samples]


def decode(path: Path, max_minutes: float) -> Audio:
    """Decode a WAV or FLAC file.

    Samples over full scale are kept. A streamed WAV, whose header states the size 0 or a
    placeholder, is read to the end of the file. The limit is checked before samples are stored.
    Raises `EmptyAudio`, `UnreadableAudio`, `NonFiniteAudio` or `TooLong`. The message names the
    file, the fault and its position.
    """
    try:
        with path.open("rb") as file:
            return _decode(file, max_minutes)
    except OSError as error:
        raise UnreadableAudio(f"{path.name}: cannot be read ({error.strerror})") from error
    except ItemError as error:
        raise type(error)(f"{path.name}: {error.message}") from error.__cause__


def validated(audio: Audio) -> Audio:
    """Validate `audio` and return it unchanged.

    Raises `UnreadableAudio` for an unsupported shape, type or rate, `EmptyAudio` for no frames,
    `NonFiniteAudio` for NaN or infinite samples.
    """
    samples = audio.samples
    if samples.ndim != 2 or samples.dtype != np.float32:
        raise UnreadableAudio(
            f"samples are float32 of shape (channels, frames), not {samples.dtype} of shape "
            f"{samples.shape}"
        )
    if audio.rate not in _RATES or len(samples) not in _CHANNELS:
        raise UnreadableAudio(f"{audio.rate} Hz in {len(samples)} channels is not supported")
    if samples.size == 0:
        raise EmptyAudio("the signal has no frames")
    _check_finite(samples.T, 0, audio.rate, NonFiniteAudio)
    return audio


def resample(samples: Samples, rate_in: int, rate_out: int, frames: int | None = None) -> Samples:
    """Resample from `rate_in` to `rate_out` Hz (libsoxr, VHQ).

    Shape: (channels, n) → (channels, `frames`). The default of `frames` is
    round(n · rate_out / rate_in), at least 1. Frame k of the output is at k / rate_out seconds:
    the filter has linear phase and its delay is compensated. The end is cut or zero-padded.

    >>> resample(np.ones((2, 480), np.float32), 48_000, 16_000).shape
    (2, 160)
    """
    if frames is None:
        frames = max(1, round(samples.shape[1] * rate_out / rate_in))
    if rate_in != rate_out:
        samples = soxr.resample(samples.astype(np.float32).T, rate_in, rate_out, "VHQ").T
    fitted = np.zeros((samples.shape[0], frames), np.float32)
    kept = min(frames, samples.shape[1])
    fitted[:, :kept] = samples[:, :kept]
    return fitted


def mono(samples: Samples) -> Samples:
    """Return the mean of the channels. Shape: (channels, frames) → (1, frames)."""
    mean: Samples = samples.mean(axis=0, keepdims=True, dtype=np.float32)
    return mean


def to_channels(samples: Samples, channels: int) -> Samples:
    """Convert to `channels` channels. Shape: (any, frames) → (channels, frames).
    If the count differs, every output channel is the mean of the input channels.
    """
    if samples.shape[0] == channels:
        return samples
    return np.repeat(mono(samples), channels, axis=0)


def encode_wav(audio: Audio, bits: Literal[16, 24] = 24) -> bytes:
    """Encode a PCM WAV file. Samples are clamped to ±(1 - 1 LSB).

    Samples from PCM of at most `bits` are bit-exact, except -1, which the clamp moves by 1 LSB.
    Raises `StageError` if there are no samples, or one is not finite.
    """
    # More than two channels need the extensible header, which gives the loudspeaker positions.
    container = "WAV" if audio.samples.shape[0] <= 2 else "WAVEX"
    return _encode(audio, container, bits)


def encode_flac16(audio: Audio) -> bytes:
    """Encode a 16-bit FLAC file, clamped as in `encode_wav`; equal samples give equal bytes.
    Raises `StageError` as `encode_wav` does, or if FLAC does not support the rate.
    """
    return _encode(audio, "FLAC", 16)


def _encode(audio: Audio, container: str, bits: int) -> bytes:
    channels, frames = audio.samples.shape
    if not audio.samples.size:
        raise StageError("nothing to encode: the signal has no frames")
    # libsndfile multiplies floats by 2^(bits - 1) - 1 on writing but divides by 2^(bits - 1) on
    # reading, which would change every sample of an unprocessed file. Integers are not scaled.
    full_scale = np.float32(2 ** (bits - 1))
    top = 1 - 1 / full_scale
    buffer = io.BytesIO()
    try:
        with soundfile.SoundFile(
            buffer, "w", audio.rate, channels, f"PCM_{bits}", format=container
        ) as file:
            for start in range(0, frames, _BLOCK):
                block = audio.samples[:, start : start + _BLOCK].T
                _check_finite(block, start, audio.rate, StageError)
                steps = np.rint(np.clip(block, -top, top) * full_scale).astype(np.int32)
                file.write(steps << (32 - bits))
    except soundfile.LibsndfileError as error:
        raise StageError(
            f"{audio.rate} Hz in {channels} channels cannot be written as {container}: "
            f"{error.error_string}"
        ) from error
    return buffer.getvalue()


def _decode(file: BinaryIO, max_minutes: float) -> Audio:
    size = os.fstat(file.fileno()).st_size
    if size == 0:
        raise EmptyAudio("the file has 0 bytes")
    magic = file.read(12)
    if magic[:4] in (b"RIFF", b"RF64") and magic[8:] == b"WAVE":
        source = _open_wav(file, size)
    else:
        source = _open_flac(file, max_minutes)
    if source.rate not in _RATES:
        raise UnreadableAudio(f"{source.rate} Hz; 8000 to 192000 Hz are supported")
    if source.channels not in _CHANNELS:
        raise UnreadableAudio(f"{source.channels} channels; 1 to 6 are supported")
    if source.frames > max_minutes * 60 * source.rate:
        minutes = source.frames / source.rate / 60
        raise TooLong(f"at least {minutes:.1f} minutes long; the limit is {max_minutes:g}")
    samples = np.empty((source.channels, source.frames), np.float32)
    done = 0
    for block in source.blocks:
        _check_finite(block, done, source.rate, NonFiniteAudio)
        samples[:, done : done + len(block)] = block.T
        done += len(block)
    if done == 0:
        raise EmptyAudio("the file has a header but no audio")
    if done < source.frames:
        raise UnreadableAudio(
            f"cut off at {_place(done, source.rate)}; the header claims {source.frames} frames"
        )
    return Audio(samples, source.rate)


def _check_finite(
    block: Samples, offset: int, rate: int, error: type[NonFiniteAudio] | type[StageError]
) -> None:
    """Raise `error` for the first bad sample. Shape: (frames, channels), `offset` in frames."""
    finite = np.isfinite(block)
    if not finite.all():
        frame, channel = np.argwhere(~finite)[0]
        raise error(
            f"sample {block[frame, channel]} at {_place(offset + int(frame), rate)}, "
            f"channel {channel + 1}"
        )


def _place(frame: int, rate: int) -> str:
    return f"{frame / rate:.3f} s (frame {frame})"


# --- FLAC


class _Stream(soundfile.SoundFile):  # type: ignore[misc]  # soundfile has no types
    """A FLAC file read sequentially: soundfile seeks after every read of a seekable file. At the
    end of a FLAC of unknown length that fails, and in every other FLAC it costs a search.
    """

    def seekable(self) -> bool:
        return False


def _open_flac(file: BinaryIO, max_minutes: float) -> _Source:
    file.seek(0)
    try:
        with _Stream(file) as flac:
            rate, channels, frames, kind = flac.samplerate, flac.channels, flac.frames, flac.format
    except soundfile.LibsndfileError as error:
        raise UnreadableAudio(f"not WAV or FLAC, or damaged: {error.error_string}") from error
    if kind != "FLAC":
        raise UnreadableAudio(f"holds {kind}, not WAV or FLAC")
    # The length in STREAMINFO has 36 bits. 0 means unknown; libsndfile reports a larger value.
    if frames >= 2**36:
        frames = 0
        for block in _flac_blocks(file, None):
            frames += len(block)
            if frames > max_minutes * 60 * rate:
                break
    return _Source(rate, channels, frames, _flac_blocks(file, frames))


def _flac_blocks(file: BinaryIO, frames: int | None) -> Iterator[Samples]:
    done = 0
    file.seek(0)
    with _Stream(file) as flac:
        while frames is None or done < frames:
            wanted = _BLOCK if frames is None else min(_BLOCK, frames - done)
            try:
                block = flac.read(wanted, dtype="float32", always_2d=True)
            except soundfile.LibsndfileError as error:
                raise UnreadableAudio(
                    f"damaged or cut off after {_place(done, flac.samplerate)}: "
                    f"{error.error_string}"
                ) from error
            if not len(block):
                return
            yield block
            done += len(block)


# --- WAV


@dataclass(frozen=True)
class _Layout:
    """The `fmt ` chunk of a WAV file. `width` is in bytes per frame."""

    rate: int
    channels: int
    width: int
    encoding: str


def _open_wav(file: BinaryIO, size: int) -> _Source:
    layout: _Layout | None = None
    real_size: int | None = None
    position = 12
    while position + 8 <= size:
        kind, claimed = _chunk(file, position)
        body = position + 8
        if kind == b"data":
            if layout is None:
                raise UnreadableAudio(f"audio at byte {position} before any format")
            if claimed == 0xFFFF_FFFF and real_size is not None:
                claimed = real_size
            end = _data_end(file, body, claimed, size, layout)
            frames = (end - body) // layout.width
            blocks = _wav_blocks(file, body, frames, layout)
            return _Source(layout.rate, layout.channels, frames, blocks)
        if body + claimed > size:
            raise UnreadableAudio(
                f"damaged or cut off: the chunk {kind!r} at byte {position} claims {claimed} "
                f"bytes, {size - body} are left"
            )
        if kind == b"fmt ":
            layout = _layout(file.read(claimed))
        elif kind == b"ds64":  # RF64: sizes too large for 32 bits
            real_size = int.from_bytes(file.read(claimed)[8:16], "little")
        position = body + claimed + claimed % 2
    raise EmptyAudio("the file has a header but no audio")


def _chunk(file: BinaryIO, position: int) -> tuple[bytes, int]:
    file.seek(position)
    head = file.read(8)
    return head[:4], int.from_bytes(head[4:], "little")


def _layout(body: bytes) -> _Layout:
    if len(body) < 16:
        raise UnreadableAudio(f"its format takes {len(body)} bytes, too few")
    tag, channels, rate, _, width, bits = struct.unpack("<HHIIHH", body[:16])
    if tag == _EXTENSIBLE:
        tag = int.from_bytes(body[24:26], "little")
    sample = width // channels if channels and width % channels == 0 else 0
    encoding = _WAV_ENCODINGS.get((tag, sample))
    if encoding is None:
        raise UnreadableAudio(
            f"WAV encoding {tag:#06x} with {bits} bits, {channels} channels and {width} bytes a "
            "frame; PCM and floating point are supported"
        )
    return _Layout(rate, channels, width, encoding)


def _data_end(file: BinaryIO, start: int, claimed: int, size: int, layout: _Layout) -> int:
    """Return the byte position where the audio ends.

    If the claimed size is larger than the file, it is a placeholder (`_STREAMED`) or the file was
    truncated. A smaller claim is trusted if the file ends there or a chunk follows. Otherwise the
    header was written before the audio (usually with the size 0), and the rest is audio too.
    """
    held = size - start
    if held < layout.width:
        return start
    if claimed > held:
        if any(claimed in sizes for sizes in _STREAMED):
            return size
        raise UnreadableAudio(
            f"cut off at {_place(held // layout.width, layout.rate)}: the header claims "
            f"{claimed} bytes of audio, the file holds {held}"
        )
    end = start + claimed
    for tail in (end, end + claimed % 2):  # some writers omit the padding byte
        if size - tail < 8:
            return end
        kind, length = _chunk(file, tail)
        if kind.isascii() and kind.decode().isprintable() and tail + 8 + length <= size:
            return end
        if _KNOWN_CHUNK.fullmatch(kind):
            raise UnreadableAudio(f"cut off in the chunk {kind!r} at byte {tail}")
    return size


def _wav_blocks(file: BinaryIO, start: int, frames: int, layout: _Layout) -> Iterator[Samples]:
    file.seek(start)
    for left in range(frames, 0, -_BLOCK):
        data = file.read(min(left, _BLOCK) * layout.width)
        block, _ = soundfile.read(
            io.BytesIO(data),
            dtype="float32",
            always_2d=True,
            format="RAW",
            subtype=layout.encoding,
            channels=layout.channels,
            samplerate=layout.rate,
            endian="LITTLE",
        )
        yield block
