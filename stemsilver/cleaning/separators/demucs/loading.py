"""Models in the two formats that Demucs is published in, opened without running what they hold.

`.th` is a pickle that names the class of its model, `.safetensors` names classes in its metadata.
Either could name anything; only the classes that official files need are let through.
"""

from __future__ import annotations

import importlib.util
import json
import pickle
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch

from stemsilver.errors import WeightsError

_BROKEN = (
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    AssertionError,
    RuntimeError,
    EOFError,
)
"""What the readers and constructors raise over a file that is something else."""


def load(path: Path) -> Any:
    """The model in a verified file, on the CPU, ready to separate. Demucs must be installed.

    Raises:
        WeightsError: the file holds something else, or more.
    """
    read = _read_safetensors if path.suffix == ".safetensors" else _read_package
    try:
        model = read(path)
    except pickle.UnpicklingError as error:
        raise WeightsError(f"{path} holds more than a Demucs model, and was not loaded.") from error
    except _BROKEN as error:
        raise WeightsError(f"{path} is not a Demucs model: {error}") from error
    if getattr(model, "crosstransformer", None) is not None:
        # What moves positions at random in training would move them here too, unseeded.
        model.crosstransformer.sin_random_shift = 0
    return model.eval().requires_grad_(False)


def keep_vocals(model: Any) -> None:
    """Take out of the last layers of `model` what only its other sources need.

    That is one part in fifteen of the work on a CPU.
    """
    if not model.cac:
        return  # its sources are told apart from each other, by a filter that needs them all
    vocals, count = model.sources.index("vocals"), len(model.sources)
    for branch in (model.decoder, getattr(model, "tdecoder", None)):
        if branch is None:
            continue
        for layer in getattr(branch[-1], "layers", [branch[-1]]):
            convolution = layer.conv_tr
            each = convolution.out_channels // count
            kept = slice(vocals * each, (vocals + 1) * each)
            for name, value in (
                ("weight", convolution.weight[:, kept]),
                ("bias", convolution.bias[kept]),
            ):
                setattr(convolution, name, torch.nn.Parameter(value.clone(), requires_grad=False))
            convolution.out_channels = each
    model.sources = ["vocals"]


def _read_package(path: Path) -> Any:
    """The model of a `.th` file: class, arguments, and state, whole, halved or quantised."""
    from demucs.states import load_model

    scalar = np.float64().__reduce__()[0]
    allowed: list[Any] = [
        *_models(),
        *_quantisers(),
        Fraction,
        # Numbers among the record of the training, under the name that numpy 1 gave them.
        scalar,
        (scalar, "numpy.core.multiarray.scalar"),
        np.dtype,
        *(type(np.dtype(kind)) for kind in (np.float32, np.float64, np.int64)),
    ]
    with torch.serialization.safe_globals(allowed):
        package = torch.load(path, map_location="cpu", weights_only=True)
    if package["klass"] not in _models():
        raise pickle.UnpicklingError(f"{package['klass']} is no architecture of Demucs")
    if (
        package["state"].get("__quantized")
        and package["state"]["meta"]["klass"] not in _quantisers()
    ):
        raise pickle.UnpicklingError("quantised by something else than DiffQ")
    restore: Any = load_model
    return restore(package)


def _read_safetensors(path: Path) -> Any:
    """The model of a `.safetensors` file, as Demucs' repositories on the hub have them."""
    from demucs.hf import load_safetensors_model
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
    except SafetensorError as error:
        raise ValueError(error) from error
    allowed = [f"{kind.__module__}.{kind.__qualname__}" for kind in _models()]
    if metadata["klass"] not in allowed:
        raise pickle.UnpicklingError(f"{metadata['klass']} is no architecture of Demucs")
    # Demucs imports whatever is named here.
    quantisers = [f"{kind.__module__}.{kind.__qualname__}" for kind in _quantisers()]
    for name in _classes(json.loads(metadata.get("structure", "null"))):
        if name not in quantisers:
            raise pickle.UnpicklingError(f"{name} is no quantiser")
    return load_safetensors_model(path)


def _models() -> list[Any]:
    from demucs.hdemucs import HDemucs
    from demucs.htdemucs import HTDemucs

    return [HTDemucs, HDemucs]


def _quantisers() -> list[Any]:
    # Only quantised models need it.
    if importlib.util.find_spec("diffq") is None:
        return []
    from diffq import DiffQuantizer

    return [DiffQuantizer]


def _classes(structure: Any) -> Iterator[Any]:
    """Every class that is named anywhere in the description of a quantised state."""
    if isinstance(structure, dict):
        if "_class" in structure:
            yield structure["_class"]
        structure = list(structure.values())
    if isinstance(structure, list):
        for node in structure:
            yield from _classes(node)
