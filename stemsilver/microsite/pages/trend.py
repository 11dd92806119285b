"""The Trend page: every metric across the builds, and the builds that changed one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from stemsilver.microsite.pages.regressions import (
    ShiftedBuild,
    day,
    family_of,
    moments,
    shifted_builds,
    time_of_day,
)
from stemsilver.microsite.parts.charts import (
    LINE_STYLES,
    SIZE,
    Chart,
    Point,
    Segments,
    Size,
    chart,
    shape,
    triangle,
)
from stemsilver.microsite.parts.metric_cells import Family, families
from stemsilver.report import (
    Gate,
    Record,
    Scorecard,
    Shift,
    ShiftSense,
    build_groups,
    change,
    format_value,
    outcomes,
    shifts,
)
from stemsilver.report.text.wording import counted
from stemsilver.translation import N_, ngettext
from stemsilver.translation import gettext as _

SHOWN = 100
"""How many builds the page shows, the newest ones; its verdicts use all builds."""

_NAMED = 4
_TURNS: dict[ShiftSense, str] = {
    "worse": N_("worse in the build of {build}"),
    "better": N_("better in the build of {build}"),
}
_GOT: dict[ShiftSense, str] = {"worse": N_("got worse"), "better": N_("got better")}
# In tolerances: a metric that got worse has recovered if it is this near to its earlier value.
_RECOVERED = 2.0


@dataclass(frozen=True)
class FamilyChart:
    """A metric's chart, with the newest mean of this build's profile in words.

    `over` and `raw_over` say over how many renders `now` and `raw` are means, unless both are over
    all that were cleaned. `since` is the last marked build with these renders, `limit` the gate.
    """

    family: Family
    chart: Chart
    now: str
    over: str
    raw: str | None
    raw_over: str
    limit: str | None
    sense: ShiftSense | None
    since: str | None
    summary: str

    @property
    def reads(self) -> str:
        """How to read the values: their unit, what is better, and the gate."""
        if self.limit is None:
            return self.family.reads
        gate = _("gate {limit}").format(limit=self.limit)
        if not self.chart.gates:
            gate = _("gate {limit}, outside the chart").format(limit=self.limit)
        # A metric with a gate is not only for information.
        return gate if self.family.clean.direction == "none" else f"{self.family.reads}; {gate}"


@dataclass(frozen=True)
class TrendCell:
    """A build's mean of one metric; `sense` is set if it is marked."""

    text: str
    sense: ShiftSense | None


@dataclass(frozen=True)
class BuildRow:
    """A build in the table; `other` says that its renders differ from those of the build before.

    `moment` is the day, with the time if another build has the same day. `outcomes` counts the
    renders.
    """

    record: Record
    day: str
    time: str
    moment: str
    other: bool
    outcomes: str
    cells: tuple[TrendCell, ...]


@dataclass(frozen=True)
class Key:
    """An entry of the legend; `kind` is profile, raw, gate, break, worse or better."""

    kind: str
    look: int
    shape: str
    label: str


@dataclass(frozen=True)
class Trend:
    """Everything the Trend page shows. `tone` is pass, fail, or none if nothing is judged.

    Without a second build there is nothing to draw: no `keys` and no `charts`.
    """

    tone: str
    sentence: str
    profile: str
    builds: int
    shown: int
    keys: tuple[Key, ...]
    charts: tuple[FamilyChart, ...]
    marked: tuple[ShiftedBuild, ...]
    rows: tuple[BuildRow, ...]
    families: tuple[Family, ...]
    size: Size = SIZE


def trend(history: Sequence[Record], build: Scorecard) -> Trend:
    """Return the page for the builds of `history`, oldest first, of which `build` is one."""
    found = shifts(history)
    when = moments(history)
    tone, sentence = _verdict(history, found, build.profile, when)
    first = max(0, len(history) - SHOWN)
    shown, when = history[first:], when[first:]
    said = {
        (shift.at - first, shift.metric): replace(shift, at=shift.at - first)
        for shift in found
        if shift.at >= first
    }
    measured = tuple(
        family for family in families() if any(family.clean.name in one.means for one in shown)
    )
    parts = build_groups(shown)
    # This build's profile has the first line style.
    order = sorted(parts, key=lambda name: name != build.profile)
    limits = {gate.metric: gate for gate in build.gates}
    charts = tuple(
        _chart(family, shown, when, [parts[name] for name in order], said, limits)
        for family in (measured if len(shown) > 1 else ())
    )
    return Trend(
        tone=tone,
        sentence=sentence,
        profile=build.profile,
        builds=len(history),
        shown=len(shown),
        keys=_keys(order, charts),
        charts=charts,
        marked=shifted_builds(history, [shift for shift in found if shift.at >= first]),
        rows=tuple(reversed(_rows(shown, when, parts, measured, said))),
        families=measured,
    )


