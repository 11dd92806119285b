"""The front page of a bake-off: profiles side by side, over the batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stemsilver.microsite.pages.overview import Download, download_links
from stemsilver.microsite.parts.metric_cells import (
    Family,
    Reading,
    Standing,
    family_at,
    read,
    standing,
)
from stemsilver.microsite.parts.player import PlayedTrack
from stemsilver.microsite.parts.worse import BecameWorse, WorseRender, listed, worse_renders
from stemsilver.records import Evidence, Failure, Score
from stemsilver.report import (
    OWN_STAGE_A,
    Bakeoff,
    BakeoffColumn,
    Check,
    MeanDiff,
    ProfileRun,
    ScoredRender,
    bakeoff_columns,
    change_cells,
    diff,
    factor_words,
    faults,
    memory_words,
    metric_heading,
    totals,
)
from stemsilver.report.text.wording import clock
from stemsilver.translation import N_
from stemsilver.translation import gettext as _

MAX_PROFILES = 6
"""The most profiles that one player can switch between, each in a colour of its own."""

_NO_VALUE = Score.missing(N_("not measured under every profile"))
_JUDGED = {
    "promoted": Standing(0, "✓", N_("promoted"), "pass"),
    "not_promoted": Standing(1, "✗", N_("not promoted"), "fail"),
    "not_judged": Standing(2, "–", N_("cannot be judged"), "none"),
}


@dataclass(frozen=True)
class BakeoffCell:
    """A mean, whether it equals the best one within noise, and the worst render beside it.

    `worst` is its value; None if there is no render. `path` and `href` are its name and its page.
    """

    reading: Reading
    best: bool
    worst: Reading | None
    path: str
    href: str


@dataclass(frozen=True)
class Means:
    """The means of a metric under every profile, over `count` renders.

    `raw` is None if the metric is measured once; `own` tells if it uses each chain's own Stage A.
    """

    family: Family
    own: bool
    raw: Reading | None
    cells: tuple[BakeoffCell, ...]
    count: int


@dataclass(frozen=True)
class ProfileCost:
    """A profile: the outcome of its renders, and its cost."""

    name: str
    cleaned: str
    passed: str
    factor: str
    memory: str
    gpu: str
    device: str


@dataclass(frozen=True)
class WitnessRow:
    """What a witness measured."""

    label: str
    cells: tuple[str, str, str, str]
    count: int


@dataclass(frozen=True)
class PromotionView:
    """The result of the promotion rule for a candidate. `verdict` begins with its verb.

    `worse` are the renders that it makes worse than the incumbent does.
    """

    anchor: str
    name: str
    standing: Standing
    verdict: str
    because: str
    checks: tuple[Check, ...]
    witnesses: tuple[WitnessRow, ...]
    worse: BecameWorse


@dataclass(frozen=True)
class Version:
    """A render under one profile. `failure` is None if it was cleaned."""

    name: str
    standing: Standing
    faults: tuple[str, ...]
    failure: Failure | None
    readings: tuple[Reading, ...]


@dataclass(frozen=True)
class Group:
    """A render under every profile, in the table of the bake-off."""

    href: str
    path: str
    length: str
    versions: tuple[Version, ...]


@dataclass(frozen=True)
class Front:
    """Everything on the front page of a bake-off."""

    incumbent: str
    judge: str
    minutes: float
    means: tuple[Means, ...]
    contenders: tuple[ProfileCost, ...]
    on_gpu: bool
    promotions: tuple[PromotionView, ...]
    groups: tuple[Group, ...]
    downloads: tuple[Download, ...]

    @property
    def style(self) -> str:
        """The style of the page's head: `pass` if any candidate is promoted."""
        return "pass" if any(one.standing.style == "pass" for one in self.promotions) else "none"


