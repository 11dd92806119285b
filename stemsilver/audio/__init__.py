"""Decode, resample and encode audio files.

Neither the file name nor the header is trusted: the length is measured, every sample is checked to
be finite, and a truncated file is refused instead of silently shortened. Audio is `float32` of
shape `(channels, frames)`, full scale at ±1.
"""

from stemsilver.audio.decoding import decode, validated
from stemsilver.audio.encoding import encode_flac16, encode_wav, write_flac16, write_wav
from stemsilver.audio.resampling import resample, resample_blocks, resampled_length

__all__ = [
    "decode",
    "encode_flac16",
    "encode_wav",
    "resample",
    "resample_blocks",
    "resampled_length",
    "validated",
    "write_flac16",
    "write_wav",
]