def _verdict(
    history: Sequence[Record], found: Sequence[Shift], profile: str, when: Sequence[str]
) -> tuple[str, str]:
    """Return the tone of the page and its sentence, without a full stop."""
    parts = build_groups(history).get(profile, ())
    if not parts or len(parts) == len(parts[0]) == 1:
        sentence = _("This is the first build with the profile {profile}; the next adds a point")
        return "none", sentence.format(profile=profile)
    now = parts[-1][-1]
    here = [shift for shift in found if shift.at == now]
    if worse := [shift for shift in here if shift.sense == "worse"]:
        return "fail", _("{metrics} got worse in this build").format(metrics=_names(worse))
    standing = _unrecovered(history, parts[-1], found)
    if standing:
        since = max(shift.at for shift in standing)
        newest = [shift for shift in standing if shift.at == since]
        sentence = ngettext(
            "{metrics} has been worse since the build of {build}",
            "{metrics} have been worse since the build of {build}",
            len(newest),
        ).format(metrics=_names(newest), build=when[since])
        if rest := len(standing) - len(newest):
            sentence += _(", and {count} more since earlier builds").format(count=rest)
        return "fail", sentence
    if len(parts[-1]) == 1:
        return "none", _(
            "The renders differ from those of the build before, so the two cannot be compared"
        )
    sentence = _("No metric is worse than in the builds before")
    if here:
        sentence += _("; {metrics} got better in this one").format(metrics=_names(here))
    return "pass", sentence


def _unrecovered(
    history: Sequence[Record], part: Sequence[int], found: Sequence[Shift]
) -> list[Shift]:
    """Return the newest worsening of each metric that has not recovered since."""
    now = history[part[-1]]
    standing = {}
    for shift in found:
        mean = now.means.get(shift.metric)
        if shift.at in part and shift.sense == "worse" and mean is not None:
            target = now.targets.get(shift.metric)
            since = change(shift.metric, shift.before.value, mean.value, target)
            if since.severity > _RECOVERED:
                standing[shift.metric] = shift
    return list(standing.values())


def _names(found: Sequence[Shift]) -> str:
    labels = [family_of(shift).label for shift in found]
    if len(labels) > _NAMED:
        more = _("{count} more metrics").format(count=len(labels) - _NAMED + 1)
        labels = [*labels[: _NAMED - 1], more]
    if len(labels) == 1:
        return labels[0]
    return _("{first} and {last}").format(first=", ".join(labels[:-1]), last=labels[-1])


def _chart(
    family: Family,
    shown: Sequence[Record],
    when: Sequence[str],
    profiles: Sequence[Sequence[Sequence[int]]],
    said: Mapping[tuple[int, str], Shift],
    limits: Mapping[str, Gate],
) -> FamilyChart:
    name = family.clean.name
    own = profiles[0]
    lines = [_points(shown, when, parts, name, said) for parts in profiles]
    raw = _points(shown, when, own, family.raw.name, {}) if family.raw else []
    gate = limits.get(name)
    edges = [one for one in (gate.minimum, gate.maximum) if one is not None] if gate else []
    marked = [said[at, name] for at in own[-1] if (at, name) in said]
    last = marked[-1] if marked else None
    over, raw_over = _over(shown, (name, lines[0]), (family.raw.name if family.raw else "", raw))
    return FamilyChart(
        family=family,
        chart=chart(family.clean, len(shown), lines, raw, edges, [part[0] for part in own[1:]]),
        now=_newest(name, lines[0]),
        over=over,
        raw=_newest(name, raw) if family.raw else None,
        raw_over=raw_over,
        limit=gate.limit if gate else None,
        sense=last.sense if last else None,
        since=when[last.at] if last else None,
        summary=_summary(family, lines, said.values(), when),
    )