def front(
    found: Bakeoff, reports: Sequence[Path], worse: Mapping[str, Sequence[WorseRender]]
) -> Front:
    """Return the front page.

    Args:
        found: The judged runs.
        reports: The files offered for download.
        worse: The renders that each candidate makes worse, by its name.
    """
    shown = bakeoff_columns(found)
    return Front(
        incumbent=found.incumbent.name,
        judge=found.judge.name,
        minutes=sum(item.duration for item in found.renders) / 60,
        means=tuple(_means(one) for one in shown),
        contenders=tuple(_contender(run) for run in found.runs),
        on_gpu=any(run.cost.gpu_peak_bytes is not None for run in found.runs),
        promotions=tuple(_promotions(found, worse)),
        groups=tuple(
            Group(
                f"renders/{item.id}.html",
                item.path,
                clock(item.duration) if item.rate else "—",
                versions(found, item.id, shown),
            )
            for item in found.renders
        ),
        downloads=download_links(reports),
    )


def worse_than_incumbent(
    found: Bakeoff,
    tracks: Mapping[str, Mapping[int, PlayedTrack]],
    evidence: Sequence[Mapping[str, Evidence]],
) -> dict[str, tuple[WorseRender, ...]]:
    """Return the renders that each candidate makes worse than the incumbent, by its name.

    `tracks` are the cleaned versions of each render, by its id and the index of their profile.
    `evidence` is what was measured on each render, by its id, for each run.
    """
    return {
        run.name: worse_renders(
            diff(found.incumbent.scorecard, run.scorecard),
            {id_: versions[at].name for id_, versions in tracks.items() if at in versions},
            evidence[at],
        )
        for at, run in enumerate(found.runs)
        if run is not found.incumbent
    }


def bakeoff_family(metric: str) -> Family:
    """Return the family of a metric of the bake-off."""
    return family_at(metric.removeprefix("clean_"))


def _reading(column: BakeoffColumn, value: float | None) -> Reading:
    return read(column.metric, _NO_VALUE if value is None else Score(value))


def _means(column: BakeoffColumn) -> Means:
    return Means(
        family=bakeoff_family(column.metric),
        own=column.metric in OWN_STAGE_A,
        raw=None if column.raw is None else _reading(column, column.raw),
        cells=tuple(
            _cell(column, value, best, worst)
            for value, best, worst in zip(column.values, column.best, column.worst, strict=True)
        ),
        count=column.count,
    )


def _cell(
    column: BakeoffColumn, value: float | None, best: bool, worst: ScoredRender | None
) -> BakeoffCell:
    mean = _reading(column, value)
    if worst is None:
        return BakeoffCell(mean, best, None, "", "")
    found = read(column.metric, worst.scores[column.metric])
    return BakeoffCell(mean, best, found, worst.path, f"renders/{worst.id}.html")


def _contender(run: ProfileRun) -> ProfileCost:
    count = totals(run.scorecard)
    return ProfileCost(
        name=run.name,
        cleaned=_("{count} of {items}").format(count=count.cleaned, items=count.items),
        passed=_("{count} of {items}").format(count=count.passed, items=count.items),
        factor=factor_words(run.cost),
        memory=memory_words(run.cost.peak_bytes),
        gpu=memory_words(run.cost.gpu_peak_bytes),
        device=run.scorecard.device,
    )


def _promotions(
    found: Bakeoff, worse: Mapping[str, Sequence[WorseRender]]
) -> Sequence[PromotionView]:
    return [
        PromotionView(
            anchor=f"promotion-{at}",
            name=run.name,
            standing=_JUDGED[run.ruling.judgement],
            verdict=run.ruling.verdict,
            because=run.ruling.because,
            checks=run.ruling.checks,
            witnesses=tuple(_seen(one) for one in run.ruling.witnesses),
            worse=listed(worse.get(run.name, ())),
        )
        for at, run in enumerate(found.runs)
        if run.ruling is not None
    ]


def _seen(one: MeanDiff) -> WitnessRow:
    return WitnessRow(metric_heading(one.change.metric), change_cells(one.change), one.count)


def versions(found: Bakeoff, id_: str, shown: Sequence[BakeoffColumn]) -> tuple[Version, ...]:
    """Return the render with this id under every profile."""
    return tuple(
        Version(
            name=run.name,
            standing=standing(item),
            faults=faults(item),
            failure=item.failure,
            readings=tuple(read(one.metric, item.scores[one.metric]) for one in shown),
        )
        for run in found.runs
        for item in (run.scorecard.items[id_],)
    )
