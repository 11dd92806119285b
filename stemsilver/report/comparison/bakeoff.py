"""A bake-off: one batch under several profiles, all judged alike. Its main output is the JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from stemsilver.config import Profile
from stemsilver.evaluation.catalogue import METRICS
from stemsilver.records import Score
from stemsilver.report.comparison.change import change
from stemsilver.report.comparison.diff import MeanDiff
from stemsilver.report.comparison.guardrail import Check
from stemsilver.report.comparison.promotion import Ruling, rule_on
from stemsilver.report.scorecard.cost import Cost
from stemsilver.report.scorecard.scorecard import Scorecard, ScoredRender
from stemsilver.report.scorecard.scores import mean_of
from stemsilver.report.scorecard.verdicts import totals

SCHEMA_VERSION = 1

SHOWN = (
    "clean_music_presence",
    "clean_pause_floor_db",
    "clean_dnsmos_ovrl",
    "clean_dnsmos_sig",
    "wer_raw_to_clean",
    "clean_script_wer",
    "music_to_speech_db",
    "stoi_vs_stage_a",
    "si_sdr_improvement_db",
)
"""The metrics by which profiles are compared, in the order of the columns."""

OWN_STAGE_A = frozenset({"music_to_speech_db", "stoi_vs_stage_a"})
"""The metrics of `SHOWN` that use each chain's own Stage A estimates."""


@dataclass(frozen=True)
class ProfileRun:
    """The batch under one profile, with the evaluation and gates of the judge.

    `ruling` is None for the incumbent, because it replaces nothing.
    """

    scorecard: Scorecard
    profile: Profile
    cost: Cost
    ruling: Ruling | None

    @property
    def name(self) -> str:
        """The profile's name, which is unique among the runs."""
        return self.profile.name


@dataclass(frozen=True)
class Bakeoff:
    """The runs of a bake-off, the incumbent's first; all have the same renders.

    `judge` is the profile whose evaluation and gates judged all runs.
    """

    judge: Profile
    runs: tuple[ProfileRun, ...]

    @property
    def incumbent(self) -> ProfileRun:
        """The run that the candidates may replace."""
        return self.runs[0]

    @property
    def renders(self) -> tuple[ScoredRender, ...]:
        """The renders, as the incumbent cleaned them."""
        return self.incumbent.scorecard.renders

    @property
    def candidates(self) -> tuple[ProfileRun, ...]:
        """All other runs."""
        return self.runs[1:]


@dataclass(frozen=True)
class BakeoffColumn:
    """The means of a metric over the `count` renders that have a value in every run, and in raw.

    `raw` is None if the metric is not measured on raw. `values` has one mean per run. `best` marks
    the values that equal the best one within noise; none is marked if all are alike or no value is
    known. `worst` has, for each run, the worst of these renders as that run cleaned it.
    """

    metric: str
    raw: float | None
    values: tuple[float | None, ...]
    best: tuple[bool, ...]
    count: int
    worst: tuple[ScoredRender | None, ...]


def bakeoff(runs: Sequence[tuple[Scorecard, Profile, Cost]], judge: Profile) -> Bakeoff:
    """Apply the promotion rule of the first run's profile to every other run."""
    incumbent, rule = runs[0][0], runs[0][1].promotion
    return Bakeoff(
        judge,
        tuple(
            ProfileRun(card, profile, cost, rule_on(incumbent, card, rule) if index else None)
            for index, (card, profile, cost) in enumerate(runs)
        ),
    )


def bakeoff_columns(found: Bakeoff) -> tuple[BakeoffColumn, ...]:
    """Return a column for each metric of `SHOWN` that any render has a value of."""
    every = [_column(found, metric) for metric in SHOWN]
    return tuple(one for one in every if one.count or _anywhere(found, one.metric))


