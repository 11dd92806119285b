"""The builds that changed a metric, and the settings that changed in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from stemsilver.microsite.parts.metric_cells import Family, families
from stemsilver.report import Record, Shift, ShiftSense, build_groups, format_value
from stemsilver.report.scorecard.settings import Setting
from stemsilver.report.text.wording import setting
from stemsilver.translation import gettext as _
from stemsilver.translation import short_date

_MAX_SETTINGS = 12
_MAX_TEXT = 60


@dataclass(frozen=True)
class SettingChange:
    """A setting that differs between two builds, with both values as text."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class ShiftedMetric:
    """A metric that a build changed; `note` says if the number of measured renders differs."""

    family: Family
    before: str
    after: str
    sense: ShiftSense
    note: str


@dataclass(frozen=True)
class ShiftedBuild:
    """A build that changed metrics, and the settings that differ from the build before.

    `known` is False if a build did not record its settings; `more` counts settings left out.
    """

    record: Record
    day: str
    time: str
    metrics: tuple[ShiftedMetric, ...]
    known: bool
    settings: tuple[SettingChange, ...]
    more: int


def shifted_builds(history: Sequence[Record], found: Sequence[Shift]) -> tuple[ShiftedBuild, ...]:
    """Return the builds of these shifts, the newest first."""
    before = {
        place: earlier
        for parts in build_groups(history).values()
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
        note=""
        if was.count == now.count
        else _("on {count} renders, {before} before").format(count=now.count, before=was.count),
    )


def _settings(before: Record, now: Record) -> tuple[SettingChange, ...]:
    """Return the settings that differ, if both builds recorded theirs, and the version."""
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
    """Format a setting as in a profile; a dash if the profile does not have it.

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
    """Return the metric of a shift."""
    return next(one for one in families() if one.clean.name == shift.metric)


def day(build: Record) -> str:
    """Return the day of a build, in UTC."""
    return short_date(build.moment)


def time_of_day(build: Record) -> str:
    """Return the time of a build, in UTC."""
    return f"{build.moment:%H:%M} UTC"


def moments(builds: Sequence[Record]) -> tuple[str, ...]:
    """Return when each of `builds` was made: its day, and its time if another has the same day."""
    days = Counter(map(day, builds))
    return tuple(
        day(one) if days[day(one)] == 1 else f"{day(one)}, {time_of_day(one)}" for one in builds
    )
