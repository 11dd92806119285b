"""PANNs' Cnn14, a tagger for the 527 sound classes of AudioSet.

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
"""Index of each label in AudioSet's `class_labels_indices.csv`, whose order the network uses."""

BATCH_SECONDS = 40
"""Length of a batch: the network needs half a gigabyte of memory for it."""


def weights(settings: PannsMusic) -> tuple[str, ...]:
    """Return the name of the weight file."""
    return ("panns-cnn14",)


def timeline(signal: Downmix, settings: PannsMusic) -> Timeline:
    """Return the probability of the likeliest label in each chunk.

    The last chunk is padded with zeros, as in the research that this detector comes from. Its
    value covers only the part before the padding, so a mean over time must weight it by the length
    of that part.

    Raises:
        Undefined: the signal is shorter than 0.1 s, too short to say anything.
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
    """Yield batches of chunks, the last chunk padded with zeros; shape (chunks, size)."""
    at_once = max(1, BATCH_SECONDS * RATE // size) * size
    for start in range(0, signal.size, at_once):
        part = signal[start : start + at_once]
        yield np.pad(part, (0, -part.size % size)).reshape(-1, size)


def cnn14() -> Any:
    """Return a Cnn14 with the settings of the official weights, but with random weights.

    Raises:
        EnvironmentFault: the package with the network is not installed.
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
    """Import only the `models` module of panns-inference; the whole package starts a download.

    The module is loaded as a package, because it imports a module next to it.
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
