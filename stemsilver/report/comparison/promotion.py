"""The promotion rule: whether a candidate's chain may replace the incumbent's.

The rule: clearly less music, no less intelligible speech, no words lost, and no render that newly
fails. Both scorecards must come from the same evaluation.

Music is measured as music to speech, in dB: the rule's 3 dB are on that scale, and it includes
music under the words. It is biased: it uses each chain's own Stage A, so it misses music that the
chain takes for speech. No metric without Stage A can replace it: the pause floor misses music under
the words and improves if a chain mutes the pauses; music presence is a probability, not a level;
and few renders come with their true speech. So these metrics, and a listener model's overall
rating, are shown beside the rule as witnesses. If a witness contradicts a promotion, the verdict
says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from stemsilver.config import Promotion
from stemsilver.evaluation.catalogue import METRICS
from stemsilver.records import Score
from stemsilver.report.comparison.change import change, within
from stemsilver.report.comparison.diff import Diff, ItemDiff, MeanDiff, diff
from stemsilver.report.comparison.guardrail import (
    Check,
    becomes_unmeasurable,
    failures,
    newly_failed,
    newly_fails,
)
from stemsilver.report.scorecard.scorecard import Scorecard
from stemsilver.report.scorecard.scores import mean_of
from stemsilver.report.text.wording import (
    counted,
    display_unit,
    format_tolerance,
    format_value,
    metric_label,
    number,
    setting,
)
from stemsilver.translation import N_, language
from stemsilver.translation import gettext as _

Judgement: TypeAlias = Literal["promoted", "not_promoted", "not_judged"]

WITNESSES = (
    "clean_pause_floor_db",
    "clean_music_presence",
    "clean_dnsmos_ovrl",
    "si_sdr_improvement_db",
)
"""Metrics that do not use any chain's own estimates."""

SUPPRESSION = "music_suppression"

_VERDICTS: dict[Judgement, str] = {
    "promoted": N_("is promoted"),
    "not_promoted": N_("is not promoted"),
    "not_judged": N_("cannot be judged, so it is not promoted"),
}
_AGAINST = {
    "worse": N_("is worse by {metrics}"),
    "lost": N_("can no longer be measured by {metrics}"),
}
_CODE = re.compile(r"[a-z_]+")
_MOST_DIGITS = 9


@dataclass(frozen=True)
class Ruling:
    """The rule's checks of a candidate, and what the witnesses measured."""

    checks: tuple[Check, ...]
    witnesses: tuple[MeanDiff, ...]

    @property
    def judgement(self) -> Judgement:
        """Promoted only if every check could be judged and holds."""
        said = [one.passed for one in self.checks]
        if False in said:
            return "not_promoted"
        return "not_judged" if None in said else "promoted"

    @property
    def contradicting(self) -> tuple[MeanDiff, ...]:
        """The witnesses that became worse by more than noise, or were lost."""
        return tuple(one for one in self.witnesses if one.change.regressed)

    @property
    def verdict(self) -> str:
        """The verdict; it begins with a verb."""
        return _(_VERDICTS[self.judgement])

    @property
    def because(self) -> str:
        """The reason, without untrusted text and without a full stop."""
        if self.judgement == "not_promoted":
            return self._named(False)
        if self.judgement == "not_judged":
            return self._named(None)
        if not self.contradicting:
            return _("every part of the rule holds")
        against = _(", and ").join(
            _(text).format(metrics=", ".join(labels))
            for sense, text in _AGAINST.items()
            if (labels := [_label(one) for one in self.contradicting if one.change.sense == sense])
        )
        text = _("every part of the rule holds, but it {against}, so listen first")
        return text.format(against=against)

    @property
    def sentence(self) -> str:
        """Verdict and reason. The caller writes a name before it and a full stop after it."""
        return f"{self.verdict}: {self.because}"

    def _named(self, passed: bool | None) -> str:
        return "; ".join(
            f"{_lowered(one.label)} ({one.found})" for one in self.checks if one.passed is passed
        )


