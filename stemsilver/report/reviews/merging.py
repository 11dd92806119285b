"""Merge reviews, of several people or of one person's several devices, without loss."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from stemsilver.report.reviews.review import Decision, Remark, RenderReview, Review

_NEVER = datetime.min.replace(tzinfo=UTC)

# Of two decisions of the same moment, the more cautious one counts.
_CAUTION: tuple[Decision | None, ...] = (None, "skipped", "approved", "needs_work")


def merge_reviews(found: Iterable[Review]) -> tuple[Review, ...]:
    """Return one review for each person, in the order of their names.

    A person is known by the name, whatever its case. Of several decisions on the same output, the
    latest counts; a remark that was edited has its latest text. The order of `found` has no effect.
    """
    people: dict[str, list[Review]] = {}
    for one in found:
        people.setdefault(one.reviewer.casefold(), []).append(one)
    return tuple(_of_one_person(people[name]) for name in sorted(people))


def _of_one_person(found: Sequence[Review]) -> Review:
    latest = max(found, key=lambda one: (one.build.created, one.reviewer))
    entries: dict[tuple[str, str], list[RenderReview]] = {}
    for review in found:
        for one in review.renders:
            entries.setdefault((one.path, one.sound_sha256), []).append(one)
    renders = tuple(_of_one_output(latest.reviewer, entries[key]) for key in sorted(entries))
    return Review(latest.reviewer, latest.build, renders)


def _of_one_output(reviewer: str, found: Sequence[RenderReview]) -> RenderReview:
    last = max(found, key=lambda one: (one.decided or _NEVER, _CAUTION.index(one.decision)))
    return RenderReview(
        reviewer=reviewer,
        path=last.path,
        sound_sha256=last.sound_sha256,
        decision=last.decision,
        decided=last.decided,
        remarks=_remarks(remark for one in found for remark in one.remarks),
    )


def _remarks(found: Iterable[Remark]) -> tuple[Remark, ...]:
    """Return the latest version of each remark; different versions of one moment are all kept."""
    latest: dict[str, datetime] = {}
    versions = set(found)
    for one in versions:
        latest[one.id] = max(one.written, latest.get(one.id, _NEVER))
    kept = (one for one in versions if one.written == latest[one.id])
    return tuple(sorted(kept, key=lambda one: (one.at, one.written, one.id, one.text, one.track)))
