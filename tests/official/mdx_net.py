"""MDX-Nets as the Ultimate Vocal Remover publishes them: one ONNX file, `input` to `output`.

The file is written by hand, field by field (https://onnx.ai/onnx/repo-docs/IR.html), since ONNX's
own package would be needed for nothing else.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

NAME = "uvr-mdx-net-inst-hq-3"
BINS, WINDOWS = 3072, 256

FLOAT = 1
INTS = 7


def write(folder: Path) -> dict[str, Path]:
    """A network of the official shape that takes a third of everything for music."""
    path = folder / "uvr" / "UVR-MDX-NET-Inst_HQ_3.onnx"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(convolution(seed=0))
    return {NAME: path}


def scaled(gain: float) -> bytes:
    """A network that gives `gain` times what it is shown."""
    weights = gain * np.eye(4, dtype=np.float32)[:, :, None, None]
    return network(weights)


def convolution(seed: int) -> bytes:
    """A network that mixes neighbouring bins and windows, and the channels, at random."""
    rng = np.random.default_rng(seed)
    weights = rng.normal(0, 0.02, (4, 4, 5, 9)).astype(np.float32)
    weights[range(4), range(4), 2, 4] += 1 / 3
    return network(weights)


def network(weights: NDArray[np.float32], bins: int = BINS) -> bytes:
    """One convolution that keeps the shape. Shape: `weights` is (4, 4, height, width)."""
    halves = [size // 2 for size in weights.shape[2:]]
    node = (
        text(1, "input")
        + text(1, "kernel")
        + text(2, "output")
        + text(4, "Conv")
        + message(5, ints("kernel_shape", weights.shape[2:]))
        + message(5, ints("pads", [*halves, *halves]))
    )
    kernel = (
        b"".join(number(1, size) for size in weights.shape)
        + number(2, FLOAT)
        + text(8, "kernel")
        + field(9, weights.astype("<f4").tobytes())
    )
    graph = (
        message(1, node)
        + text(2, "mdx-net")
        + message(5, kernel)
        + message(11, spectrogram("input", bins))
        + message(12, spectrogram("output", bins))
    )
    opset = number(2, 13)
    return number(1, 8) + message(7, graph) + message(8, opset)


def spectrogram(name: str, bins: int) -> bytes:
    """A value of shape (batch, 4, bins, windows)."""
    fixed = (4, bins, WINDOWS)
    sizes = message(1, text(2, "batch_size")) + b"".join(message(1, number(1, n)) for n in fixed)
    return text(1, name) + message(2, message(1, number(1, FLOAT) + message(2, sizes)))


def ints(name: str, values: list[int] | tuple[int, ...]) -> bytes:
    """An attribute that is a list of whole numbers."""
    return text(1, name) + b"".join(number(8, value) for value in values) + number(20, INTS)


def number(key: int, value: int) -> bytes:
    """A protobuf field that holds a whole number."""
    return varint(key << 3) + varint(value)


def text(key: int, value: str) -> bytes:
    """A protobuf field that holds a string."""
    return field(key, value.encode())


def message(key: int, value: bytes) -> bytes:
    """A protobuf field that holds another message."""
    return field(key, value)


def field(key: int, value: bytes) -> bytes:
    """A protobuf field that holds bytes, after their length."""
    return varint(key << 3 | 2) + varint(len(value)) + value


def varint(value: int) -> bytes:
    """A whole number in protobuf's base 128."""
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])
