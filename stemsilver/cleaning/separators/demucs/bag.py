"""Bags (ensembles): the models that estimate the vocals together, and their weights."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from stemsilver import weights
from stemsilver.errors import WeightsError
from stemsilver.weights.store import folder

SOURCES = ["drums", "bass", "other", "vocals"]
"""The sources that every official model separates, in output order."""


@dataclass(frozen=True)
class Bag:
    """A description of a bag.

    `shares` is the weight of each model in the vocals of the bag; 0 for a model specialised in
    another source. `segment`, in seconds, replaces that of the models unless it is None.
    """

    shares: tuple[float, ...]
    segment: float | None


class _Composition(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    models: list[str] = Field(min_length=1)
    weights: list[list[float]] | None = None
    segment: float | None = Field(default=None, gt=0)


def read(name: str) -> Bag:
    """Read the description of the bag `name`.

    Raises:
        WeightsError: the description is invalid, or Demucs is not installed.
    """
    path = description(name)
    try:
        text = path.read_text(encoding="utf-8")
        found = _Composition.model_validate(yaml.safe_load(text))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
        raise WeightsError(f"{path} does not describe a bag of models: {error}") from error
    rows = found.weights or [[1.0] * len(SOURCES)] * len(found.models)
    if len(rows) != len(found.models) or any(len(row) != len(SOURCES) for row in rows):
        raise WeightsError(f"{path} does not give each model a weight for each of {SOURCES}.")
    column = [row[SOURCES.index("vocals")] for row in rows]
    if not math.isfinite(sum(column)) or sum(column) <= 0:
        raise WeightsError(f"{path} gives the vocals no weight.")
    return Bag(tuple(weight / sum(column) for weight in column), found.segment)


def description(name: str) -> Path:
    """Return the path of the file that describes the bag `name`.

    A file of that name in the weights folder takes precedence over the one in Demucs.

    Raises:
        WeightsError: Demucs is not installed.
    """
    placed = folder() / "demucs" / f"{name}.yaml"
    if placed.is_file():
        return placed
    return weights.package_folder("demucs", "demucs") / "remote" / f"{name}.yaml"
