"""Bags: which models estimate the vocals together, and how much each of them counts."""

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
"""What every official model tells apart, in their order."""


@dataclass(frozen=True)
class Bag:
    """The models of a bag.

    `shares` has for each of them the share of its vocals in the bag's: 0 for a specialist on
    another source. `segment` in seconds takes the place of the models' own where it is given.
    """

    shares: tuple[float, ...]
    segment: float | None


class _Composition(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    models: list[str] = Field(min_length=1)
    weights: list[list[float]] | None = None
    segment: float | None = Field(default=None, gt=0)


def read(name: str) -> Bag:
    """The official bag called `name`.

    Raises:
        WeightsError: it is not described as it should be, or Demucs is not installed.
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
    """The file that describes the bag called `name`.

    It is Demucs' own, or one of that name which was placed in the weights folder with the models.

    Raises:
        WeightsError: Demucs is not installed.
    """
    placed = folder() / "demucs" / f"{name}.yaml"
    if placed.is_file():
        return placed
    return weights.package_folder("demucs", "demucs") / "remote" / f"{name}.yaml"
