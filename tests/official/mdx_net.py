"""MDX-Nets as the Ultimate Vocal Remover publishes them: one ONNX file, `input` to `output`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

NAME = "uvr-mdx-net-inst-hq-3"
BINS, WINDOWS = 3072, 256


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
    shape = ("batch_size", 4, bins, WINDOWS)
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name in ("input", "output")
    ]
    convolution = helper.make_node("Conv", ["input", "kernel"], ["output"], pads=[*halves, *halves])
    kernel = numpy_helper.from_array(weights.astype(np.float32), "kernel")
    graph = helper.make_graph([convolution], "mdx-net", ends[:1], ends[1:], [kernel])
    opsets = [helper.make_opsetid("", 13)]
    model: bytes = helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()
    return model
