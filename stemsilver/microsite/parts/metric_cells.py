"""Metrics as pages show them: raw and clean side by side, each a value or the reason for none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeAlias

from stemsilver.evaluation.catalogue import METRICS, Metric
from stemsilver.records import Score
from stemsilver.report import (
    ScoredRender,
    Verdict,
    change,
    display_unit,
    format_score,
    format_tolerance,
    metric_label,
    with_unit,
)
from stemsilver.translation import N_, localised, shown
from stemsilver.translation import gettext as _

CellSense: TypeAlias = Literal["better", "worse", "same", "none"]
"""The meaning of a change; `none` if there is nothing to compare or neither value is better."""

_SENSES: dict[str, CellSense] = {"better": "better", "worse": "worse", "same": "same"}
_DIRECTIONS = {
    "higher": N_("higher is better"),
    "lower": N_("lower is better"),
    "target": N_("nearer the target is better"),
    "none": N_("for information"),
}


@dataclass(frozen=True)
class Family:
    """A metric and its variants: measured on raw and on clean, or only once.

    `anchor` is its id on the Method page; `raw` is None if it is measured once.
    """

    anchor: str
    raw: Metric | None
    clean: Metric

    @property
    def label(self) -> str:
        """Its label in the language of the site."""
        return metric_label(self.clean.name)

    @property
    def direction(self) -> str:
        """Which direction is better, in words."""
        return _(_DIRECTIONS[self.clean.direction])

    @property
    def unit(self) -> str:
        """The unit in which its values are shown."""
        return display_unit(self.clean.name)

    @property
    def tolerance(self) -> str:
        """The largest difference that is noise, with its unit."""
        return format_tolerance(self.clean.name)

    @property
    def reads(self) -> str:
        """How to read a value: its unit, unless the value shows it, and what is better."""
        return self.direction if self.unit == "%" else f"{self.unit}, {self.direction}"

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its metrics, raw first."""
        return tuple(metric.name for metric in (self.raw, self.clean) if metric is not None)


@dataclass(frozen=True)
class Reading:
    """One value as text, the number to sort by, and the reason, in English, for no value."""

    text: str
    order: str
    reason: str | None


@dataclass(frozen=True)
class Measurement:
    """The readings of a family for one render, raw first, and the verdict if it has a gate.

    `sense` is the meaning of the change from raw to clean.
    """

    family: Family
    readings: tuple[Reading, ...]
    sense: CellSense
    verdict: Verdict | None

    @property
    def measured(self) -> bool:
        """Whether there is any value."""
        return any(reading.reason is None for reading in self.readings)

    @property
    def judged(self) -> str:
        """The value that the gate checks, with the unit in which its limit is given."""
        text = self.readings[-1].text
        if self.verdict is None:
            return text
        return with_unit(self.family.clean.name, text, self.verdict.limit)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why values are missing, in English, each reason once."""
        return tuple(dict.fromkeys(r.reason for r in self.readings if r.reason is not None))


@dataclass(frozen=True)
class OfferedFile:
    """A file to download; `name` is its name on the reader's machine."""

    heading: str
    href: str
    name: str
    size: str


@dataclass(frozen=True)
class Standing:
    """The outcome of a render as a mark, a word and a style, never as a colour alone.

    `rank` sorts renders that need attention to the front. `failed`: the build is not in order
    because of it.
    """

    rank: int
    mark: str
    english: str
    style: str
    failed: bool = False

    @property
    def word(self) -> str:
        """The word in the language of the site."""
        return _(self.english)


_STANDINGS = {
    "pass": Standing(2, "✓", N_("pass"), "pass"),
    "nothing_to_remove": Standing(2, "✓", N_("nothing to remove"), "pass"),
    "gate_failed": Standing(1, "✗", N_("gate failed"), "fail", failed=True),
    "no_speech": Standing(1, "–", N_("no speech found"), "none"),
    "unmeasured": Standing(1, "–", N_("not measured"), "none"),
    "failed": Standing(0, "⊘", N_("not cleaned"), "none", failed=True),
}


@cache
def families() -> tuple[Family, ...]:
    """Return the catalogue with raw and clean brought together, in column order.

    >>> [family.label for family in families()][:2]
    ['Integrated loudness', 'True peak']
    """
    return families_of(METRICS)


def families_of(metrics: Mapping[str, Metric]) -> tuple[Family, ...]:
    """Return metrics with raw and clean brought together, in their order."""
    found = []
    for name, metric in metrics.items():
        if name.startswith("clean_"):
            base = name.removeprefix("clean_")
            found.append(Family(base, metrics[f"raw_{base}"], metric))
        elif not name.startswith("raw_"):
            found.append(Family(name, None, metric))
    return tuple(found)


def family_at(anchor: str) -> Family:
    """Return the family with this id on the Method page."""
    return next(one for one in families() if one.anchor == anchor)


def measurements(item: ScoredRender) -> dict[str, Measurement]:
    """Return everything measured on `item`, by the anchor of its family."""
    found = item.scores
    # Without speech, no gate applies.
    verdicts = () if item.status == "no_speech" else item.verdicts
    said = {verdict.metric: verdict for verdict in verdicts}

    def meaning(family: Family) -> CellSense:
        # If only the level was changed, nothing became better or worse: DNSMOS depends on it.
        if family.raw is None or item.lacks == "music":
            return "none"
        return sense(family, *(found[name] for name in family.names))

    return {
        family.anchor: Measurement(
            family,
            tuple(read(name, found[name]) for name in family.names),
            meaning(family),
            said.get(family.clean.name),
        )
        for family in families()
    }


def sense(family: Family, before: Score, after: Score) -> CellSense:
    """Return the meaning of the metric's change from `before` to `after`."""
    found = change(family.clean.name, before.value, after.value).sense
    return _SENSES.get(found, "none")


def standing(item: ScoredRender) -> Standing:
    """Return the outcome of `item`, as its page and its row show it."""
    return _STANDINGS[item.status]


def words(code: str) -> str:
    """Return a stable code word as readable text, in the language of the site.

    >>> words("too_short")
    'too short'
    """
    return shown(code.replace("_", " "))


def size(count: int) -> str:
    """Format a number of bytes for people, in decimal units.

    >>> size(640), size(2_340_000)
    ('640 B', '2.3 MB')
    """
    for limit, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count >= limit:
            return localised(f"{count / limit:.1f} {unit}")
    return f"{count} B"


def read(name: str, score: Score) -> Reading:
    """Return the score of the metric `name` as the pages show it."""
    if score.value is None:
        return Reading(format_score(name, score), "", (score.reason or "").replace("_", " "))
    return Reading(format_score(name, score), repr(score.value), None)
