"""What a team said about the planted batch: one of them is hostile, and one is about old files."""

from __future__ import annotations

from datetime import UTC, datetime

from stemsilver.report.reviews.review import Decision, Remark, RenderReview, Review, ReviewedBuild

MOMENT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
BUILD = ReviewedBuild("embedded", "ab" * 32, "2026-11-22T13:50:00Z")


def remark(id_: str, text: str, at: float = 0.5) -> Remark:
    """A remark on clean."""
    return Remark(id_, at, "clean", text, MOMENT)


def review_of(
    reviewer: str,
    path: str,
    sound_sha256: str,
    decision: Decision | None = "approved",
    *remarks: Remark,
) -> Review:
    """A person's review of one render."""
    entry = RenderReview(reviewer, path, sound_sha256, decision, MOMENT, remarks)
    return Review(reviewer, BUILD, (entry,))
