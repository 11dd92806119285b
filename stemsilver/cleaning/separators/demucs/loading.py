"""Load Demucs models from the two published formats, without executing code from the files.

`.th` is a pickle that names the class of its model; `.safetensors` names classes in its metadata.
A malicious file could name any class, so only the classes of official files are allowed.
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
"""Exceptions of the readers and constructors for a file that is not a Demucs model."""


def load(path: Path) -> Any:
    """Load the model from a verified file, on the CPU, for inference. Demucs must be installed.

    Raises:
        WeightsError: the file is not a Demucs model, or contains other objects.
    """
    read = _read_safetensors if path.suffix == ".safetensors" else _read_package
    try:
        model = read(path)
    except pickle.UnpicklingError as error:
        raise WeightsError(f"{path} holds more than a Demucs model, and was not loaded.") from error
    except _BROKEN as error:
        raise WeightsError(f"{path} is not a Demucs model: {error}") from error
    if getattr(model, "crosstransformer", None) is not None:
        # This random position shift is for training; it would also be active here, without a seed.
        model.crosstransformer.sin_random_shift = 0
    return model.eval().requires_grad_(False)


def keep_vocals(model: Any) -> None:
    """Remove the weights of the other sources from the last layers of `model`.

    This saves 1/15 of the work on a CPU.
    """
    if not model.cac:
        return  # its Wiener filter needs all sources
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
    """Read a `.th` file: class, arguments, and state (full or half precision, or quantised)."""
    from demucs.states import load_model

    scalar = np.float64().__reduce__()[0]
    allowed: list[Any] = [
        *_models(),
        *_quantisers(),
        Fraction,
        # Scalars in the training record, under their numpy 1 name.
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
    """Read a `.safetensors` file from Demucs' repositories on the Hugging Face hub."""
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
    # Demucs imports every class named here, so each must be checked.
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
    # diffq is optional: only quantised models need it.
    if importlib.util.find_spec("diffq") is None:
        return []
    from diffq import DiffQuantizer

    return [DiffQuantizer]


def _classes(structure: Any) -> Iterator[Any]:
    """Yield every class name in the (nested) description of a quantised state."""
    if isinstance(structure, dict):
        if "_class" in structure:
            yield structure["_class"]
        structure = list(structure.values())
    if isinstance(structure, list):
        for node in structure:
            yield from _classes(node)