def rule_on(incumbent: Scorecard, candidate: Scorecard, rule: Promotion) -> Ruling:
    """Apply `rule` to two scorecards of one batch; a value equal to the limit passes.

    Means are over the renders that both cleaned and measured. If the candidate has no value where
    the incumbent has one, the check cannot be judged, and the candidate is not promoted.
    """
    found = diff(incumbent, candidate)
    return Ruling(
        (
            _suppression(found, rule.music_suppression_gain_db_min),
            _stoi(found, rule.stoi_drop_max),
            _wer(found, rule.wer_rise_max),
            _failures(found),
            _gates(found),
            *_same_batch(found),
        ),
        tuple(_witness(found, metric) for metric in WITNESSES if _was_measured(found, metric)),
    )


def _was_measured(found: Diff, metric: str) -> bool:
    """Return whether the incumbent has a value of `metric` for any render that both cleaned."""
    return any(item.base.scores[metric].value is not None for item in found.compared)


def _witness(found: Diff, metric: str) -> MeanDiff:
    """Return the mean of a witness; `lost` if the candidate lacks any of the incumbent's values."""
    measured = [item for item in found.compared if item.base.scores[metric].value is not None]
    if all(item.head.scores[metric].value is not None for item in measured):
        return next(one for one in found.means if one.change.metric == metric)
    before = mean_of(item.base.scores[metric] for item in measured).value
    return MeanDiff(change(metric, before, None), len(measured))


def _label(one: MeanDiff) -> str:
    return _lowered(metric_label(one.change.metric))


def _suppression(found: Diff, least: float) -> Check:
    metric = "music_to_speech_db"

    def judge(before: float, after: float) -> tuple[bool, str]:
        gain = before - after
        size = _telling(abs(gain), least, METRICS[metric].digits)
        return within(least, gain), _by(
            gain, size, _("{size} dB less music"), _("{size} dB more music")
        )

    limit = _("at least {least} dB less music").format(least=setting(least))
    return _mean(found, SUPPRESSION, _("Music suppression"), limit, lambda _: metric, judge)


def _stoi(found: Diff, most: float) -> Check:
    metric = "stoi_vs_stage_a"

    def judge(before: float, after: float) -> tuple[bool, str]:
        drop = before - after
        size = _telling(abs(drop), most, METRICS[metric].digits)
        return within(drop, most), _by(drop, size, _("{size} lower"), _("{size} higher"))

    limit = _("at most {most} lower").format(most=setting(most))
    return _mean(found, "stoi", "STOI", limit, lambda _: metric, judge)


def _wer(found: Diff, most: float) -> Check:
    """Check the WER of each render: against its script if it has one, else from raw to clean."""

    def metric(item: ItemDiff) -> str:
        scripted = item.base.scores["clean_script_wer"].value is not None
        return "clean_script_wer" if scripted else "wer_raw_to_clean"

    noise = METRICS["wer_raw_to_clean"].tolerance

    def judge(before: float, after: float) -> tuple[bool, str]:
        rise = after - before
        size = _telling(100 * abs(rise), 100 * (most + noise), 1)
        return within(rise, most + noise), _by(
            rise, size, _("{size} points higher"), _("{size} points lower")
        )

    tolerance = format_tolerance("wer_raw_to_clean")
    limit = _("higher by at most {tolerance}, which are noise")
    if most:
        limit = _("at most {most} points higher, and {tolerance}, which are noise")
    limit = limit.format(most=setting(100 * most), tolerance=tolerance)
    return _mean(found, "wer", "WER", limit, metric, judge)


