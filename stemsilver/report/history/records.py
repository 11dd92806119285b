"""Records of what earlier builds measured, and their files.

A record is made from a scorecard and kept in `report/history.json`. The site offers a copy of that
file, so that the next build can continue from either.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

from stemsilver.errors import UsageError
from stemsilver.evaluation.catalogue import METRICS
from stemsilver.report.scorecard.reader import MAX_BYTES, parse_scorecard
from stemsilver.report.scorecard.scorecard import Scorecard
from stemsilver.report.scorecard.scores import Mean, mean
from stemsilver.report.scorecard.settings import Settings, Untrusted
from stemsilver.report.scorecard.verdicts import targets
from stemsilver.report.untrusted import Hex, LanguageCode, Name, UntrustedModel, read_json

HISTORY = "history.json"
"""The name of the history file, in a report and in a site's downloads."""

MAX_RECORDS = 500
"""How many builds a history keeps; older ones are dropped."""

_SCHEMA_VERSION = 1
_KNOWN = (HISTORY, "scorecard.json")
_MAX_FILES = 1000
_MAX_DEPTH = 4
_NEXT = "Name a history.json or a scorecard.json, a folder of them, or a site."

_Count: TypeAlias = Annotated[int, Field(ge=0, le=1_000_000)]
# Far outside any metric's range, and small enough to be drawn without loss.
_Value: TypeAlias = Annotated[float, Field(ge=-1e6, le=1e6)]
_Moment: TypeAlias = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]


@dataclass(frozen=True)
class Record:
    """The summary of a build that later builds compare with.

    `created` is ISO 8601 in UTC, to the second. `batch` is a digest of the renders: means of two
    builds can only be compared if it is equal. `targets` are the values that metrics should be
    near, and `settings` the profile's. `means` has only the metrics that were measured. The
    `skipped` files are not among the `items`. `languages` are those that words were compared in.
    Records of older versions count what has `nothing_to_remove` as `passed`.
    """

    created: str
    profile: str
    config_digest: str
    tool_version: str
    commit: str | None
    batch: str
    items: int
    passed: int
    gate_failed: int
    failed: int
    settings: Settings
    targets: Mapping[str, float]
    means: Mapping[str, Mean]
    skipped: int = 0
    languages: tuple[str, ...] = ()
    no_speech: int = 0
    nothing_to_remove: int = 0

    @property
    def unmeasured(self) -> int:
        """The number of cleaned renders without any measurable gate."""
        passed = self.passed + self.nothing_to_remove
        return self.items - passed - self.gate_failed - self.failed - self.no_speech

    @property
    def moment(self) -> datetime:
        """The time of the build, in UTC."""
        return datetime.fromisoformat(self.created)

    @property
    def result(self) -> tuple[object, ...]:
        """The inputs and results of the build: everything except its time."""
        means = sorted((name, mean.value, mean.count) for name, mean in self.means.items())
        made = (self.profile, self.config_digest, self.tool_version, self.commit)
        return (*made, self.batch, tuple(means))


class _Mean(UntrustedModel):
    value: _Value
    count: Annotated[int, Field(ge=1, le=1_000_000)]


class _Record(UntrustedModel):
    created: _Moment
    profile: Name
    config_digest: Hex
    tool_version: Name
    commit: Hex | None
    batch: Hex
    items: _Count
    passed: _Count
    gate_failed: _Count
    failed: _Count
    targets: dict[str, _Value]
    means: dict[str, _Mean]
    skipped: _Count = 0
    languages: Annotated[list[LanguageCode], Field(max_length=200)] = Field(default_factory=list)
    no_speech: _Count = 0
    nothing_to_remove: _Count = 0


class _File(UntrustedModel):
    schema_version: Literal[1]
    settings: dict[Hex, Untrusted]
    records: Annotated[list[_Record], Field(max_length=MAX_RECORDS)]


def record(found: Scorecard) -> Record:
    """Return the record of the build with this scorecard."""
    raw = sorted((item.id, item.raw_digest) for item in found.renders)
    means = {name: mean(found, name) for name in METRICS}
    count = Counter(item.status for item in found.renders)
    return Record(
        created=found.moment.isoformat(timespec="seconds").replace("+00:00", "Z"),
        profile=found.profile,
        config_digest=found.config_digest,
        tool_version=found.tool_version,
        commit=found.commit,
        batch=hashlib.sha256(json.dumps(raw).encode()).hexdigest(),
        items=len(found.items),
        passed=count["pass"],
        gate_failed=count["gate_failed"],
        failed=count["failed"],
        settings=found.settings,
        targets=targets(found.gates),
        means={name: mean for name, mean in means.items() if mean.count},
        skipped=len(found.skipped),
        languages=tuple(sorted({item.language for item in found.renders if item.language})),
        no_speech=count["no_speech"],
        nothing_to_remove=count["nothing_to_remove"],
    )


