"""The Review page: every render that can be heard, and what people say about it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from stemsilver.microsite.parts.metric_cells import Standing, standing
from stemsilver.report import Scorecard, ScoredRender, worst_first
from stemsilver.report.scorecard.reviewed import Reviewer, reviewers

RENDERS = "renders.json"
"""The list of renders to review, which the page of a render fetches when a review has begun."""


@dataclass(frozen=True)
class ReviewPage:
    """The Review page: its renders, the one that needs most attention first, and their standings by
    id; and how far each person of the team is.
    """

    renders: tuple[ScoredRender, ...]
    standings: Mapping[str, Standing]
    reviewers: tuple[Reviewer, ...]


def review_page(found: Scorecard) -> ReviewPage:
    """Return the Review page of a build."""
    renders = reviewable(found)
    return ReviewPage(renders, {item.id: standing(item) for item in renders}, reviewers(found))


def reviewable(found: Scorecard) -> tuple[ScoredRender, ...]:
    """Return the renders that have an output to listen to, worst first."""
    return tuple(item for item in worst_first(found) if item.sound_sha256 is not None)


def renders_json(found: Scorecard) -> str:
    """Return the renders to review as JSON, in their order."""
    return json.dumps([listed(item) for item in reviewable(found)])


def listed(item: ScoredRender) -> dict[str, str | None]:
    """Return a render as the scripts know it: its id, path and present output."""
    return {"id": item.id, "path": item.path, "sound_sha256": item.sound_sha256}
