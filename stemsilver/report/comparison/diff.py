"""Compare two scorecards of the same renders: what became better, worse, or stayed the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from stemsilver.evaluation.catalogue import METRICS
from stemsilver.records import Score
from stemsilver.report.comparison.change import Change, ChangeKind, change
from stemsilver.report.scorecard.scorecard import Gate, Scorecard, ScoredRender, Status
from stemsilver.report.scorecard.scores import mean_of
from stemsilver.report.scorecard.verdicts import status_under, targets

_ORDER: tuple[ChangeKind, ...] = ("lost", "worse", "changed", "gained", "better")


@dataclass(frozen=True)
class ItemDiff:
    """A render that both builds cleaned, from the same raw samples.

    `changes` has the metrics that at least one build measured. `was` and `now` are the statuses,
    both by base's gates. `judged` are head's scores as the gates see them: where head differs only
    by noise, base's value is used, so that noise alone moves no value across a limit.
    """

    base: ScoredRender
    head: ScoredRender
    changes: Mapping[str, Change]
    judged: Mapping[str, Score]
    was: Status
    now: Status

    @property
    def id(self) -> str:
        """The id, the same in both builds."""
        return self.base.id

    @property
    def path(self) -> str:
        """The path in head; the id is made from it."""
        return self.head.path

    @property
    def other_language(self) -> bool:
        """Whether the words were compared in another language than in base."""
        known = self.base.language is not None and self.head.language is not None
        return known and self.base.language != self.head.language


@dataclass(frozen=True)
class ChangeRow:
    """The change of one metric of one render."""

    item: ItemDiff
    change: Change


@dataclass(frozen=True)
class MeanDiff:
    """The change of a metric's mean over the `count` renders that have a value in both."""

    change: Change
    count: int


@dataclass(frozen=True)
class Diff:
    """The differences of scorecard `head` from scorecard `base`.

    Renders are in head's order, `removed` in base's. `compared` are those that both cleaned from
    the same samples. Of the others, `added` and `removed` are in only one scorecard; `failing` were
    cleaned and fail now; `mended` failed and are cleaned now; `failing_still` fail in both;
    `other_audio` have different raw samples.
    """

    base: Scorecard
    head: Scorecard
    compared: tuple[ItemDiff, ...]
    means: tuple[MeanDiff, ...]
    added: tuple[ScoredRender, ...]
    removed: tuple[ScoredRender, ...]
    failing: tuple[ScoredRender, ...]
    mended: tuple[ScoredRender, ...]
    failing_still: tuple[ScoredRender, ...]
    other_audio: tuple[ScoredRender, ...]

    @cached_property
    def rows(self) -> tuple[ChangeRow, ...]:
        """Every change larger than noise, the worst first and the improvements last."""
        found = [
            ChangeRow(item, one)
            for item in self.compared
            for one in item.changes.values()
            if one.sense != "same"
        ]
        # The sort is stable: equal changes stay in the order of renders and metrics.
        return tuple(
            sorted(found, key=lambda row: (-row.change.severity, _ORDER.index(row.change.sense)))
        )

    @property
    def regressed(self) -> tuple[ChangeRow, ...]:
        """The rows that became worse."""
        return tuple(row for row in self.rows if row.change.regressed)

    @property
    def reversed_verdicts(self) -> tuple[ItemDiff, ...]:
        """The compared renders whose status, by base's gates, changed."""
        return tuple(item for item in self.compared if item.was != item.now)

    @property
    def judged_otherwise(self) -> tuple[ItemDiff, ...]:
        """The compared renders that measure the same, and whose status differs only because the
        gates do.
        """
        return tuple(
            item
            for item in self.compared
            if all(one.sense == "same" for one in item.changes.values())
            and item.head.status != item.base.status
            and item.head.status
            == status_under(None, item.judged, self.head.gates, item.head.lacks)
        )

    @property
    def broken_additions(self) -> tuple[ScoredRender, ...]:
        """The added renders that cannot be cleaned."""
        return tuple(item for item in self.added if item.failure)

    @property
    def nothing_changed(self) -> bool:
        """Whether both have the same renders, and no value differs by more than noise."""
        apart = (self.added, self.removed, self.failing, self.mended, self.other_audio)
        return not self.rows and not any(apart)

    @property
    def other_rules(self) -> bool:
        """Whether head and base differ in their gates or guardrail."""
        return (self.base.gates, self.base.guardrail) != (self.head.gates, self.head.guardrail)


def diff(base: Scorecard, head: Scorecard) -> Diff:
    """Compare two scorecards, render by render (matched by id) and metric by metric.

    Loudness is better if it is nearer to the middle of base's gate.
    """
    both = [(base.items[id_], item) for id_, item in head.items.items() if id_ in base.items]
    cleaned = [(was, now) for was, now in both if was.failure is None and now.failure is None]
    compared = tuple(
        _item(was, now, base.gates) for was, now in cleaned if not _other_audio(was, now)
    )
    return Diff(
        base=base,
        head=head,
        compared=compared,
        means=tuple(_means(compared, base.gates)),
        added=tuple(item for id_, item in head.items.items() if id_ not in base.items),
        removed=tuple(item for id_, item in base.items.items() if id_ not in head.items),
        failing=tuple(now for was, now in both if now.failure and not was.failure),
        mended=tuple(now for was, now in both if was.failure and not now.failure),
        failing_still=tuple(now for was, now in both if was.failure and now.failure),
        other_audio=tuple(now for was, now in cleaned if _other_audio(was, now)),
    )


def _other_audio(base: ScoredRender, head: ScoredRender) -> bool:
    known = base.raw_digest is not None and head.raw_digest is not None
    return known and base.raw_digest != head.raw_digest


def _item(base: ScoredRender, head: ScoredRender, gates: Sequence[Gate]) -> ItemDiff:
    near = targets(gates)
    found = {
        name: change(name, base.scores[name].value, head.scores[name].value, near.get(name))
        for name in METRICS
    }
    judged = {
        name: (base if one.sense == "same" else head).scores[name] for name, one in found.items()
    }
    return ItemDiff(
        base,
        head,
        changes={name: one for name, one in found.items() if one.sense != "unmeasured"},
        judged=judged,
        was=status_under(None, base.scores, gates, base.lacks),
        now=status_under(None, judged, gates, head.lacks),
    )


def _means(compared: Sequence[ItemDiff], gates: Sequence[Gate]) -> Iterator[MeanDiff]:
    near = targets(gates)
    for name in METRICS:
        both = [
            item
            for item in compared
            if name in item.changes and item.changes[name].delta is not None
        ]
        before = mean_of(item.base.scores[name] for item in both)
        after = mean_of(item.head.scores[name] for item in both)
        if both:
            yield MeanDiff(change(name, before.value, after.value, near.get(name)), len(both))
