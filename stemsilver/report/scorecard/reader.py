"""Read a scorecard back: of an earlier build, or from an untrusted file.

Nothing in the file is trusted. Scores and limits must be finite, ids must be ids, and every text
that a page or a comment shows has a maximum length; the file has one as a whole. A render's verdict
is computed from its scores and the limits; the verdict in the file is ignored.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import ConfigDict, Field

from stemsilver.config import Guardrail
from stemsilver.evaluation.catalogue import METRICS
from stemsilver.records import Artefact, Failure, Lack, Score, Skipped, WeightRecord
from stemsilver.report.reviews.reader import ReviewerEntry
from stemsilver.report.scorecard.scorecard import Allowance, Gate, Scorecard, ScoredRender
from stemsilver.report.scorecard.verdicts import gate, status_under, verdicts
from stemsilver.report.untrusted import (
    Hex,
    LanguageCode,
    Name,
    UntrustedModel,
    Word,
    read_json,
)

MAX_BYTES = 12_000_000
"""The largest scorecard that is read, in bytes: about 1,700 renders, and a folder of reviews."""

_Id: TypeAlias = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,79}$")]
_Path: TypeAlias = Annotated[str, Field(min_length=1, max_length=4096)]
_Text: TypeAlias = Annotated[str, Field(max_length=4000)]
_Reason: TypeAlias = Annotated[str, Field(min_length=1, max_length=4000)]
_Count: TypeAlias = Annotated[int, Field(ge=0, le=10**15)]
# Far outside any metric's range; sums of such numbers stay finite and short.
_Value: TypeAlias = Annotated[float, Field(ge=-1e6, le=1e6)]


class _Score(UntrustedModel):
    value: _Value | None
    reason: _Reason | None


class _Failure(UntrustedModel):
    code: Word
    message: _Text
    next_step: _Text


class _Artefact(UntrustedModel):
    start: _Value
    end: _Value
    departure_db: _Value


class _Item(UntrustedModel):
    # Not every scorecard has the fields with a default.
    id: _Id
    path: _Path
    output: _Path | None
    failure: _Failure | None
    metrics: dict[str, _Score]
    raw_digest: Hex | None = None
    output_sha256: Hex | None = None
    sound_sha256: Hex | None = None
    script: str | None = None
    rate: Annotated[int, Field(ge=0, le=10**7)] = 0
    channels: Annotated[int, Field(ge=0, le=100)] = 0
    frames: _Count = 0
    notes: list[_Text] = Field(default_factory=list)
    lacks: Lack | None = None
    language: LanguageCode | None = None
    artefacts: Annotated[list[_Artefact], Field(max_length=100)] = Field(default_factory=list)
    reviews: Annotated[list[ReviewerEntry], Field(max_length=1000)] = Field(default_factory=list)


class _Allowance(UntrustedModel):
    metric: str
    maximum: _Value


class _Gate(UntrustedModel):
    gate: Word
    metric: str
    minimum: _Value | None
    maximum: _Value | None
    allowance: _Allowance | None = None


class _Config(UntrustedModel):
    # The other settings are only shown; `flat` checks them.
    model_config = ConfigDict(extra="allow")

    # `Guardrail` itself rejects unknown keys.
    guardrail: Guardrail | None = None


class _Profile(UntrustedModel):
    name: Name
    description: str = ""
    config_digest: Hex
    config: _Config


class _Tool(UntrustedModel):
    version: Name
    commit: Hex | None


class _Weight(UntrustedModel):
    name: str
    package: str
    version: str
    licence: str
    sha256: Hex
    source: str = ""


class _Skipped(UntrustedModel):
    path: _Path
    reason: _Reason


class _File(UntrustedModel):
    schema_version: Literal[1]
    tool: _Tool
    created: Name
    device: Name = "cpu"
    profile: _Profile
    weights: list[_Weight] = Field(default_factory=list)
    gates: list[_Gate]
    items: list[_Item]
    skipped: list[_Skipped] = Field(default_factory=list)


def read_scorecard(path: Path) -> Scorecard:
    """Read the scorecard at `path`.

    Raises:
        UsageError: there is no file, it is larger than `MAX_BYTES`, or its content is not valid.
    """
    return read_json(
        path,
        parse_scorecard,
        MAX_BYTES,
        what="a scorecard",
        next_step="Name the scorecard.json that `build-site` wrote.",
    )


def parse_scorecard(values: Any) -> Scorecard:
    """Convert the output of `scorecard_json` back to a `Scorecard`.

    Raises:
        ValueError: `values` are not valid.
    """
    file = _File.model_validate(values)
    limits = tuple(
        gate(one.gate, one.metric, one.minimum, one.maximum, _allowance(one))
        for one in file.gates
        if one.metric in METRICS
    )
    items = {item.id: _item(item, limits) for item in file.items}
    if len(items) != len(file.items):
        raise ValueError("two renders have the same id")
    found = Scorecard(
        profile=file.profile.name,
        description=file.profile.description,
        config=values["profile"]["config"],
        config_digest=file.profile.config_digest,
        created=file.created,
        tool_version=file.tool.version,
        commit=file.tool.commit,
        device=file.device,
        weights=tuple(WeightRecord(**one.model_dump()) for one in file.weights),
        gates=limits,
        guardrail=file.profile.config.guardrail,
        items=items,
        skipped=tuple(Skipped(**one.model_dump()) for one in file.skipped),
    )
    # Fail now if the time or a setting is not valid.
    _ = found.moment, found.settings
    return found


def _allowance(one: _Gate) -> Allowance | None:
    known = one.allowance is not None and one.allowance.metric in METRICS
    return Allowance(**one.allowance.model_dump()) if one.allowance and known else None


def _item(item: _Item, limits: tuple[Gate, ...]) -> ScoredRender:
    failure = None if item.failure is None else Failure(**item.failure.model_dump())
    missing = failure.code if failure else "not_measured"
    scores = {name: _score(item.metrics.get(name), missing) for name in METRICS}
    return ScoredRender(
        **item.model_dump(exclude={"failure", "metrics", "notes", "artefacts", "reviews"}),
        status=status_under(failure, scores, limits, item.lacks),
        scores=scores,
        verdicts=verdicts(scores, limits, item.lacks),
        failure=failure,
        notes=tuple(item.notes),
        artefacts=tuple(Artefact(**one.model_dump()) for one in item.artefacts),
        reviews=tuple(one.of(one.reviewer, item.path) for one in item.reviews),
    )


def _score(found: _Score | None, missing: str) -> Score:
    if found is None or found.value is None:
        return Score.missing((found.reason if found else None) or missing)
    return Score(found.value)
