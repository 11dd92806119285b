"""Reviews in a scorecard: what each person says about the renders as they are now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from stemsilver.report.reviews.review import Decision, RenderReview, Review
from stemsilver.report.scorecard.scorecard import Scorecard, ScoredRender
from stemsilver.report.text.wording import counted


@dataclass(frozen=True)
class Reviewer:
    """How far a person is: the number of renders by decision, of those that can be heard.

    `remarks` are those on the present outputs; `outdated` counts the renders that changed since.
    """

    name: str
    approved: int
    needs_work: int
    skipped: int
    remarks: int
    outdated: int

    @property
    def counts(self) -> tuple[int, ...]:
        """The counts in their order."""
        return self.approved, self.needs_work, self.skipped, self.remarks, self.outdated


def with_reviews(found: Scorecard, reviews: Sequence[Review]) -> Scorecard:
    """Return a scorecard whose renders have these reviews; those of unknown renders are left out.

    Of each person, a render has the review of its present output, or else of the latest one.
    Withdrawn remarks are left out.
    """
    said: dict[str, list[RenderReview]] = {}
    for review in reviews:
        for one in review.renders:
            said.setdefault(one.path, []).append(one)
    items = {
        item.id: replace(item, reviews=_of_render(item, said.get(item.path, ())))
        for item in found.renders
    }
    return replace(found, items=items)


def _of_render(item: ScoredRender, found: Sequence[RenderReview]) -> tuple[RenderReview, ...]:
    people: dict[str, RenderReview] = {}
    for one in sorted(found, key=lambda one: (one.sound_sha256 == item.sound_sha256, _last(one))):
        shown = replace(one, remarks=tuple(remark for remark in one.remarks if remark.text))
        if shown.decision or shown.remarks:
            people[one.reviewer] = shown
        else:
            people.pop(one.reviewer, None)
    return tuple(people[name] for name in sorted(people, key=str.casefold))


def _last(one: RenderReview) -> str:
    moments = [remark.written for remark in one.remarks]
    if one.decided is not None:
        moments.append(one.decided)
    return max(moments).isoformat() if moments else ""


def reviewers(found: Scorecard) -> tuple[Reviewer, ...]:
    """Return how far each person is, in the order of their names."""
    people: dict[str, list[tuple[ScoredRender, RenderReview]]] = {}
    for item in found.renders:
        for one in item.reviews:
            people.setdefault(one.reviewer, []).append((item, one))
    return tuple(_reviewer(name, people[name]) for name in sorted(people, key=str.casefold))


def _reviewer(name: str, said: Sequence[tuple[ScoredRender, RenderReview]]) -> Reviewer:
    current = [one for item, one in said if item.is_about_it(one)]
    decisions = [one.decision for one in current]
    return Reviewer(
        name=name,
        approved=decisions.count("approved"),
        needs_work=decisions.count("needs_work"),
        skipped=decisions.count("skipped"),
        remarks=sum(len(one.remarks) for one in current),
        outdated=len(said) - len(current),
    )


def is_approved(item: ScoredRender, least: int) -> bool:
    """Return whether `least` people approve the present output, and nobody asks for more work."""
    return len(deciders(item, "approved")) >= least and not deciders(item, "needs_work")


def deciders(item: ScoredRender, decision: Decision) -> tuple[str, ...]:
    """Return the names of those who decided so about the present output."""
    return tuple(
        one.reviewer for one in item.reviews if one.decision == decision and item.is_about_it(one)
    )


def review_words(item: ScoredRender) -> str:
    """Return what people say about the present output, in a few words; empty if nobody did."""
    parts = []
    if names := deciders(item, "needs_work"):
        parts.append(f"needs work ({', '.join(names)})")
    if names := deciders(item, "approved"):
        parts.append(f"approved ({', '.join(names)})")
    if count := sum(len(one.remarks) for one in item.reviews if item.is_about_it(one)):
        parts.append(counted(count, "remark"))
    if not parts and item.reviews:
        parts.append("outdated")
    return ", ".join(parts)
