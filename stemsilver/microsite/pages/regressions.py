"""The builds that changed a metric, and what was changed in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from stemsilver.microsite.parts.metric_cells import Family, families
from stemsilver.report import Record, Shift, ShiftSense, format_value, runs
from stemsilver.report.scorecard.settings import Setting
from stemsilver.report.text.wording import setting

_MAX_SETTINGS = 12
_MAX_TEXT = 60


@dataclass(frozen=True)
class SettingChange:
    """A setting that two builds have different values of, as text."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class ShiftedMetric:
    """A metric that a build changed; `note` says where it was measured on other renders."""

    family: Family
    before: str
    after: str
    sense: ShiftSense
    note: str


@dataclass(frozen=True)
class ShiftedBuild:
    """A build that changed metrics, and the settings that it changed itself.

    `known` is False where a build did not say how it was set; `more` counts settings left out.
    """

    record: Record
    day: str
    time: str
    metrics: tuple[ShiftedMetric, ...]
    known: bool
    settings: tuple[SettingChange, ...]
    more: int


def shifted_builds(history: Sequence[Record], found: Sequence[Shift]) -> tuple[ShiftedBuild, ...]:
    """The builds of these shifts, the newest first."""
    before = {
        place: earlier
        for parts in runs(history).values()
        for part in parts
        for earlier, place in pairwise(part)
    }
    places = sorted({shift.at for shift in found}, reverse=True)
    return tuple(
        _marked_build(
            history[place], history[before[place]], [shift for shift in found if shift.at == place]
        )
        for place in places
    )


def _marked_build(now: Record, before: Record, found: Sequence[Shift]) -> ShiftedBuild:
    changed = _settings(before, now)
    return ShiftedBuild(
        record=now,
        day=day(now),
        time=time_of_day(now),
        metrics=tuple(map(_shifted_metric, found)),
        known=bool(now.settings and before.settings),
        settings=changed[:_MAX_SETTINGS],
        more=len(changed[_MAX_SETTINGS:]),
    )


def _shifted_metric(shift: Shift) -> ShiftedMetric:
    was, now = shift.before, shift.after
    return ShiftedMetric(
        family=family_of(shift),
        before=format_value(shift.metric, was.value),
        after=format_value(shift.metric, now.value),
        sense=shift.sense,
        note="" if was.count == now.count else f"on {now.count} renders, {was.count} before",
    )


def _settings(before: Record, now: Record) -> tuple[SettingChange, ...]:
    """The settings that differ, where both builds say how they were set, and the version."""
    names = [*now.settings, *(name for name in before.settings if name not in now.settings)]
    pairs = [
        (name, before.settings.get(name), now.settings.get(name))
        for name in names
        if before.settings and now.settings
    ]
    pairs.append(("Stemsilver", before.tool_version, now.tool_version))
    return tuple(
        SettingChange(name, _value(was), _value(value))
        for name, was, value in pairs
        if was != value
    )


def _value(value: Setting) -> str:
    """A setting as a profile has it; the dash is one that it does not have.

    >>> _value(0.25), _value(False), _value(None)
    ('0.25', 'false', '—')
    """
    if value is None:
        return "—"
    if isinstance(value, bool):
        return str(value).lower()
    text = setting(value) if isinstance(value, int | float) else value
    return text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}…"


def family_of(shift: Shift) -> Family:
    """The metric of a shift."""
    return next(one for one in families() if one.clean.name == shift.metric)


def day(build: Record) -> str:
    """The day of a build, in UTC."""
    return f"{build.moment.day} {build.moment:%b %Y}"


def time_of_day(build: Record) -> str:
    """The time of a build."""
    return f"{build.moment:%H:%M} UTC"


def moments(builds: Sequence[Record]) -> tuple[str, ...]:
    """When each of `builds` was made: its day, and its time where another one has the same day."""
    days = Counter(map(day, builds))
    return tuple(
        day(one) if days[day(one)] == 1 else f"{day(one)}, {time_of_day(one)}" for one in builds
    )
