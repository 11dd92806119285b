"""The review of a build by one person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

Decision: TypeAlias = Literal["approved", "needs_work", "skipped"]
Track: TypeAlias = Literal["raw", "clean", "removed"]


@dataclass(frozen=True)
class Remark:
    """A note at a position in seconds, on the track that was heard.

    A remark without text was withdrawn: it stays in the file, so that a merge with an older file
    does not bring it back.
    """

    id: str
    at: float
    track: Track
    text: str
    written: datetime


@dataclass(frozen=True)
class RenderReview:
    """What one person says about one render.

    It is about the speech with the hash `sound_sha256` of its rate and samples, and outdated if the
    render has another one now. `decision` is None if there are only remarks, or if it was taken
    back; both happened at `decided`.
    """

    reviewer: str
    path: str
    sound_sha256: str
    decision: Decision | None
    decided: datetime | None
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True)
class ReviewedBuild:
    """The build that a person listened to."""

    profile: str
    config_digest: str
    created: str


@dataclass(frozen=True)
class Review:
    """All that one person says. `build` is the latest build that the person listened to.

    There may be several reviews of a render, if its speech-only file changed between them.
    """

    reviewer: str
    build: ReviewedBuild
    renders: tuple[RenderReview, ...]
