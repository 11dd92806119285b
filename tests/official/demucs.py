"""Bags of Demucs in their official formats: true architectures, few channels, random weights.

`.th` packages are made by Demucs' own functions; `.safetensors` as its repositories on the hub
have them (`demucs.hf` reads them).
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from stemsilver.fsio import write_bytes

from ..built import HAS_DIFFQ, NEEDS_DIFFQ, NO_DEMUCS

demucs = pytest.importorskip("demucs", reason=NO_DEMUCS)

from demucs.hdemucs import HDemucs  # noqa: E402
from demucs.htdemucs import HTDemucs  # noqa: E402
from demucs.states import get_state  # noqa: E402

SOURCES = ["drums", "bass", "other", "vocals"]
SIGNATURES = {
    "htdemucs_ft": ["f7e0c4bc", "d12395a8", "92cfc3b6", "04573f0d"],
    "mdx_extra_q": ["83fc094f", "464b36d7", "14fc6a69", "7fd6ef75"],
}
BAGS = [name for name in SIGNATURES if HAS_DIFFQ or name != "mdx_extra_q"]
"""Those of which models can be made: the quantised ones take diffq."""

EACH_BAG = pytest.mark.parametrize(
    "name", ["htdemucs_ft", pytest.param("mdx_extra_q", marks=NEEDS_DIFFQ)]
)
VOCALS = "04573f0d"
"""The specialist of htdemucs_ft on vocals."""

REGISTERED = {"htdemucs_ft-vocals": VOCALS}
"""Signatures of the models that vocals need, by their names in the registry."""

if HAS_DIFFQ:
    quantised = enumerate(SIGNATURES["mdx_extra_q"], start=1)
    REGISTERED |= {f"mdx_extra_q-{number}": signature for number, signature in quantised}

TRAINED = Fraction(39, 5)
"""Seconds the official transformers were trained on."""


def write(folder: Path) -> dict[str, Path]:
    """The files that the registry knows, below `folder`, by their names there."""
    paths = write_models(folder / "demucs", list(REGISTERED.values()))
    return dict(zip(REGISTERED, paths, strict=True))


def write_bags(folder: Path, segment: Fraction = TRAINED) -> None:
    """The bags whole, as the demucs command takes them with `--repo`."""
    for name in BAGS:
        write_models(folder, SIGNATURES[name], segment)
        described = Path(demucs.__file__).parent / "remote" / f"{name}.yaml"
        shutil.copyfile(described, folder / f"{name}.yaml")


def write_models(folder: Path, signatures: list[str], segment: Fraction = TRAINED) -> list[Path]:
    """Some models as `SIGNATURE-CHECKSUM.th`."""
    return [write_package(folder, one, package(one, segment)) for one in signatures]


def write_package(folder: Path, signature: str, content: dict[str, Any]) -> Path:
    """Any content in a file with its checksum in the name."""
    data = saved(content)
    path = folder / f"{signature}-{hashlib.sha256(data).hexdigest()[:8]}.th"
    write_bytes(path, data)
    return path


def saved(content: Any) -> bytes:
    """Any content in torch's format."""
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


def package(signature: str, segment: Fraction = TRAINED) -> dict[str, Any]:
    """A model as `demucs.states.serialize_model` gives it: the transformers at half precision,
    the others quantised. The weights are those of their signature, always."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(signature, 16))
        model: Any
        if signature in SIGNATURES["htdemucs_ft"]:
            model = HTDemucs(
                SOURCES,
                channels=8,
                depth=4,
                dconv_mode=3,
                bottom_channels=32,
                t_layers=5,
                t_heads=4,
                segment=segment,
            )
        else:
            model = HDemucs(SOURCES, channels=8, segment=44)
        for name, parameter in model.named_parameters():
            if name.endswith(".scale"):
                parameter.data.fill_(0.3)  # else next to nothing passes through these branches
    quantizer = None
    if isinstance(model, HDemucs):
        from diffq import DiffQuantizer

        quantizer = DiffQuantizer(model, group_size=8, min_size=0.01)
    args, kwargs = model._init_args_kwargs
    return {
        "klass": type(model),
        "args": args,
        "kwargs": kwargs,
        "state": get_state(model, quantizer, half=True),
        "training_args": {"dset": {"sources": SOURCES}, "optim": {"lr": np.float64(3e-4)}},
    }


def write_safetensors(path: Path, content: dict[str, Any]) -> None:
    """The model of a package in the format of the hub."""
    state = content["state"]
    tensors: dict[str, torch.Tensor] = {}
    metadata = {
        "klass": _named(content["klass"]),
        "args": json.dumps(content["args"]),
        "kwargs": json.dumps(content["kwargs"], default=_fraction),
    }
    if state.get("__quantized"):
        metadata["structure"] = json.dumps(_flattened(state, tensors))
    else:
        tensors = state
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({key: value.contiguous() for key, value in tensors.items()}, path, metadata)


def _flattened(node: Any, tensors: dict[str, torch.Tensor]) -> Any:
    if isinstance(node, torch.Tensor):
        key = f"tensor_{len(tensors)}"
        tensors[key] = node
        return {"_tensor": key}
    if isinstance(node, dict):
        return {"_dict": [[key, _flattened(value, tensors)] for key, value in node.items()]}
    if isinstance(node, (list, tuple)):
        return {f"_{type(node).__name__}": [_flattened(value, tensors) for value in node]}
    return {"_class": _named(node)} if isinstance(node, type) else node


def _named(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _fraction(value: Fraction) -> dict[str, Any]:
    return {"_type": "fraction", "numerator": value.numerator, "denominator": value.denominator}
