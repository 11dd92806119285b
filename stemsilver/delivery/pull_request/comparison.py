"""Compare a pull request with its base, and choose the renders that a reviewer should hear."""

from __future__ import annotations

from dataclasses import dataclass, replace

from stemsilver.config import Profile
from stemsilver.report import (
    Check,
    Diff,
    Scorecard,
    ScoredRender,
    check_guardrail,
    diff,
    gates,
    judge_again,
)

_NO_BASE = "There is nothing to compare with: the base could not be built, or has no renders."
_OTHER_RULE = (
    "The base in the artifact has other gates or another guardrail than the target branch. Those "
    "of the target branch are applied here."
)


@dataclass(frozen=True)
class JudgedChange:
    """The changes of a pull request, and the guardrail's checks by the trusted profile.

    If `compared` is False, there was no base, and `checks` is empty. `other_rule` tells whether the
    base in the artifact has other gates or another guardrail than the trusted profile.
    """

    found: Diff
    checks: tuple[Check, ...]
    compared: bool
    other_rule: bool

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences that a reader needs to interpret the comparison."""
        if not self.compared:
            return (_NO_BASE,)
        return (_OTHER_RULE,) if self.other_rule else ()


def compare(base: Scorecard | None, head: Scorecard) -> Diff:
    """Return the changes of `head`. Without a base, every render counts as added."""
    return diff(replace(head, items={}) if base is None else base, head)


def judge_change(base: Scorecard | None, head: Scorecard, profile: Profile) -> JudgedChange:
    """Return the changes of `head`, judged by the gates and the guardrail of `profile`.

    The base comes from the same untrusted artifact as the head, so its own gates and guardrail are
    not used.
    """
    if base is None:
        return JudgedChange(compare(None, head), (), compared=False, other_rule=False)
    other = (base.gates, base.guardrail) != (gates(profile), profile.guardrail)
    found = compare(judge_again(base, profile) if other else base, head)
    return JudgedChange(found, check_guardrail(found), compared=True, other_rule=other)


def changed_renders(found: Diff) -> tuple[ScoredRender, ...]:
    """Return the changed renders that head cleaned, the worst first, the improved ones last.

    Renders that cannot be compared are in the middle, because they may be better or worse.
    """
    worse = [row.item.head for row in found.regressed]
    turned = [item.head for item in found.reversed_verdicts]
    unknown = [*found.other_audio, *found.mended, *found.added]
    rest = [row.item.head for row in found.rows]
    order = [item for item in (*worse, *turned, *unknown, *rest) if item.failure is None]
    return tuple({item.id: item for item in order}.values())
