"""ONNX networks, run by onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stemsilver.device import threads
from stemsilver.errors import WeightsError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


def load(path: Path, *, gpu: bool = False) -> InferenceSession:
    """The network in a verified file, on this process's share of the cores.

    With `gpu`, it runs on an NVIDIA GPU where the package onnxruntime-gpu stands in for
    onnxruntime.

    Raises:
        WeightsError: onnxruntime cannot load it.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads()
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors; it warns of how old exporters wrote their files
    there = onnxruntime.get_available_providers()
    wanted = ("CUDAExecutionProvider",) if gpu else ()
    providers = [name for name in (*wanted, "CPUExecutionProvider") if name in there]
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=providers)
    except Exception as error:  # its errors share no other class
        raise WeightsError(f"{path} is no network that onnxruntime can load: {error}") from error
