"""Run ONNX networks with onnxruntime."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from stemsilver.device import threads
from stemsilver.errors import WeightsError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


def load(path: Path, *, gpu: bool = False) -> InferenceSession:
    """Load the network from a verified file, to run with this process's number of threads.

    With `gpu`, it runs on an NVIDIA GPU if onnxruntime-gpu is installed instead of onnxruntime.

    Raises:
        WeightsError: onnxruntime cannot load it.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads()
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors only: it warns about the format of older exporters
    options.add_session_config_entry("session.use_device_allocator_for_initializers", "1")
    there = onnxruntime.get_available_providers()
    wanted = ("CUDAExecutionProvider",) if gpu else ()
    providers = [name for name in (*wanted, "CPUExecutionProvider") if name in there]
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=providers)
    except Exception as error:  # onnxruntime's errors have no common base class
        raise WeightsError(f"{path} is no network that onnxruntime can load: {error}") from error


def run(
    session: InferenceSession, inputs: Iterable[Mapping[str, NDArray[np.float32]]]
) -> Iterator[list[NDArray[np.float32]]]:
    """Yield the outputs of a network for each of `inputs`.

    After the last one, its working memory is returned to the system for the next model.
    """
    import onnxruntime

    shrinking = onnxruntime.RunOptions()
    shrinking.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    coming = iter(inputs)
    given = next(coming, None)
    while given is not None:
        following = next(coming, None)
        yield session.run(None, given, shrinking if following is None else None)
        given = following