def _mean(
    found: Diff,
    name: str,
    label: str,
    limit: str,
    metric: Callable[[ItemDiff], str],
    judge: Callable[[float, float], tuple[bool, str]],
) -> Check:
    """Check the means of the metric that `metric` selects for each render.

    `judge` takes both means, and returns whether they pass and their difference in words.
    """
    pairs = [
        (metric(item), item.base.scores[metric(item)], item.head.scores[metric(item)])
        for item in found.compared
    ]
    both = [pair for pair in pairs if pair[1].value is not None and pair[2].value is not None]
    lost = sum(base.value is not None and head.value is None for *__, base, head in pairs)
    before = mean_of(pair[1] for pair in both).value
    after = mean_of(pair[2] for pair in both).value
    if before is None or after is None:
        return Check(name, label, None, _unmeasured(pairs), limit)
    passed, difference = judge(before, after)
    kinds = [pair[0] for pair in both]
    unit = display_unit(kinds[0])
    values = [format_value(kinds[0], value) for value in (before, after)]
    if unit == "dB":
        values[-1] += " dB"
    mean = _("mean of {renders}").format(renders=counted(len(both), "render"))
    words = f"{' → '.join(values)}, {difference}; {mean}"
    scripted = kinds.count("clean_script_wer")
    if scripted:
        if scripted == len(both):
            words += ", " + _("all against the script")
        else:
            words += ", " + _("{count} against the script").format(count=scripted)
    if lost:
        words += f"; {_no_longer_measured(lost)}"
    # A failing mean fails even if values are lost; a passing one says nothing about lost values.
    return Check(name, label, passed if not (passed and lost) else None, words, limit)


def _unmeasured(pairs: Sequence[tuple[str, Score, Score]]) -> str:
    reasons = {
        _(score.reason.replace("_", " "))
        for __, *sides in pairs
        for score in sides
        if score.reason is not None and _CODE.fullmatch(score.reason)
    }
    why = f": {', '.join(sorted(reasons))}" if reasons else ""
    return _("nothing to measure") + why if pairs else _("no render that both cleaned")


def _same_batch(found: Diff) -> tuple[Check, ...]:
    """Return a check only if the batches differ: the means would be over different renders."""
    apart = (*found.added, *found.removed, *found.other_audio)
    if not apart:
        return ()
    renders = counted(len(apart), "render")
    words = _("{renders} not in both, or of other audio").format(renders=renders)
    paths = tuple(item.path for item in apart)
    return (Check("batch", _("Batch"), None, words, _("the same renders"), renders=paths),)


def _failures(found: Diff) -> Check:
    check = failures(found)
    limit = _("no render that was cleaned fails")
    return Check(check.name, check.label, check.passed, check.found, limit, renders=check.renders)


def _gates(found: Diff) -> Check:
    """Apply the incumbent's gates; values that differ only by noise count as the same."""
    gates = found.base.gates
    out = [item for item in found.compared if any(newly_fails(item, gate) for gate in gates)]
    lost = [
        item for item in found.compared if any(becomes_unmeasurable(item, gate) for gate in gates)
    ]
    words = [
        *([newly_failed(out)] if out else []),
        *([_no_longer_measured(len(lost))] if lost else []),
    ]
    return Check(
        "gates",
        _("Gates"),
        False if out else None if lost else True,
        "; ".join(words) or _("none newly failed"),
        _("no render newly fails a gate"),
        renders=tuple(item.path for item in out or lost),
    )


def _by(step: float, size: str, up: str, down: str) -> str:
    """Return a difference in words; `size` is its absolute value as text."""
    words = (up if step > 0 else down).format(size=size)
    return words if re.search("[1-9]", size) else _("the same")


def _no_longer_measured(count: int) -> str:
    renders = counted(count, "render")
    return _("{renders} cannot be measured any more").format(renders=renders)


def _telling(value: float, limit: float, digits: int) -> str:
    """Format `value` with enough decimals to differ from `limit`, unless they are equal.

    >>> _telling(3.2, 3.0, 1), _telling(2.996, 3.0, 1), _telling(3.0, 3.0, 1)
    ('3.2', '2.996', '3.0')
    """
    at = within(abs(value - limit), 0)
    while digits < _MOST_DIGITS and not at and round(value, digits) == round(limit, digits):
        digits += 1
    return number(value, digits)


def _lowered(label: str) -> str:
    """Return a label for use within a sentence; an abbreviation stays as it is."""
    if language() != "en":  # in German, for example, nouns have capitals everywhere
        return label
    return f"{label[:1].lower()}{label[1:]}" if label[1:2].islower() else label