def bakeoff_json(found: Bakeoff) -> dict[str, Any]:
    """Return a bake-off as JSON-serialisable values, without what each run's own scorecard has.

    The result has no NaN or infinity: `json.dumps(…, allow_nan=False)` succeeds. Means are over the
    renders that have a value under every profile; `seconds` and bytes are only of the cleaning
    chain.
    """
    first = found.incumbent.scorecard
    columns = bakeoff_columns(found)
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "stemsilver", "version": first.tool_version, "commit": first.commit},
        "created": first.created,
        "judge": found.judge.name,
        "incumbent": found.incumbent.name,
        "rule": found.incumbent.profile.promotion.model_dump(mode="json"),
        "means": {
            one.metric: {
                "renders": one.count,
                "raw": one.raw,
                "profiles": _named(found, one.values),
                "best": [run.name for run, best in zip(found.runs, one.best, strict=True) if best],
            }
            for one in columns
        },
        "profiles": [_run(run) for run in found.runs],
        "items": [
            {
                "id": item.id,
                "path": item.path,
                "profiles": {
                    run.name: {
                        "status": run.scorecard.items[item.id].status,
                        "metrics": {
                            one.metric: asdict(run.scorecard.items[item.id].scores[one.metric])
                            for one in columns
                        },
                    }
                    for run in found.runs
                },
            }
            for item in found.renders
        ],
    }


def _column(found: Bakeoff, metric: str) -> BakeoffColumn:
    twin = metric.replace("clean_", "raw_", 1)
    raw_name = twin if twin != metric and twin in METRICS else None
    rows, counted = [], []
    for item in found.renders:
        sides = [run.scorecard.items[item.id].scores for run in found.runs]
        row = [side[metric] for side in sides]
        # The raw score is the same under every profile; a failed render has none.
        row.insert(0, sides[0][raw_name] if raw_name else Score(0.0))
        if all(score.value is not None for score in row):
            rows.append(row)
            counted.append(item.id)
    means = [mean_of(row[side] for row in rows).value for side in range(len(found.runs) + 1)]
    values = tuple(means[1:])
    return BakeoffColumn(
        metric,
        means[0] if raw_name else None,
        values,
        _best(metric, values),
        len(rows),
        tuple(_worst(metric, [run.scorecard.items[id_] for id_ in counted]) for run in found.runs),
    )


def _worst(metric: str, items: Sequence[ScoredRender]) -> ScoredRender | None:
    """Return the render with the worst value; all of `items` have one."""
    sign = 1 if METRICS[metric].direction == "higher" else -1
    return min(items, key=lambda item: sign * (item.scores[metric].value or 0.0), default=None)


def _best(metric: str, values: Sequence[float | None]) -> tuple[bool, ...]:
    known = [value for value in values if value is not None]
    if not known:
        return (False,) * len(values)
    top = max(known) if METRICS[metric].direction == "higher" else min(known)
    best = tuple(change(metric, top, value).sense == "same" for value in values)
    return (False,) * len(values) if all(best) else best


def _anywhere(found: Bakeoff, metric: str) -> bool:
    return any(
        item.scores[metric].value is not None
        for run in found.runs
        for item in run.scorecard.renders
    )


def _named(found: Bakeoff, values: Sequence[float | None]) -> dict[str, float | None]:
    return {run.name: value for run, value in zip(found.runs, values, strict=True)}


def _run(run: ProfileRun) -> dict[str, Any]:
    return {
        "name": run.name,
        "description": run.profile.description,
        "config_digest": run.scorecard.config_digest,
        "device": run.scorecard.device,
        "totals": asdict(totals(run.scorecard)),
        "cost": {**asdict(run.cost), "real_time_factor": run.cost.real_time_factor},
        "promotion": None if run.ruling is None else _ruling(run.ruling),
    }


def _ruling(ruling: Ruling) -> dict[str, Any]:
    return {
        "judgement": ruling.judgement,
        "sentence": ruling.sentence,
        "criteria": [_check(one) for one in ruling.checks],
        "witnesses": [_witness(one) for one in ruling.witnesses],
    }


def _check(check: Check) -> dict[str, Any]:
    # `origin` is left out: all limits come from the one `rule` of the bake-off.
    return {name: value for name, value in asdict(check).items() if name != "origin"}


def _witness(one: MeanDiff) -> dict[str, Any]:
    return {
        "metric": one.change.metric,
        "incumbent": one.change.base,
        "candidate": one.change.head,
        "sense": one.change.sense,
        "renders": one.count,
    }