def read_history(path: Path) -> tuple[Record, ...]:
    """Read the history that earlier builds left at `path`; empty if there is none.

    Raises:
        UsageError: the file is not a history.
    """
    if not path.exists():
        return ()
    return read_json(
        path,
        _history,
        MAX_BYTES,
        what="a history",
        next_step="Put back the one the site has in its downloads, or begin anew by moving this "
        "file away; the next build then knows no earlier one.",
    )


def read_records(path: Path) -> tuple[Record, ...]:
    """Read the builds at `path`: a history, a scorecard, a folder of either, or a site.

    Raises:
        UsageError: there are none, or a file is not valid.
    """
    found: list[Record] = []
    for file in _files(path):
        found += read_json(
            file, _either, MAX_BYTES, what="a history or a scorecard", next_step=_NEXT
        )
    return tuple(found)


def merged(records: Iterable[Record]) -> tuple[Record, ...]:
    """Return the newest `MAX_RECORDS` of `records`, oldest first, each build once.

    Consecutive builds of a profile with equal results count once, with the later time. Builds of
    the same second keep the order in which they were given.
    """
    distinct = {(one.created, one.result): one for one in records}
    kept: dict[int, Record] = {}
    last: dict[str, int] = {}
    ordered = sorted(distinct.values(), key=lambda one: one.created)
    for place, one in enumerate(ordered):
        before = last.get(one.profile)
        if before is not None and kept[before].result == one.result:
            del kept[before]
        kept[place] = one
        last[one.profile] = place
    return tuple(kept.values())[-MAX_RECORDS:]


def history_json(records: Sequence[Record]) -> dict[str, Any]:
    """Return the content of `report/history.json`, with the settings once per configuration."""
    return {
        "schema_version": _SCHEMA_VERSION,
        "settings": {one.config_digest: dict(one.settings) for one in records},
        "records": [
            {key: value for key, value in asdict(one).items() if key != "settings"}
            for one in records
        ],
    }


def _either(values: Any) -> tuple[Record, ...]:
    if isinstance(values, dict) and "records" in values:
        return _history(values)
    return (record(parse_scorecard(values)),)


def _history(values: Any) -> tuple[Record, ...]:
    file = _File.model_validate(values)
    found = []
    for one in file.records:
        means = {
            name: Mean(mean.value, mean.count)
            for name, mean in one.means.items()
            if name in METRICS
        }
        plain = one.model_dump(exclude={"means", "languages"})
        settings = file.settings.get(one.config_digest, {})
        languages = tuple(one.languages)
        found.append(Record(**plain, settings=settings, means=means, languages=languages))
        _ = found[-1].moment  # fails now if the time is not valid
    return tuple(found)


def _files(path: Path) -> Iterator[Path]:
    """Yield the files at `path` that should hold records."""
    if not path.is_dir():
        yield path
        return
    count = 0
    for count, file in enumerate(_below(path, 0), start=1):
        if count > _MAX_FILES:
            raise UsageError(f"{path}: holds more than {_MAX_FILES} files", next_step=_NEXT)
        yield file
    if not count:
        raise UsageError(f"{path}: holds neither history nor scorecard", next_step=_NEXT)


def _below(folder: Path, depth: int) -> Iterator[Path]:
    """Yield every JSON file of a folder and its subfolders.

    Of a site, only its downloads are searched; of a report, not the subfolder with a file per
    render.
    """
    if any((folder / "downloads" / known).is_file() for known in _KNOWN):
        yield from _below(folder / "downloads", _MAX_DEPTH)
        return
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be read ({error.strerror})", next_step=_NEXT) from error
    deeper = depth < _MAX_DEPTH and not any((folder / known).is_file() for known in _KNOWN)
    for entry in entries:
        if entry.name.endswith(".json") and entry.is_file():
            yield Path(entry.path)
        elif deeper and entry.is_dir(follow_symlinks=False):
            yield from _below(Path(entry.path), depth + 1)
