"""Read and write the file of a review. Files come from other people: nothing in them is trusted."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field

from stemsilver.report.reviews.review import (
    Decision,
    Remark,
    RenderReview,
    Review,
    ReviewedBuild,
    Track,
)
from stemsilver.report.untrusted import Hex, Name, UntrustedModel, read_json

KIND = "stemsilver-review"

# As `Date.toISOString` of a browser writes it.
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z\Z")

MAX_BYTES = 2_000_000
"""The largest review that is read, in bytes: about 2,000 renders with five remarks each."""


def _one_line(text: str) -> str:
    shown = " ".join(text.split())
    if not shown:
        raise ValueError("is empty")
    return shown


def _moment(text: Any) -> datetime:
    if not isinstance(text, str) or not _ISO.match(text):
        raise ValueError("is not a time such as 2026-11-30T12:00:00.000Z")
    return datetime.fromisoformat(text).astimezone(UTC)


# The name is one line, as it stands in tables and in the name of a file.
_Reviewer: TypeAlias = Annotated[str, Field(max_length=80), AfterValidator(_one_line)]
_Path: TypeAlias = Annotated[str, Field(min_length=1, max_length=4096)]
_Sha256: TypeAlias = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Moment: TypeAlias = Annotated[datetime, BeforeValidator(_moment)]


class _Remark(UntrustedModel):
    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
    at: Annotated[float, Field(ge=0, le=1e6)]
    track: Track
    text: Annotated[str, Field(max_length=2000)]
    written: _Moment


class ReviewEntry(UntrustedModel):
    """A person's review of one render, as files have it."""

    sound_sha256: _Sha256
    decision: Decision | None
    decided: _Moment | None
    remarks: Annotated[list[_Remark], Field(max_length=500)]

    def of(self, reviewer: str, path: str) -> RenderReview:
        """Return the entry as the review of the render at `path`."""
        return RenderReview(
            reviewer=reviewer,
            path=path,
            sound_sha256=self.sound_sha256,
            decision=self.decision,
            decided=self.decided,
            remarks=tuple(Remark(**one.model_dump()) for one in self.remarks),
        )


class ReviewerEntry(ReviewEntry):
    """An entry that also says whose it is."""

    reviewer: _Reviewer


class _PathEntry(ReviewEntry):
    path: _Path


class _Build(UntrustedModel):
    profile: Name
    config_digest: Hex
    created: Name


class _File(UntrustedModel):
    kind: Literal["stemsilver-review"]
    schema_version: Literal[1]
    reviewer: _Reviewer
    build: _Build
    renders: Annotated[list[_PathEntry], Field(max_length=20_000)]


def read_review(path: Path) -> Review:
    """Read the review at `path`.

    Raises:
        UsageError: there is no file, it is larger than `MAX_BYTES`, or its content is not valid.
    """
    return read_json(
        path,
        parse_review,
        MAX_BYTES,
        what="a review",
        next_step="Name a stemsilver-review-….json that the Review page of a site gave.",
    )


def parse_review(values: Any) -> Review:
    """Convert the output of `review_json` back to a `Review`.

    Raises:
        ValueError: `values` are not valid.
    """
    file = _File.model_validate(values)
    return Review(
        reviewer=file.reviewer,
        build=ReviewedBuild(**file.build.model_dump()),
        renders=tuple(one.of(file.reviewer, one.path) for one in file.renders),
    )


def review_json(review: Review) -> dict[str, Any]:
    """Return a review as JSON-serialisable values."""
    return {
        "kind": KIND,
        "schema_version": 1,
        "reviewer": review.reviewer,
        "build": {
            "profile": review.build.profile,
            "config_digest": review.build.config_digest,
            "created": review.build.created,
        },
        "renders": [{"path": one.path, **entry_json(one)} for one in review.renders],
    }


def entry_json(one: RenderReview) -> dict[str, Any]:
    """Return what a person says about a render, without the person and the render."""
    return {
        "sound_sha256": one.sound_sha256,
        "decision": one.decision,
        "decided": None if one.decided is None else _text(one.decided),
        "remarks": [
            {
                "id": remark.id,
                "at": remark.at,
                "track": remark.track,
                "text": remark.text,
                "written": _text(remark.written),
            }
            for remark in one.remarks
        ],
    }


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
