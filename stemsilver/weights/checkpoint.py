"""PyTorch checkpoints, read without running what may be in them."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stemsilver.errors import WeightsError


def read(path: Path) -> Mapping[str, Any]:
    """The tensors of a verified checkpoint, and whatever plain values lie beside them.

    Raises:
        WeightsError: it holds other things too, or is no checkpoint.
    """
    import numpy as np
    import torch

    # Some hold numpy's arrays, or the state of a data loader in its values, by numpy 1's names.
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
    """Where a checkpoint goes into its network.

    Raises:
        WeightsError: it is another network's.
    """
    try:
        yield
    except (KeyError, RuntimeError, TypeError) as error:
        raise WeightsError(f"{path} does not fit {network}: {error}") from error
