"""Read PyTorch checkpoints without executing code from them."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stemsilver.errors import WeightsError


def read(path: Path) -> Mapping[str, Any]:
    """Read the tensors and plain values of a verified checkpoint.

    Raises:
        WeightsError: the file contains other objects, or is not a checkpoint.
    """
    import numpy as np
    import torch

    # Some checkpoints contain numpy arrays, or numpy scalars of a data loader, by numpy 1 names.
    kinds = (np.bool_, np.int32, np.int64, np.uint32, np.float32, np.float64)
    values: list[Any] = [
        (np.empty(0).__reduce__()[0], "numpy.core.multiarray._reconstruct"),
        (np.int64(0).__reduce__()[0], "numpy.core.multiarray.scalar"),
        np.ndarray,
        np.dtype,
        *(type(np.dtype(kind)) for kind in kinds),
    ]
    try:
        with torch.serialization.safe_globals(values):
            found = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise WeightsError(f"{path} holds more than tensors, and was not loaded.") from error
    except (EOFError, RuntimeError) as error:
        raise WeightsError(f"{path} is damaged: {error}") from error
    if not isinstance(found, Mapping):
        raise WeightsError(f"{path} is no checkpoint of a model.")
    return found


@contextmanager
def fitting(path: Path, network: str) -> Iterator[None]:
    """Convert errors while a checkpoint is loaded into a network; `network` is for the message.

    Raises:
        WeightsError: the checkpoint belongs to another network.
    """
    try:
        yield
    except (KeyError, RuntimeError, TypeError) as error:
        raise WeightsError(f"{path} does not fit {network}: {error}") from error
