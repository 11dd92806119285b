"""The result of a build: what made it, and every render with its scores and verdicts.

This one type is judged, written to `report/scorecard.json` and read back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal, TypeAlias

from stemsilver.config import Guardrail
from stemsilver.records import Artefact, Failure, Lack, Score, Skipped, WeightRecord
from stemsilver.report.reviews.review import RenderReview
from stemsilver.report.scorecard.settings import Settings, flat

Status: TypeAlias = Literal[
    "pass", "nothing_to_remove", "gate_failed", "no_speech", "failed", "unmeasured"
]
"""Exactly one for each render. `failed`: no output. `no_speech`: no speech was found, so no gate
applies. `gate_failed`: a gate failed. `nothing_to_remove`: no gate failed, and there was no music,
so only the level was changed. `unmeasured`: no gate could be measured at all, so the render has not
passed.
"""


@dataclass(frozen=True)
class Allowance:
    """What is enough to pass a gate whose own limit is exceeded: `metric` ≤ `maximum`."""

    metric: str
    maximum: float


@dataclass(frozen=True)
class Gate:
    """One limit of the profile: `minimum` ≤ the metric's value ≤ `maximum`; None means no limit."""

    gate: str
    label: str
    metric: str
    limit: str
    minimum: float | None = None
    maximum: float | None = None
    allowance: Allowance | None = None

    def admits(self, value: float) -> bool:
        """Return whether the unrounded `value` is within the limits, which are inclusive."""
        above = self.minimum is None or value >= self.minimum
        below = self.maximum is None or value <= self.maximum
        return above and below


@dataclass(frozen=True)
class Verdict:
    """The result of one gate for one render.

    `passed` is None if the score is null: what could not be measured neither passes nor fails.
    """

    gate: str
    label: str
    metric: str
    limit: str
    passed: bool | None


@dataclass(frozen=True)
class ScoredRender:
    """A render of a scorecard.

    `output` is the path of the speech-only file in its folder, `output_sha256` the hash of that
    file, and `sound_sha256` that of its rate and samples, which a new comment in the file does not
    change; all are None if there is none. `raw_digest` identifies the raw samples; None if they
    could not be decoded. `lacks` is what the render does not contain. `language` is the one that
    its words were compared in, as a Whisper language code. `artefacts` are the places to listen to
    first. `reviews` has one for each person, also outdated ones. Every metric of the catalogue has
    a score, and every gate a verdict.
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
    sound_sha256: str | None = None
    script: str | None = None
    rate: int = 0
    channels: int = 0
    frames: int = 0
    notes: tuple[str, ...] = ()
    lacks: Lack | None = None
    language: str | None = None
    artefacts: tuple[Artefact, ...] = ()
    reviews: tuple[RenderReview, ...] = ()

    def is_about_it(self, review: RenderReview) -> bool:
        """Return whether a review is about the present sound, and not about an earlier one."""
        return review.sound_sha256 == self.sound_sha256

    @property
    def duration(self) -> float:
        """Length in seconds; 0 for a render that could not be decoded."""
        return self.frames / self.rate if self.rate else 0.0


@dataclass(frozen=True)
class Scorecard:
    """A build: the profile that made it, the gates it was judged by, and its renders by id.

    `config` is the profile as JSON; of a scorecard that was read, only `settings` and `guardrail`
    are validated. `created` is ISO 8601; `device` is what the large models ran on. `guardrail` is
    None in a scorecard from before guardrails existed. `skipped` is what was in the raw folder and
    is none of the renders.
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
    skipped: tuple[Skipped, ...] = ()

    @property
    def renders(self) -> tuple[ScoredRender, ...]:
        """The renders in their order."""
        return tuple(self.items.values())

    @property
    def moment(self) -> datetime:
        """The time of the build, in UTC."""
        return datetime.fromisoformat(self.created).astimezone(UTC)

    @cached_property
    def settings(self) -> Settings:
        """The profile's settings, as `flat` names them."""
        return flat(self.config)
