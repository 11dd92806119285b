"""A build's result: what made it, and every render with its scores and verdicts.

The one type that is judged, written to `report/scorecard.json` and read back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal, TypeAlias

from stemsilver.config import Guardrail
from stemsilver.records import Failure, Score, WeightRecord
from stemsilver.report.scorecard.settings import Settings, flat

Status: TypeAlias = Literal["pass", "gate_failed", "failed", "unmeasured"]
"""`failed` without an output, `gate_failed` where a gate says no, `unmeasured` where no gate could
be measured at all, as for a silent render: what nothing is known of has not passed."""


@dataclass(frozen=True)
class Gate:
    """One limit of the profile: `minimum` ≤ the metric's value ≤ `maximum`, where given."""

    gate: str
    label: str
    metric: str
    limit: str
    minimum: float | None = None
    maximum: float | None = None

    def admits(self, value: float) -> bool:
        """Whether `value`, unrounded, is within the limit; the limit itself is."""
        above = self.minimum is None or value >= self.minimum
        below = self.maximum is None or value <= self.maximum
        return above and below


@dataclass(frozen=True)
class Verdict:
    """What one gate says of one render.

    `passed` is None where the score is null: what could not be measured neither passes nor
    fails.
    """

    gate: str
    label: str
    metric: str
    limit: str
    passed: bool | None


@dataclass(frozen=True)
class ScoredRender:
    """A render of a scorecard.

    `output` is the path of the speech-only file in its folder, and `output_sha256` the hash of
    that file; both are None where there is none. `raw_digest` names the raw samples, and is None
    where they could not be decoded. Every metric of the catalogue has its score, and every gate
    its verdict. `seconds` and the peaks in bytes are by step, as `ItemResult` has them.
    """

    id: str
    path: str
    output: str | None
    status: Status
    scores: Mapping[str, Score]
    verdicts: tuple[Verdict, ...]
    failure: Failure | None = None
    raw_digest: str | None = None
    output_sha256: str | None = None
    script: str | None = None
    rate: int = 0
    channels: int = 0
    frames: int = 0
    notes: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    peak_bytes: Mapping[str, int] = field(default_factory=dict)
    gpu_peak_bytes: Mapping[str, int] = field(default_factory=dict)

    @property
    def duration(self) -> float:
        """Length in seconds; 0 for a render that could not be decoded."""
        return self.frames / self.rate if self.rate else 0.0


@dataclass(frozen=True)
class Scorecard:
    """A build: the profile that made it, the gates it was judged by, and its renders by id.

    `config` is the profile as JSON; `created` is ISO 8601; `device` is what the large models ran
    on. `guardrail` is None in a scorecard from before there was one.
    """

    profile: str
    description: str
    config: Mapping[str, Any]
    config_digest: str
    created: str
    tool_version: str
    commit: str | None
    device: str
    weights: tuple[WeightRecord, ...]
    gates: tuple[Gate, ...]
    guardrail: Guardrail | None
    items: Mapping[str, ScoredRender]

    @property
    def renders(self) -> tuple[ScoredRender, ...]:
        """Its renders, in their order."""
        return tuple(self.items.values())

    @property
    def moment(self) -> datetime:
        """When it was made, in UTC."""
        return datetime.fromisoformat(self.created).astimezone(UTC)

    @cached_property
    def settings(self) -> Settings:
        """The profile's settings, as `flat` names them."""
        return flat(self.config)