def _points(
    shown: Sequence[Record],
    when: Sequence[str],
    parts: Sequence[Sequence[int]],
    name: str,
    said: Mapping[tuple[int, str], Shift],
) -> Segments:
    """Return a profile's means of a metric, as lines that also break where one is missing."""
    lines: list[list[Point]] = []
    for part in parts:
        lines.append([])
        for place in part:
            mean = shown[place].means.get(name)
            if mean is None or mean.value is None:
                lines.append([])
                continue
            shift = said.get((place, name))
            title = f"{_build(shown[place], when[place])}: {format_value(name, mean.value)}"
            if shift:
                than = (
                    _("worse than {value}") if shift.sense == "worse" else _("better than {value}")
                )
                title += ", " + than.format(value=format_value(name, shift.before.value))
            lines[-1].append(Point(place, mean.value, title, shift.sense if shift else None))
    return [line for line in lines if line]


def _newest(name: str, lines: Segments) -> str:
    return format_value(name, lines[-1][-1].value if lines else None)


def _over(shown: Sequence[Record], *series: tuple[str, Segments]) -> list[str]:
    """Return over how many renders the newest mean of each series is, in words.

    All are empty if each mean is over every render that was cleaned. Otherwise a reader who
    compares them must know that they may be means of different renders.
    """
    found, whole = [], True
    for name, lines in series:
        if not lines:
            found.append("")
            continue
        one = shown[lines[-1][-1].place]
        count = one.means[name].count
        whole = whole and count == one.items - one.failed
        found.append(_("mean of {renders}").format(renders=counted(count, "render")))
    return [""] * len(found) if whole else found


def _summary(
    family: Family, lines: Sequence[Segments], marked: Iterable[Shift], when: Sequence[str]
) -> str:
    """Describe a chart in words for readers who cannot see it; the table has every value."""
    name = family.clean.name
    values = [point.value for line in lines for run in line for point in run]
    low, high = (format_value(name, one) for one in (min(values), max(values)))
    turns = "".join(
        "; " + _(_TURNS[shift.sense]).format(build=when[shift.at])
        for shift in marked
        if shift.metric == name
    )
    text = _("{metric} over {builds}: from {low} to {high}")
    builds = counted(len(when), "build")
    return text.format(metric=family.label, builds=builds, low=low, high=high) + turns


def _rows(
    shown: Sequence[Record],
    when: Sequence[str],
    parts: Mapping[str, Sequence[Sequence[int]]],
    measured: Sequence[Family],
    said: Mapping[tuple[int, str], Shift],
) -> list[BuildRow]:
    others = {part[0] for builds in parts.values() for part in builds[1:]}
    return [
        BuildRow(
            record=one,
            day=day(one),
            time=time_of_day(one),
            moment=when[place],
            other=place in others,
            outcomes=outcomes(
                one.items,
                passed=one.passed,
                nothing_to_remove=one.nothing_to_remove,
                gate_failed=one.gate_failed,
                no_speech=one.no_speech,
                failed=one.failed,
            ),
            cells=tuple(
                _cell(one, family, said.get((place, family.clean.name))) for family in measured
            ),
        )
        for place, one in enumerate(shown)
    ]


def _cell(one: Record, family: Family, shift: Shift | None) -> TrendCell:
    mean = one.means.get(family.clean.name)
    text = format_value(family.clean.name, mean.value if mean else None)
    return TrendCell(text, shift.sense if shift else None)


def _keys(profiles: Sequence[str], charts: Sequence[FamilyChart]) -> tuple[Key, ...]:
    """Return the legend of what the charts contain."""
    drawn = [one.chart for one in charts]
    senses = {one.sense for each in drawn for line in each.lines for one in line.points}
    keys = [
        Key("profile", look % LINE_STYLES, shape(look % LINE_STYLES), name)
        for look, name in enumerate(profiles)
        if any(one.lines[look].points for one in drawn)
    ]
    if any(one.raw for one in drawn):
        keys.append(Key("raw", 0, "", _("raw")))
    if any(one.gates for one in drawn):
        keys.append(Key("gate", 0, "", _("gate")))
    if any(one.breaks for one in drawn):
        keys.append(Key("break", 0, "", _("other renders from here on")))
    turns: tuple[ShiftSense, ...] = ("worse", "better")
    keys += [Key(turn, 0, triangle(turn), _(_GOT[turn])) for turn in turns if turn in senses]
    return tuple(keys)


def _build(one: Record, when: str) -> str:
    commit = [one.commit[:7]] if one.commit else []
    return ", ".join([when, *commit])
