"""What a pull request changed, by whose rule, and which renders a reviewer should hear."""

from __future__ import annotations

from dataclasses import dataclass, replace

from stemsilver.config import Profile
from stemsilver.report import Check, Diff, Scorecard, ScoredRender, diff, gates, guard, judge_again

_NO_BASE = "There is nothing to compare with: the base could not be built, or has no renders."
_OTHER_RULE = (
    "The base that was handed over has another rule than the branch this is judged on, whose gates "
    "and guardrail are the ones applied here."
)


@dataclass(frozen=True)
class Judged:
    """What a pull request changed, and what our own rule says of it.

    Without `compared` there was nothing to compare with, and there are no `checks`. `other_rule`
    says that the base that was handed over would have been judged by another.
    """

    found: Diff
    checks: tuple[Check, ...]
    compared: bool
    other_rule: bool

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of the comparison, as sentences."""
        if not self.compared:
            return (_NO_BASE,)
        return (_OTHER_RULE,) if self.other_rule else ()


def compare(base: Scorecard | None, head: Scorecard) -> Diff:
    """What `head` changed; where there is no base, every render is added to a build of none."""
    return diff(replace(head, items={}) if base is None else base, head)


def judged(base: Scorecard | None, head: Scorecard, profile: Profile) -> Judged:
    """What `head` changed, by the gates and the guardrail of `profile`.

    The base comes from where the head comes from, and its rule with it: neither is believed.
    """
    if base is None:
        return Judged(compare(None, head), (), compared=False, other_rule=False)
    other = (base.gates, base.guardrail) != (gates(profile), profile.guardrail)
    found = compare(judge_again(base, profile) if other else base, head)
    return Judged(found, guard(found), compared=True, other_rule=other)


def changed_renders(found: Diff) -> tuple[ScoredRender, ...]:
    """The renders cleaned in head that are not as they were, the worst first, the better last.

    Those that cannot be compared stand between: nobody knows what became of them.
    """
    worse = [row.item.head for row in found.regressed]
    turned = [item.head for item in found.reversed_verdicts]
    unknown = [*found.other_audio, *found.mended, *found.added]
    rest = [row.item.head for row in found.rows]
    order = [item for item in (*worse, *turned, *unknown, *rest) if item.failure is None]
    return tuple({item.id: item for item in order}.values())
