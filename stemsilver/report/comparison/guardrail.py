"""The guardrail: checks that a change makes results no worse than allowed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from stemsilver import config
from stemsilver.config import Guardrail
from stemsilver.evaluation.catalogue import METRICS
from stemsilver.profiles import DEFAULT
from stemsilver.report.comparison.change import within
from stemsilver.report.comparison.diff import Diff, ItemDiff
from stemsilver.report.scorecard.reviewed import deciders, is_approved
from stemsilver.report.scorecard.scorecard import Gate, Scorecard, ScoredRender
from stemsilver.report.scorecard.verdicts import passes
from stemsilver.report.text.wording import (
    counted,
    format_change,
    format_delta,
    format_value,
    metric_label,
)
from stemsilver.resources import resource
from stemsilver.translation import N_, ngettext
from stemsilver.translation import gettext as _

Origin: TypeAlias = Literal["base", "given", "shipped"]
"""Where a limit comes from: base's scorecard, a profile that was named, or the shipped profile."""

LOUDNESS = "clean_lufs"

# For one render and for several.
_OUTSIDE = (N_("{renders} is outside it"), N_("{renders} are outside it"))
_FAILING = (N_("{renders} fails one"), N_("{renders} fail one"))


@dataclass(frozen=True)
class Check:
    """One check of the guardrail or of the promotion rule.

    `passed` is None if it cannot be judged. `found` and `limit` are texts for people, without
    untrusted text. `origin` says where the limit comes from, if that can vary. `renders` are the
    paths of the renders that break the limit; empty if a mean breaks it.
    """

    name: str
    label: str
    passed: bool | None
    found: str
    limit: str
    origin: Origin | None = None
    renders: tuple[str, ...] = ()


def check_guardrail(diff: Diff, given: Guardrail | None = None) -> tuple[Check, ...]:
    """Apply each check of the guardrail to a change; a value equal to the limit passes.

    The rule is base's own, so that a change cannot loosen the rule it is judged by. `given`
    overrides it; a base from before guardrails existed gets the shipped one. A check with nothing
    to measure passes, unless base had something to measure. Means are over the compared renders;
    the other checks apply the same limits to renders that are new or have other raw audio.
    """
    rule, origin = _rule(diff, given)
    found = (*_means(diff, rule, origin), _loudness(diff), failures(diff), _gates(diff))
    return (*found, _approvals(diff, rule, origin)) if rule.approvals_min else found


def _rule(diff: Diff, given: Guardrail | None) -> tuple[Guardrail, Origin]:
    if given is not None:
        return given, "given"
    if diff.base.guardrail is not None:
        return diff.base.guardrail, "base"
    # Not from the working folder: that profile may be part of the change.
    return config.load(resource("config") / f"{DEFAULT}.yaml").guardrail, "shipped"


def _means(diff: Diff, rule: Guardrail, origin: Origin) -> Iterator[Check]:
    for name, metric, limit in (
        ("wer", "wer_raw_to_clean", rule.wer_rise_max),
        ("stoi", "stoi_vs_stage_a", rule.stoi_drop_max),
        ("music_to_speech", "music_to_speech_db", rule.music_to_speech_rise_db_max),
        ("music_presence", "clean_music_presence", rule.music_presence_rise_max),
    ):
        yield _mean(diff, name, metric, limit, origin)


def _mean(diff: Diff, name: str, metric: str, limit: float, origin: Origin) -> Check:
    """Check that the mean of `metric` becomes worse by at most `limit`, in its unit."""
    falling = METRICS[metric].direction == "higher"
    label = _("{label}, mean").format(label=metric_label(metric))
    most = format_delta(metric, limit).removeprefix("+")
    way = _("falls by at most {most}") if falling else _("rises by at most {most}")
    bound = way.format(most=most)
    lost = sum(_lost(item, metric) for item in diff.compared)
    mean = next((one.change for one in diff.means if one.change.metric == metric), None)
    if mean is None or mean.base is None or mean.head is None:
        gone = lost > 0 or (_measured(diff.base, metric) and not _measured(diff.head, metric))
        found = _("measured in the base, but nowhere now") if gone else _("nothing to measure")
        return Check(name, label, not gone, found, bound, origin)
    before, after = (format_value(metric, value) for value in (mean.base, mean.head))
    found = f"{before} → {after}, {format_change(metric, mean.base, mean.head)}"
    if lost:
        found += "; " + _("lost in {renders}").format(renders=counted(lost, "render"))
    cost = mean.base - mean.head if falling else mean.head - mean.base
    return Check(name, label, within(cost, limit), found, bound, origin)


def _loudness(diff: Diff) -> Check:
    """Check that no render leaves base's loudness window, and no new one is outside it."""
    windows = [gate for gate in diff.base.gates if gate.metric == LOUDNESS]
    inside = [
        item
        for item in diff.compared
        if any(passes(gate, item.base.scores, item.base.lacks) for gate in windows)
    ]
    out = [
        item for item in inside if any(_newly_fails_or_unmeasured(item, gate) for gate in windows)
    ]
    new, outside = _newcomers(diff, windows, _OUTSIDE)
    heard = [item for item in _new(diff) if any(_measures(gate, item) for gate in windows)]
    found = [
        *(
            [
                _("{count} of {renders} left it").format(
                    count=len(out), renders=counted(len(inside), "render")
                )
            ]
            if inside
            else []
        ),
        *(outside or ([_("no new render is outside it")] if heard and not inside else [])),
    ]
    return _each(
        "loudness",
        _("Loudness"),
        (*out, *new),
        "; ".join(found) or _("nothing to measure"),
        _("stays in the base's window, {limit}").format(limit=windows[0].limit)
        if windows
        else _("the base has no window"),
    )


