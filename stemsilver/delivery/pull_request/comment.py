"""The text of the single comment on a pull request, in GitHub Markdown."""

from __future__ import annotations

from collections import Counter

from stemsilver.config import Profile
from stemsilver.delivery.pull_request.artifact import Artifact
from stemsilver.delivery.pull_request.comparison import judge_change
from stemsilver.evaluation.catalogue import METRICS
from stemsilver.report import (
    Scorecard,
    checked_link,
    diff_markdown,
    format_value,
    judge_again,
    mean,
    provenance,
    reviews_line,
    skipped_words,
)
from stemsilver.report.text.github import table
from stemsilver.report.text.wording import counted

MARKER = "<!-- stemsilver-scorecard -->"
"""The first line of the comment. A later run finds the comment by it."""


def comment_markdown(
    artifact: Artifact, profile: Profile, link: str | None, preview: str | None
) -> str:
    """Return the comment on what a pull request changed, within GitHub's size limit.

    Text from the artifact is escaped: it cannot act as Markdown, HTML, a link or a mention.

    Args:
        artifact: the artifact of the pull request's run.
        profile: its gates and guardrail apply.
        link: the URL of the complete result.
        preview: the URL of the page with the sounds.

    Raises:
        UsageError: `link` or `preview` is not a valid URL.
    """
    verdict = judge_change(artifact.base, artifact.head, profile)
    claim = artifact.claim
    parts = [
        MARKER,
        f"### Scorecard of `{claim.commit[:12]}`",
        *verdict.notes,
        *([f"[Listen to what changed]({checked_link(preview)})"] if preview else []),
    ]
    if verdict.compared:
        parts.append(diff_markdown(verdict.found, verdict.checks, link=link))
    else:
        parts += _without_base(artifact.head, profile)
        parts += [f"[See all of it]({checked_link(link)})"] if link else []
    return "\n\n".join(parts)


def _without_base(head: Scorecard, profile: Profile) -> list[str]:
    """Describe a build without a base: the status counts of its renders, and their means."""
    found = Counter(item.status for item in judge_again(head, profile).renders)
    counts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in found.items())
    left = f"; {skipped_words(len(head.skipped))}" if head.skipped else ""
    means = {name: mean(head, name) for name in METRICS}
    rows = [
        (METRICS[name].label, format_value(name, one.value), str(one.count))
        for name, one in means.items()
        if one.count
    ]
    return [
        f"**{counted(len(head.items), 'render')}{f': {counts}' if counts else ''}{left}.**",
        *([table(("Mean over the renders", "Head", "Renders"), "lrr", rows)] if rows else []),
        *([line] if (line := reviews_line(head)) else []),
        f"Head: {provenance(head)}",
    ]
