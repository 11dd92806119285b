"""The Compare page: this build beside another, metric by metric."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from stemsilver.microsite.baseline import Base, BaseItem
from stemsilver.microsite.parts.metric_cells import Family, family_at, read
from stemsilver.microsite.parts.worse import (
    BecameWorse,
    ChangeCell,
    WorstChange,
    cell,
    listed,
    worse_renders,
    worst_changes,
)
from stemsilver.records import Evidence
from stemsilver.report import (
    Change,
    ChangeKind,
    Check,
    Diff,
    ItemDiff,
    Scorecard,
    check_guardrail,
    diff,
    guardrail_verdict,
    rule_words,
)
from stemsilver.translation import gettext as _

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
class ComparedRow:
    """A render in both builds; `was` and `now` are its statuses."""

    href: str
    path: str
    was: str
    now: str
    changes: tuple[ChangeCell, ...]


@dataclass(frozen=True)
class GuardrailResult:
    """The guardrail's result for this build: a sentence without a full stop, the origin of the
    rule, and the checks.
    """

    sentence: str
    rule: str
    checks: tuple[Check, ...]

    @property
    def sound(self) -> bool:
        """Whether every check passes."""
        return all(check.passed for check in self.checks)


@dataclass(frozen=True)
class Comparison:
    """Two builds, compared.

    `means` are over the renders that have a value in both. `counts` has the number of renders by
    sense, for each metric, and `worst` the render that became worse the most. `judged_otherwise`
    is the number of renders whose verdict differs only because the limits do. `unmatched` names the
    renders that cannot be compared, with the reason.
    """

    head: str
    base: str
    guardrail_result: GuardrailResult
    families: tuple[Family, ...]
    means: tuple[ChangeCell, ...]
    counts: tuple[Mapping[ChangeKind, int], ...]
    worst: tuple[WorstChange | None, ...]
    worse: BecameWorse
    rows: tuple[ComparedRow, ...]
    judged_otherwise: int
    unmatched: tuple[tuple[str, str], ...]


def guardrail_result(build: Scorecard, base: Base) -> GuardrailResult:
    """Apply the guardrail of `base` to `build`, as for a pull request."""
    return _guardrail_result(diff(base.scorecard, build))


def comparison(
    build: Scorecard,
    base: Base,
    matched: Mapping[str, BaseItem],
    evidence: Mapping[str, Evidence],
    head: str,
    other: str,
) -> Comparison:
    """Compare `build`, which is called `head`, with `base`, which is called `other`.

    `matched` are the renders that can be listened to in both, `evidence` is what was measured on
    those of `build`.
    """
    found = diff(base.scorecard, build)
    shown = tuple(map(family_at, _COMPARED))
    rows = tuple(_row(item, shown) for item in found.compared if item.id in matched)
    means = {one.change.metric: one.change for one in found.means}
    worst = worst_changes(found, matched, evidence)
    return Comparison(
        head=head,
        base=other,
        guardrail_result=_guardrail_result(found),
        families=shown,
        means=tuple(_mean(one, means) for one in shown),
        counts=tuple(
            Counter(row.changes[column].sense for row in rows) for column in range(len(shown))
        ),
        worst=tuple(worst.get(one.clean.name) for one in shown),
        worse=listed(worse_renders(found, dict.fromkeys(matched, "clean"), evidence)),
        rows=rows,
        judged_otherwise=sum(item.id in matched for item in found.judged_otherwise),
        unmatched=tuple(_unmatched(found, matched)),
    )


def _guardrail_result(found: Diff) -> GuardrailResult:
    checks = check_guardrail(found)
    return GuardrailResult(guardrail_verdict(checks), rule_words(found, checks), checks)


def _row(item: ItemDiff, shown: Sequence[Family]) -> ComparedRow:
    names = [one.clean.name for one in shown]
    return ComparedRow(
        href=f"renders/{item.id}.html",
        path=item.path,
        was=item.base.status,
        now=item.head.status,
        changes=tuple(
            ChangeCell(
                read(name, item.base.scores[name]),
                read(name, item.head.scores[name]),
                item.changes[name].sense if name in item.changes else "unmeasured",
            )
            for name in names
        ),
    )


def _mean(family: Family, means: Mapping[str, Change]) -> ChangeCell:
    name = family.clean.name
    return cell(means.get(name, Change(name, None, None, "unmeasured", 0)))


def _unmatched(found: Diff, matched: Mapping[str, BaseItem]) -> Iterator[tuple[str, str]]:
    """Yield the renders that cannot be compared, with the reason; the base's own come last."""
    absent = {item.id for item in found.added}
    mended = {item.id for item in found.mended}
    for id_, item in found.head.items.items():
        if id_ in matched:
            continue
        if item.failure is not None:
            yield item.path, _("not cleaned here")
        elif id_ in absent:
            yield item.path, _("only in this build")
        elif id_ in mended:
            yield item.path, _("not cleaned in the base")
        else:
            yield item.path, _("the raw audio differs")
    yield from ((item.path, _("only in the base")) for item in found.removed)
