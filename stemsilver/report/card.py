"""A scorecard read back: of an earlier build, or of a build that nobody vouches for.

Nothing in the file is believed. Numbers must be numbers and finite, ids must be ids, texts have
a length they cannot pass; what a render's verdict is follows from its scores and the limits.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from stemsilver.config import Guardrail
from stemsilver.errors import UsageError
from stemsilver.evaluate.catalogue import METRICS
from stemsilver.records import Failure, Score
from stemsilver.report.verdicts import Gate, Status, status_under
from stemsilver.report.wording import limit_text

MAX_BYTES = 8_000_000
"""The largest scorecard that is read: some 1,700 renders."""

_Id: TypeAlias = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,79}$")]
_Word: TypeAlias = Annotated[str, Field(pattern=r"^\w[\w.-]{0,63}$")]
_Hex: TypeAlias = Annotated[str, Field(pattern=r"^[0-9a-f]{4,64}$")]
_Path: TypeAlias = Annotated[str, Field(min_length=1, max_length=4096)]
_Text: TypeAlias = Annotated[str, Field(max_length=4000)]
_Reason: TypeAlias = Annotated[str, Field(min_length=1, max_length=4000)]
_Name: TypeAlias = Annotated[str, Field(min_length=1, max_length=255)]


class _Part(BaseModel):
    """Part of the file. Keys that a later version added are passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False, strict=True)


class _Score(_Part):
    value: float | None
    reason: _Reason | None


class _Failure(_Part):
    code: _Word
    message: _Text
    next_step: _Text


class _Item(_Part):
    id: _Id
    path: _Path
    output: _Path | None
    failure: _Failure | None
    raw_digest: _Hex | None = None
    metrics: dict[str, _Score]


class _Gate(_Part):
    gate: _Word
    metric: str
    minimum: float | None
    maximum: float | None


class _Config(_Part):
    # Its own strictness refuses what it does not know.
    guardrail: Guardrail | None = None


class _Profile(_Part):
    name: _Name
    config_digest: _Hex
    config: _Config


class _Tool(_Part):
    version: _Name
    commit: _Hex | None


class _File(_Part):
    schema_version: Literal[1]
    tool: _Tool
    created: _Name
    profile: _Profile
    gates: list[_Gate]
    items: list[_Item]


@dataclass(frozen=True)
class CardItem:
    """A render in a scorecard; every metric of the catalogue has its score.

    `output` is relative to the folder of speech-only files; None where there is none.
    """

    id: str
    path: str
    output: str | None
    status: Status
    failure: Failure | None
    raw_digest: str | None
    scores: Mapping[str, Score]


@dataclass(frozen=True)
class Card:
    """A scorecard: what made it, the limits it was judged by, and its renders by id.

    `created` is ISO 8601; `guardrail` is None in a card from before there was one.
    """

    profile: str
    config_digest: str
    created: str
    tool_version: str
    commit: str | None
    gates: tuple[Gate, ...]
    guardrail: Guardrail | None
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
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be read ({error.strerror})", next_step="Name a scorecard.json."
        ) from error
    if len(content) > MAX_BYTES:
        raise _refused(path, f"it has more than {MAX_BYTES / 1e6:.0f} MB")
    try:
        return _card(_File.model_validate(_plain(content)))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part)[:80] for part in first["loc"])
        raise _refused(path, f"`{where}`: {first['msg']}") from error
    except (ValueError, RecursionError) as error:
        raise _refused(path, str(error)) from error


def _refused(path: Path, why: str) -> UsageError:
    return UsageError(
        f"{path}: not a scorecard of Stemsilver's ({why})",
        next_step="Name the scorecard.json that `build-site` wrote.",
    )


def _plain(content: bytes) -> Any:
    """JSON, in which Python would also take NaN for a number."""

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    return json.loads(content, parse_constant=refuse)


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
    )


def _score(found: _Score | None, missing: str) -> Score:
    if found is None or found.value is None:
        return Score.missing((found.reason if found else None) or missing)
    return Score(found.value)
