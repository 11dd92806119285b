"""A scorecard read back: of an earlier build, or of a build that nobody vouches for.

Nothing in the file is believed. Numbers must be numbers and finite, ids must be ids, texts have
a length they cannot pass; what a render's verdict is follows from its scores and the limits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import ConfigDict, Field

from stemsilver.config import Guardrail
from stemsilver.evaluation.catalogue import METRICS
from stemsilver.records import Failure, Score
from stemsilver.report.scorecard.settings import Settings, flat
from stemsilver.report.scorecard.verdicts import Gate, Status, status_under
from stemsilver.report.text.wording import limit_text
from stemsilver.report.untrusted import Hex, Name, Part, Word, read_json

MAX_BYTES = 8_000_000
"""The largest scorecard that is read: some 1,700 renders."""

_Id: TypeAlias = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,79}$")]
_Path: TypeAlias = Annotated[str, Field(min_length=1, max_length=4096)]
_Text: TypeAlias = Annotated[str, Field(max_length=4000)]
_Reason: TypeAlias = Annotated[str, Field(min_length=1, max_length=4000)]
# No metric comes near it, and sums of such numbers stay finite and short.
_Value: TypeAlias = Annotated[float, Field(ge=-1e6, le=1e6)]


class _Score(Part):
    value: _Value | None
    reason: _Reason | None


class _Failure(Part):
    code: Word
    message: _Text
    next_step: _Text


class _Item(Part):
    id: _Id
    path: _Path
    output: _Path | None
    failure: _Failure | None
    raw_digest: Hex | None = None
    output_sha256: Hex | None = None
    metrics: dict[str, _Score]


class _Gate(Part):
    gate: Word
    metric: str
    minimum: _Value | None
    maximum: _Value | None


class _Config(Part):
    # The other settings are only shown; `flat` looks at them.
    model_config = ConfigDict(extra="allow")

    # Its own strictness refuses what it does not know.
    guardrail: Guardrail | None = None


class _Profile(Part):
    name: Name
    config_digest: Hex
    config: _Config


class _Tool(Part):
    version: Name
    commit: Hex | None


class _File(Part):
    schema_version: Literal[1]
    tool: _Tool
    created: Name
    profile: _Profile
    gates: list[_Gate]
    items: list[_Item]


@dataclass(frozen=True)
class CardItem:
    """A render in a scorecard; every metric of the catalogue has its score.

    `output` is relative to the folder of speech-only files; None where there is none.
    `output_sha256` is None in a card that does not say.
    """

    id: str
    path: str
    output: str | None
    status: Status
    failure: Failure | None
    raw_digest: str | None
    scores: Mapping[str, Score]
    output_sha256: str | None = None


@dataclass(frozen=True)
class Card:
    """A scorecard: what made it, the limits it was judged by, and its renders by id.

    `created` is ISO 8601; `guardrail` is None in a card from before there was one. `settings` are
    the profile's, as `flat` names them.
    """

    profile: str
    config_digest: str
    created: str
    tool_version: str
    commit: str | None
    gates: tuple[Gate, ...]
    guardrail: Guardrail | None
    settings: Settings
    items: Mapping[str, CardItem]

    @property
    def moment(self) -> datetime:
        """When it was made, in UTC."""
        return datetime.fromisoformat(self.created).astimezone(UTC)


def read_card(path: Path) -> Card:
    """The scorecard at `path`.

    Raises:
        UsageError: there is none, it is larger than `MAX_BYTES`, or something in it is not what
            it should be.
    """
    return read_json(
        path,
        parse_card,
        MAX_BYTES,
        what="a scorecard",
        next_step="Name the scorecard.json that `build-site` wrote.",
    )


def parse_card(values: Any) -> Card:
    """A scorecard's JSON as a `Card`. Raises `ValueError` where it is not what it should be."""
    return _card(_File.model_validate(values))


def _card(file: _File) -> Card:
    gates = tuple(_gate(gate) for gate in file.gates if gate.metric in METRICS)
    items = {item.id: _item(item, gates) for item in file.items}
    if len(items) != len(file.items):
        raise ValueError("two renders have the same id")
    card = Card(
        profile=file.profile.name,
        config_digest=file.profile.config_digest,
        created=file.created,
        tool_version=file.tool.version,
        commit=file.tool.commit,
        gates=gates,
        guardrail=file.profile.config.guardrail,
        settings=flat(file.profile.config.model_dump(exclude_none=True)),
        items=items,
    )
    _ = card.moment  # a time that is none would be found late
    return card


def _gate(gate: _Gate) -> Gate:
    label = METRICS[gate.metric].label.removesuffix(", clean")
    text = limit_text(gate.metric, gate.minimum, gate.maximum)
    return Gate(gate.gate, label, gate.metric, text, gate.minimum, gate.maximum)


def _item(item: _Item, gates: tuple[Gate, ...]) -> CardItem:
    failure = None if item.failure is None else Failure(**item.failure.model_dump())
    missing = failure.code if failure else "not_measured"
    scores = {name: _score(item.metrics.get(name), missing) for name in METRICS}
    return CardItem(
        id=item.id,
        path=item.path,
        output=item.output,
        status=status_under(failure, scores, gates),
        failure=failure,
        raw_digest=item.raw_digest,
        scores=scores,
        output_sha256=item.output_sha256,
    )


def _score(found: _Score | None, missing: str) -> Score:
    if found is None or found.value is None:
        return Score.missing((found.reason if found else None) or missing)
    return Score(found.value)