def failures(diff: Diff) -> Check:
    """Check that no render that was cleaned fails now, and no added render fails."""
    count, new = len(diff.failing), diff.broken_additions
    added = counted(len(new), "added render")
    found = [
        *(
            [_("{renders} not cleaned now").format(renders=counted(count, "render"))]
            if count
            else []
        ),
        *([_("{renders} cannot be cleaned").format(renders=added)] if new else []),
    ]
    out = (*diff.failing, *new)
    return _each(
        "failures",
        _("Failures"),
        out,
        "; ".join(found) or _("none"),
        _("none newly fails"),
    )


def _gates(diff: Diff) -> Check:
    """Check that no render newly fails a gate of base, and no new render fails any."""
    limits = diff.base.gates
    out = [
        item
        for item in diff.compared
        if any(_newly_fails_or_unmeasured(item, gate) for gate in limits)
    ]
    new, failing = _newcomers(diff, limits, _FAILING)
    found = [*([newly_failed(out)] if out else []), *failing]
    return _each(
        "gates",
        _("Gates"),
        (*out, *new),
        "; ".join(found) or _("none newly failed"),
        _("no render newly fails a gate of the base"),
    )


def _approvals(diff: Diff, rule: Guardrail, origin: Origin) -> Check:
    """Check that enough people approve each output, and that nobody asks for more work on one."""
    heard = [item for item in diff.head.renders if item.output is not None]
    out = [item for item in heard if not is_approved(item, rule.approvals_min)]
    found = _("{count} of {renders} approved").format(
        count=len(heard) - len(out), renders=counted(len(heard), "render")
    )
    refused = sum(bool(deciders(item, "needs_work")) for item in heard)
    if refused:
        text = ngettext(", {count} needs work", ", {count} need work", refused)
        found += text.format(count=refused)
    limit = ngettext(
        "each approved by {count} person or more, and by nobody refused",
        "each approved by {count} people or more, and by nobody refused",
        rule.approvals_min,
    ).format(count=rule.approvals_min)
    return Check(
        "approvals", _("Approvals"), not out, found, limit, origin, tuple(one.path for one in out)
    )


def _new(diff: Diff) -> tuple[ScoredRender, ...]:
    """Return the renders for which base has no comparable result."""
    return (*diff.added, *diff.other_audio)


def _newcomers(
    diff: Diff, limits: Sequence[Gate], verbs: tuple[str, str]
) -> tuple[list[ScoredRender], list[str]]:
    """Return the new renders that fail one of `limits`, and their number by kind in words.

    `verbs` are the texts for one render and for several.
    """
    found, words = [], []
    for items in (diff.added, diff.other_audio):
        out = [
            item
            for item in items
            if any(passes(gate, item.scores, item.lacks) is False for gate in limits)
        ]
        if out:
            found += out
            count = len(out)
            renders = (
                counted(count, "added render")
                if items is diff.added
                else counted(count, "replaced render")
            )
            words.append(_(verbs[count > 1]).format(renders=renders))
    return found, words


def _each(
    name: str, label: str, out: Sequence[ItemDiff | ScoredRender], found: str, limit: str
) -> Check:
    return Check(name, label, not out, found, limit, "base", tuple(item.path for item in out))


def _newly_fails_or_unmeasured(item: ItemDiff, gate: Gate) -> bool:
    """Return whether a render newly fails a gate, or passed it and has no value for it now."""
    return newly_fails(item, gate) or becomes_unmeasurable(item, gate)


def newly_failed(out: Sequence[ItemDiff]) -> str:
    """Return how many renders newly failed a gate, in words."""
    return _("{renders} newly failed").format(renders=counted(len(out), "render"))


def newly_fails(item: ItemDiff, gate: Gate) -> bool:
    """Return whether a gate that did not fail in base fails now."""
    was, now = (
        passes(gate, item.base.scores, item.base.lacks),
        passes(gate, item.judged, item.head.lacks),
    )
    return was is not False and now is False


def becomes_unmeasurable(item: ItemDiff, gate: Gate) -> bool:
    """Return whether a gate that passed in base has nothing to measure now."""
    return (
        passes(gate, item.base.scores, item.base.lacks) is True
        and passes(gate, item.judged, item.head.lacks) is None
    )


def _measures(gate: Gate, item: ScoredRender) -> bool:
    return item.scores[gate.metric].value is not None


def _lost(item: ItemDiff, metric: str) -> bool:
    return metric in item.changes and item.changes[metric].sense == "lost"


def _measured(card: Scorecard, metric: str) -> bool:
    return any(item.scores[metric].value is not None for item in card.items.values())
