"""The wording of a diff, for both the terminal and Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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

_SENSES: dict[ChangeKind, str] = {
    "better": "▲ better",
    "worse": "▼ worse",
    "same": "= same",
    "changed": "~ changed",
    "lost": "▼ lost",
    "gained": "+ gained",
    "unmeasured": NO_VALUE,
}
_RULES: dict[Origin, str] = {
    "base": "The guardrail is the base's own.",
    "given": "The guardrail is that of the profile that was named.",
    "shipped": "The base has no guardrail: this is the one that ships with Stemsilver.",
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
    return f"The guardrail fails: {', '.join(failed)}" if failed else "The guardrail holds"


def rule_words(diff: Diff, checks: Sequence[Check]) -> str:
    """Return where the rule of the checks comes from, and whether head has other rules."""
    # Checks of gates always use base's gates; the other checks decide.
    origins: list[Origin] = [check.origin for check in checks if check.origin not in (None, "base")]
    origin = origins[0] if origins else "base"
    news = " Head changes the gates or the guardrail. The new rules apply from the next change on."
    return _RULES[origin] + (news if diff.other_rules else "")


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
        _SENSES[change.sense],
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
            "Not approved" if check.name == "approvals" else f"{check.label}: newly broken",
            tuple((path, "") for path in check.renders),
        )
        for check in checks
        if not check.passed and check.name != "failures"
    ]
    known = set(diff.base.skipped)
    found = (
        Listing("Not cleaned any more", _entries((one.path, one.failure) for one in diff.failing)),
        Listing(
            "Added, and cannot be cleaned",
            _entries((one.path, one.failure) for one in diff.broken_additions),
        ),
        *broken,
        Listing("Reviewers ask for work on it", tuple(_asked(diff))),
        Listing("Verdict by the base's gates", tuple(turned)),
        Listing("Words heard in another language", tuple(languages)),
        Listing("Not cleaned in either", _entries((o.path, o.failure) for o in diff.failing_still)),
        Listing("Cleaned again", tuple((one.path, "") for one in diff.mended)),
        Listing("Not compared: other raw audio", tuple((o.path, "") for o in diff.other_audio)),
        Listing("Added", tuple((one.path, "") for one in diff.added if not one.failure)),
        Listing("Removed", tuple((one.path, "") for one in diff.removed)),
        Listing(
            "Newly skipped",
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
            return "Nothing changed: there is no render to compare"
        renders, verb = counted(len(diff.compared), "render"), "s" * (len(diff.compared) == 1)
        return f"Nothing changed: {renders} measure{verb} the same, within noise"
    values = _moved("value", [row.change for row in diff.rows])
    parts = (
        _moved("mean", [mean.change for mean in diff.means]),
        f"by render, {values}" if values else "",
        _some(len(diff.failing), "not cleaned any more"),
        _some(len(diff.mended), "cleaned again"),
        _some(len(diff.other_audio), "not compared"),
        _some(len(diff.added), "added"),
        _some(len(diff.removed), "removed"),
    )
    return "; ".join(part for part in parts if part)


def _moved(noun: str, changes: Sequence[Change]) -> str:
    """Return how many of `changes` are worse, better or different; empty if all are the same."""
    counts = {
        "worse": sum(one.regressed for one in changes),
        "better": sum(one.sense == "better" for one in changes),
        "different": sum(one.sense in ("changed", "gained") for one in changes),
    }
    found = [(count, what) for what, count in counts.items() if count]
    if not found:
        return ""
    (count, what), *more = found
    words = [f"{counted(count, noun)} {'is' if count == 1 else 'are'} {what}"]
    words += [f"{count} {what}" for count, what in more]
    return " and ".join([part for part in (", ".join(words[:-1]), words[-1]) if part])


def _some(count: int, what: str) -> str:
    return f"{counted(count, 'render')} {what}" if count else ""


def _entries(items: Iterable[tuple[str, Failure | None]]) -> tuple[tuple[str, str], ...]:
    return tuple((path, failure.message if failure else "") for path, failure in items)


def _word(status: str) -> str:
    return status.replace("_", " ")
