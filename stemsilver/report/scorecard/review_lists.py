"""The reviews of a batch as lists for people: Markdown for GitHub, and CSV."""

from __future__ import annotations

import csv
import io

from stemsilver.report.reviews.review import RenderReview
from stemsilver.report.scorecard.csv_table import cell
from stemsilver.report.scorecard.reviewed import Reviewer, is_approved, reviewers
from stemsilver.report.scorecard.scorecard import Scorecard, ScoredRender
from stemsilver.report.text.github import code, prose, table
from stemsilver.report.text.wording import clock, counted, shortened

COLUMNS = ("path", "reviewer", "about", "decision", "decided", "seconds", "track", "remark")

_LISTED = 10
_DECISIONS = {"approved": "approved", "needs_work": "needs work", "skipped": "skipped"}


def reviews_markdown(found: Scorecard) -> str:
    """Return who said what: how far each person is, then each render that somebody remarks on.

    No name or remark can act as Markdown, HTML, a link or a mention.
    """
    people = reviewers(found)
    if not people:
        return "No reviews."
    rows = [(code(one.name), *map(str, one.counts)) for one in people]
    head = ("Reviewer", "Approved", "Needs work", "Skipped", "Remarks", "Outdated")
    renders = [item for item in found.renders if item.output is not None]
    silent = sum(not item.reviews for item in renders)
    parts = [table(head, "lrrrrr", rows), *(_render(item) for item in renders if _worth(item))]
    if silent:
        parts.append(f"Not reviewed by anybody: {silent} of {counted(len(renders), 'render')}.")
    return "\n\n".join(parts)


def reviews_line(found: Scorecard) -> str:
    """Return who approved how many renders, as one line of Markdown; empty without reviews."""
    people = reviewers(found)
    if not people:
        return ""
    renders = [item for item in found.renders if item.output is not None]
    approved = sum(is_approved(item, 1) for item in renders)
    said = [_said(one) for one in people[:_LISTED]]
    if left := len(people) - len(said):
        said.append(f"and {left} more")
    count = f"{approved} of {counted(len(renders), 'render')} approved"
    return f"Reviews: {count}. {'; '.join(said)}."


def _said(one: Reviewer) -> str:
    parts = [f"{code(shortened(one.name, 40))} approved {one.approved}"]
    if one.needs_work:
        parts.append(f"asks for work on {one.needs_work}")
    if one.outdated:
        parts.append(f"{one.outdated} outdated")
    return ", ".join(parts)


def _worth(item: ScoredRender) -> bool:
    return any(one.remarks or one.decision == "needs_work" for one in item.reviews)


def _render(item: ScoredRender) -> str:
    lines = [f"- {code(item.path)}"]
    for one in item.reviews:
        said = _DECISIONS[one.decision] if one.decision else "remarks"
        outdated = "" if item.is_about_it(one) else ", about an earlier version"
        lines.append(f"  - {code(one.reviewer)}: {said}{outdated}")
        lines += [
            f"    - {clock(remark.at)} in {remark.track}: {prose(remark.text)}"
            for remark in one.remarks
        ]
    return "\n".join(lines)


def reviews_csv(found: Scorecard) -> str:
    """Return one row for each decision and each remark, safe to open in a spreadsheet."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for item in found.renders:
        for one in item.reviews:
            for row in _rows(one):
                about = "present output" if item.is_about_it(one) else "earlier output"
                said = {"path": cell(item.path), "reviewer": cell(one.reviewer), "about": about}
                writer.writerow(said | row)
    return text.getvalue()


def _rows(one: RenderReview) -> list[dict[str, str]]:
    rows = [
        {"seconds": f"{remark.at:.2f}", "track": remark.track, "remark": cell(remark.text)}
        for remark in one.remarks
    ]
    if one.decision is not None:
        decided = one.decided.isoformat() if one.decided else ""
        rows.insert(0, {"decision": one.decision, "decided": decided})
    return rows
