"""Whether a change costs more than it may: the guardrail, check by check."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from stemsilver import config
from stemsilver.config import Guardrail
from stemsilver.evaluate.catalogue import METRICS
from stemsilver.profiles import DEFAULT
from stemsilver.report.card import Card
from stemsilver.report.change import within
from stemsilver.report.diff import Diff, ItemDiff
from stemsilver.report.verdicts import Gate, passes
from stemsilver.report.wording import counted, format_delta, format_value
from stemsilver.resources import resource

Origin: TypeAlias = Literal["base", "given", "shipped"]
"""Whose limit it is: the base's scorecard's, a profile's that was named, or the one that ships."""

LOUDNESS = "clean_lufs"


@dataclass(frozen=True)
class Check:
    """One part of the guardrail.

    `found` and `limit` are for people, and hold numbers and words of ours alone. `renders` are
    the paths of those that break it; none where it is the mean that does.
    """

    name: str
    label: str
    passed: bool
    found: str
    limit: str
    origin: Origin
    renders: tuple[str, ...] = ()


def judge(diff: Diff, given: Guardrail | None = None) -> tuple[Check, ...]:
    """What each part of the guardrail says of a change; a limit itself passes.

    The rule is the base's own, so that a change cannot loosen the rule it is judged by; `given`
    is taken instead of it, and the one that ships where a base from before there was one has
    none. A check with nothing to measure passes, unless there was something in the base.
    """
    rule, origin = _rule(diff, given)
    return (*_means(diff, rule, origin), _loudness(diff), _failures(diff), _gates(diff))


def _rule(diff: Diff, given: Guardrail | None) -> tuple[Guardrail, Origin]:
    if given is not None:
        return given, "given"
    if diff.base.guardrail is not None:
        return diff.base.guardrail, "base"
    # Not the working folder's, which may be the change's own.
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
    """The mean of `metric` may become worse by `limit`, in its unit."""
    falling = METRICS[metric].direction == "higher"
    label = f"{METRICS[metric].label.removesuffix(', clean')}, mean"
    most = format_delta(metric, limit).removeprefix("+")
    bound = f"{'falls' if falling else 'rises'} by at most {most}"
    lost = sum(_lost(item, metric) for item in diff.compared)
    mean = next((one.change for one in diff.means if one.change.metric == metric), None)
    if mean is None or mean.delta is None:
        gone = lost > 0 or (_measured(diff.base, metric) and not _measured(diff.head, metric))
        found = "measured in the base and nowhere now" if gone else "nothing to measure"
        return Check(name, label, not gone, found, bound, origin)
    before, after = (format_value(metric, value) for value in (mean.base, mean.head))
    found = f"{before} → {after}, {format_delta(metric, mean.delta)}"
    if lost:
        found += f"; lost in {counted(lost, 'render')}"
    cost = -mean.delta if falling else mean.delta
    return Check(name, label, within(cost, limit), found, bound, origin)


def _loudness(diff: Diff) -> Check:
    """No render leaves the base's window."""
    windows = [gate for gate in diff.base.gates if gate.metric == LOUDNESS]
    inside = [
        item for item in diff.compared if any(passes(gate, item.base.scores) for gate in windows)
    ]
    out = [item for item in inside if any(_broken(item, gate) for gate in windows)]
    found = f"{len(out)} of {counted(len(inside), 'render')} left it"
    return _each(
        "loudness",
        "Loudness",
        out,
        found if inside else "nothing to measure",
        f"stays in the base's window, {windows[0].limit}" if windows else "the base has no window",
    )


def _failures(diff: Diff) -> Check:
    """No render that was cleaned fails."""
    count, paths = len(diff.failing), tuple(item.path for item in diff.failing)
    found = f"{counted(count, 'render')} not cleaned now" if count else "none"
    return Check("failures", "Failures", not count, found, "none newly fails", "base", paths)


def _gates(diff: Diff) -> Check:
    """No render fails a gate that it did not fail in the base."""
    out = [item for item in diff.compared if any(_broken(item, gate) for gate in diff.base.gates)]
    found = f"{counted(len(out), 'render')} newly failed" if out else "none newly failed"
    return _each("gates", "Gates", out, found, "no render newly fails a gate of the base")


def _each(name: str, label: str, out: Sequence[ItemDiff], found: str, limit: str) -> Check:
    return Check(name, label, not out, found, limit, "base", tuple(item.path for item in out))


def _broken(item: ItemDiff, gate: Gate) -> bool:
    """Whether a render newly fails a gate; one that it passed, and now has no value for, too."""
    was, now = passes(gate, item.base.scores), passes(gate, item.judged)
    return (was is not False and now is False) or (was is True and now is None)


def _lost(item: ItemDiff, metric: str) -> bool:
    return metric in item.changes and item.changes[metric].sense == "lost"


def _measured(card: Card, metric: str) -> bool:
    return any(item.scores[metric].value is not None for item in card.items.values())
