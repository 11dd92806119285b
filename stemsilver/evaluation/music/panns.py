"""PANNs' Cnn14, a tagger of AudioSet's 527 kinds of sound.

Source: Kong, Cao, Iqbal, Wang, Wang and Plumbley, *PANNs: Large-Scale Pretrained Audio Neural
Networks for Audio Pattern Recognition*, IEEE/ACM TASLP 2020.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from stemsilver import optional
from stemsilver import weights as registry
from stemsilver.config import PannsMusic
from stemsilver.device import device
from stemsilver.errors import WeightsError
from stemsilver.evaluation.downmix import Downmix
from stemsilver.evaluation.undefined import TOO_SHORT, Undefined
from stemsilver.evaluation.vad import MIN_SECONDS
from stemsilver.records import Timeline
from stemsilver.weights import checkpoint

if TYPE_CHECKING:
    import torch

RATE = 32_000

CLASSES = 527

CLASS_INDEX = {"Singing": 27, "Music": 137, "Musical instrument": 138}
"""Where the labels stand in AudioSet's `class_labels_indices.csv`, whose order the network has."""

BATCH_SECONDS = 40
"""How much the network hears at a time: half a gigabyte's worth."""


def weights(settings: PannsMusic) -> tuple[str, ...]:
    """The name of its weight file."""
    return ("panns-cnn14",)


def timeline(signal: Downmix, settings: PannsMusic) -> Timeline:
    """Probability of the likeliest label in each chunk.

    What is left for the last chunk is followed by zeros until it is as long as the others, as in
    the research that this detector comes from. Its value tells of what is left and covers no
    more, so a mean over time has to weight it by that.

    Raises:
        Undefined: the signal is shorter than 0.1 s, of which nothing can be told.
    """
    import torch

    if signal.duration < MIN_SECONDS:
        raise Undefined(TOO_SHORT)
    processor = device()
    network = _network(registry.verified("panns-cnn14"), processor)
    columns = [CLASS_INDEX[label] for label in settings.labels]
    values: list[float] = []
    with torch.inference_mode():
        for batch in _batches(signal.at(RATE), round(settings.chunk_seconds * RATE)):
            found = network(torch.from_numpy(batch).to(processor))["clipwise_output"]
            values += found[:, columns].amax(dim=1).tolist()
    return Timeline(settings.chunk_seconds, tuple(round(value, 6) for value in values))


def _batches(signal: NDArray[np.float32], size: int) -> Iterator[NDArray[np.float32]]:
    """Chunks of `size` frames, the last filled up with zeros; shape (some, size)."""
    at_once = max(1, BATCH_SECONDS * RATE // size) * size
    for start in range(0, signal.size, at_once):
        part = signal[start : start + at_once]
        yield np.pad(part, (0, -part.size % size)).reshape(-1, size)


def cnn14() -> Any:
    """The network as the official weights were trained for it, its own weights random.

    Raises:
        EnvironmentFault: the package that has it is not installed.
    """
    optional.check(["panns"])
    return _architecture().Cnn14(
        sample_rate=RATE,
        window_size=1024,
        hop_size=320,
        mel_bins=64,
        fmin=50,
        fmax=14_000,
        classes_num=CLASSES,
    )


@cache
def _network(path: Path, processor: str) -> torch.nn.Module:
    found = checkpoint.read(path)
    network: torch.nn.Module = cnn14()
    with checkpoint.fitting(path, "Cnn14"):
        network.load_state_dict(found["model"])
    return network.to(processor).eval()


def _architecture() -> ModuleType:
    """The carrier's models alone: importing the whole package would start a download.

    The module is taken for a package, because it imports one that lies beside it.
    """
    name, folder = "panns_models", registry.package_folder("panns_inference", "panns-inference")
    spec = importlib.util.spec_from_file_location(
        name, folder / "models.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise WeightsError(f"panns-inference has no models.py in {folder}.")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
