"""The wording of a diff, for both the terminal and Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from stemsilver.records import Failure
from stemsilver.report.comparison.change import Change, ChangeKind
from stemsilver.report.comparison.diff import Diff
from stemsilver.report.comparison.guardrail import Check, Origin
from stemsilver.report.text.wording import (
    NO_VALUE,
    clock,
    counted,
    format_change,
    format_value,
    language_name,
)
from stemsilver.translation import N_, ngettext
from stemsilver.translation import gettext as _

_SENSES: dict[ChangeKind, str] = {
    "better": N_("▲ better"),
    "worse": N_("▼ worse"),
    "same": N_("= same"),
    "changed": N_("~ changed"),
    "lost": N_("▼ lost"),
    "gained": N_("+ gained"),
    "unmeasured": NO_VALUE,
}
_RULES: dict[Origin, str] = {
    "base": N_("The guardrail is the base's own."),
    "given": N_("The guardrail is that of the profile that was named."),
    "shipped": N_("The base has no guardrail: this is the one that ships with Stemsilver."),
}


@dataclass(frozen=True)
class Listing:
    """A titled list of renders: the path of each, and a note or an empty string.

    Paths and notes are untrusted text.
    """

    title: str
    entries: tuple[tuple[str, str], ...]


def diff_headline(diff: Diff, checks: Sequence[Check]) -> str:
    """Return the outcome in one line, without untrusted text."""
    outcome = _outcome(diff)
    parts = [f"{outcome[:1].upper()}{outcome[1:]}."]
    if checks:
        parts.insert(len(parts) if diff.nothing_changed else 0, f"{guardrail_verdict(checks)}.")
    return " ".join(parts)


def guardrail_verdict(checks: Sequence[Check]) -> str:
    """Return whether the guardrail holds, or which of `checks` fail, without a full stop."""
    failed = [check.label for check in checks if not check.passed]
    if not failed:
        return _("The guardrail holds")
    return _("The guardrail fails: {checks}").format(checks=", ".join(failed))


def rule_words(diff: Diff, checks: Sequence[Check]) -> str:
    """Return where the rule of the checks comes from, and whether the change has other rules."""
    # Checks of gates always use base's gates; the other checks decide.
    origins: list[Origin] = [check.origin for check in checks if check.origin not in (None, "base")]
    origin = origins[0] if origins else "base"
    news = _(
        "This change alters the gates or the guardrail; the new ones apply from the next change on."
    )
    return f"{_(_RULES[origin])} {news}" if diff.other_rules else _(_RULES[origin])


def change_cells(change: Change) -> tuple[str, str, str, str]:
    """Return base, head, difference and verdict of a change as text."""
    base, head = change.base, change.head
    delta = NO_VALUE
    if base is not None and head is not None:
        delta = format_change(change.metric, base, head)
    return (
        format_value(change.metric, base),
        format_value(change.metric, head),
        delta,
        _(_SENSES[change.sense]),
    )


def listings(diff: Diff, checks: Sequence[Check]) -> tuple[Listing, ...]:
    """Return the renders that a reader must be told by name, the worst group first."""
    turned = [(one.path, f"{_word(one.was)} → {_word(one.now)}") for one in diff.reversed_verdicts]
    languages = [
        (one.path, f"{language_name(one.base.language)} → {language_name(one.head.language)}")
        for one in diff.compared
        if one.other_language
    ]
    # Failing renders have their own lists.
    broken = [
        Listing(
            _("Not approved")
            if check.name == "approvals"
            else _("{label}: newly broken").format(label=check.label),
            tuple((path, "") for path in check.renders),
        )
        for check in checks
        if not check.passed and check.name != "failures"
    ]
    known = set(diff.base.skipped)
    found = (
        Listing(
            _("Not cleaned any more"), _entries((one.path, one.failure) for one in diff.failing)
        ),
        Listing(
            _("Added, and cannot be cleaned"),
            _entries((one.path, one.failure) for one in diff.broken_additions),
        ),
        *broken,
        Listing(_("Reviewers ask for work on it"), tuple(_asked(diff))),
        Listing(_("Verdict by the base's gates"), tuple(turned)),
        Listing(_("Words heard in another language"), tuple(languages)),
        Listing(
            _("Not cleaned in either"), _entries((o.path, o.failure) for o in diff.failing_still)
        ),
        Listing(_("Cleaned again"), tuple((one.path, "") for one in diff.mended)),
        Listing(_("Not compared: other raw audio"), tuple((o.path, "") for o in diff.other_audio)),
        Listing(_("Added"), tuple((one.path, "") for one in diff.added if not one.failure)),
        Listing(_("Removed"), tuple((one.path, "") for one in diff.removed)),
        Listing(
            _("Newly skipped"),
            tuple((one.path, one.reason) for one in diff.head.skipped if one not in known),
        ),
    )
    return tuple(listing for listing in found if listing.entries)


def _asked(diff: Diff) -> Iterator[tuple[str, str]]:
    for item in diff.head.renders:
        for one in item.reviews:
            if one.decision == "needs_work" and item.is_about_it(one):
                said = [f"{clock(remark.at)} {remark.text}" for remark in one.remarks]
                yield item.path, ": ".join(part for part in (one.reviewer, "; ".join(said)) if part)


def _outcome(diff: Diff) -> str:
    if diff.nothing_changed:
        if not diff.compared:
            return _("Nothing changed: there is no render to compare")
        count = len(diff.compared)
        return ngettext(
            "Nothing changed: {count} render measures the same, within noise",
            "Nothing changed: {count} renders measure the same, within noise",
            count,
        ).format(count=count)
    values = _moved(lambda count: counted(count, "value"), [row.change for row in diff.rows])
    parts = (
        _moved(lambda count: counted(count, "mean"), [mean.change for mean in diff.means]),
        _("by render, {values}").format(values=values) if values else "",
        _some(len(diff.failing), _("{renders} not cleaned any more")),
        _some(len(diff.mended), _("{renders} cleaned again")),
        _some(len(diff.other_audio), _("{renders} not compared")),
        _some(len(diff.added), _("{renders} added")),
        _some(len(diff.removed), _("{renders} removed")),
    )
    return "; ".join(part for part in parts if part)


def _moved(number: Callable[[int], str], changes: Sequence[Change]) -> str:
    """Return how many of `changes` are worse, better or different; empty if all are the same."""
    counts = {
        _("worse"): sum(one.regressed for one in changes),
        _("better"): sum(one.sense == "better" for one in changes),
        _("different"): sum(one.sense in ("changed", "gained") for one in changes),
    }
    found = [(count, what) for what, count in counts.items() if count]
    if not found:
        return ""
    (count, what), *more = found
    verb = ngettext("is", "are", count)
    words = [_("{count} {verb} {what}").format(count=number(count), verb=verb, what=what)]
    words += [f"{count} {what}" for count, what in more]
    return _(" and ").join([part for part in (", ".join(words[:-1]), words[-1]) if part])


def _some(count: int, text: str) -> str:
    return text.format(renders=counted(count, "render")) if count else ""


def _entries(items: Iterable[tuple[str, Failure | None]]) -> tuple[tuple[str, str], ...]:
    return tuple((path, failure.message if failure else "") for path, failure in items)


def _word(status: str) -> str:
    return _(status.replace("_", " "))
