"""What the catalogue says about a metric."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from stemsilver.evaluation.citations import Citation

Direction: TypeAlias = Literal["higher", "lower", "target", "none"]


@dataclass(frozen=True)
class Metric:
    """Description of one column of the scorecard.

    `direction` says which values are better; "target" means close to the profile's own setting.
    `digits` is the number of decimals worth showing. A difference up to `tolerance`, in the
    metric's unit, is noise: another day or processor can cause it for the same sound.
    `benchmarks/noise.py` measures the tolerance and contains the rule for rounding it up.
    `formula` is LaTeX. `where` explains its symbols in a sentence with LaTeX between dollar signs.
    `limits` is what the metric cannot tell.
    """

    name: str
    label: str
    unit: str
    direction: Direction
    digits: int
    tolerance: float
    about: str
    formula: str
    where: str
    sources: tuple[Citation, ...]
    limits: str
