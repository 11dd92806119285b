"""What the Compare page shows: this build beside another, metric by metric."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from stemsilver.config import Profile
from stemsilver.microsite.baseline import Base, BaseItem
from stemsilver.microsite.parts.metric_cells import Family, Reading, Sense, family_at, read, sense
from stemsilver.records import Batch, ItemResult, Score
from stemsilver.report import (
    Check,
    diff,
    guardrail_verdict,
    judge,
    parse_card,
    rule_words,
    scorecard,
    scores,
    status,
)

_COMPARED = (
    "music_presence",
    "pause_floor_db",
    "dnsmos_ovrl",
    "dnsmos_sig",
    "wer_raw_to_clean",
    "music_to_speech_db",
    "stoi_vs_stage_a",
)


@dataclass(frozen=True)
class Change:
    """A metric in both builds."""

    base: Reading
    head: Reading
    sense: Sense


@dataclass(frozen=True)
class ComparedRow:
    """A render in both builds; its verdicts as words."""

    href: str
    path: str
    was: str
    now: str
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Guarded:
    """What the guardrail says of this build beside the base: a sentence without a full stop, whose
    rule it is, and check by check.
    """

    sentence: str
    rule: str
    checks: tuple[Check, ...]

    @property
    def sound(self) -> bool:
        """Whether it holds."""
        return all(check.passed for check in self.checks)


@dataclass(frozen=True)
class Comparison:
    """Two builds. `means` are over the renders that have a value in both; `counts` says of how
    many renders a metric became better, worse, or stayed the same.

    `unmatched` names the renders that cannot be compared, with the reason.
    """

    head: str
    base: str
    guarded: Guarded
    families: tuple[Family, ...]
    means: tuple[Change, ...]
    counts: tuple[Mapping[Sense, int], ...]
    rows: tuple[ComparedRow, ...]
    unmatched: tuple[tuple[str, str], ...]


def guarded(batch: Batch, profile: Profile, base: Base) -> Guarded:
    """What the guardrail of `base` says of `batch`, as for a pull request."""
    found = diff(base.card, parse_card(scorecard(batch, profile)))
    checks = judge(found)
    return Guarded(guardrail_verdict(checks), rule_words(found, checks), checks)


def comparison(
    batch: Batch,
    profile: Profile,
    base: Base,
    matched: Mapping[str, BaseItem],
    head: str,
    other: str,
) -> Comparison:
    """`batch`, which is called `head`, beside `base`, which is called `other`.

    `matched` are the renders that both cleaned.
    """
    shown = tuple(map(family_at, _COMPARED))
    items = [item for item in batch.items if item.id in matched]
    rows = tuple(_row(item, profile, matched[item.id], shown) for item in items)
    return Comparison(
        head=head,
        base=other,
        guarded=guarded(batch, profile, base),
        families=shown,
        means=tuple(_mean(one, items, matched) for one in shown),
        counts=tuple(
            Counter(row.changes[column].sense for row in rows) for column in range(len(shown))
        ),
        rows=rows,
        unmatched=_unmatched(batch, base, matched),
    )


def _row(
    item: ItemResult, profile: Profile, base: BaseItem, shown: Sequence[Family]
) -> ComparedRow:
    found = scores(item)
    return ComparedRow(
        href=f"renders/{item.id}.html",
        path=item.path,
        was=base.status,
        now=status(item, profile),
        changes=tuple(
            _change(one, base.scores[one.clean.name], found[one.clean.name]) for one in shown
        ),
    )


def _mean(kind: Family, items: Sequence[ItemResult], matched: Mapping[str, BaseItem]) -> Change:
    name = kind.clean.name
    both = [
        (before, after)
        for item in items
        if (before := matched[item.id].scores[name].value) is not None
        and (after := scores(item)[name].value) is not None
    ]
    if not both:
        missing = Score.missing("not_measured")
        return _change(kind, missing, missing)
    return _change(kind, *(Score(fmean(side)) for side in zip(*both, strict=True)))


def _change(kind: Family, base: Score, head: Score) -> Change:
    name = kind.clean.name
    return Change(read(name, base), read(name, head), sense(kind, base, head))


def _unmatched(
    batch: Batch, base: Base, matched: Mapping[str, BaseItem]
) -> tuple[tuple[str, str], ...]:
    reasons = []
    for item in batch.items:
        if item.id in matched:
            continue
        if item.failure is not None:
            reason = "not cleaned here"
        elif item.id not in base.items:
            reason = "only in this build"
        elif not base.items[item.id].tracks:
            reason = "not cleaned in the base"
        else:
            reason = "the raw audio is another"
        reasons.append((item.path, reason))
    here = {item.id for item in batch.items}
    reasons += [
        (one.path, "only in the base") for id_, one in base.items.items() if id_ not in here
    ]
    return tuple(reasons)
