"""The batch as one CSV table, safe to open in a spreadsheet."""

from __future__ import annotations

import csv

from stemsilver.evaluation.catalogue import METRICS
from stemsilver.report.scorecard.reviewed import review_words
from stemsilver.report.scorecard.scorecard import Scorecard, ScoredRender
from stemsilver.report.text.wording import visible

COLUMNS = (
    *("id", "path", "status", "reason", "duration_seconds", "language"),
    *METRICS,
    *("reasons", "reviews"),
)


def batch_metrics_csv(found: Scorecard) -> str:
    """Return the batch as CSV: one row per render, always with the same columns.

    `reason` says why a render is not `pass`: its failure's code, the gates that failed, or
    `no_music` or `no_speech`. `language` is a language code, or empty. Metrics are unrounded, in
    the units of the catalogue, and empty if null; `reasons` then says why, as `metric=reason; …`.
    For a failed render, whose metrics all have the same reason, only `reason` says it. `reviews`
    says who approved it. Text is quoted, numbers are not.
    """
    import pandas as pd  # Imported here: slow, and only needed here.

    rows = [_row(item) for item in found.renders]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    # A column without values would be quoted like text.
    numeric = dict.fromkeys(("duration_seconds", *METRICS), "float64")
    return frame.astype(numeric).to_csv(
        index=False, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n"
    )


def _row(item: ScoredRender) -> dict[str, str | float | None]:
    if item.failure is not None:
        reason, nulls = item.failure.code, ""
    else:
        failed = [v.gate for v in item.verdicts if v.passed is False]
        reason = "; ".join([*failed, *([f"no_{item.lacks}"] if item.lacks else [])])
        nulls = "; ".join(f"{name}={s.reason}" for name, s in item.scores.items() if s.reason)
    return {
        "id": cell(item.id),
        "path": cell(item.path),
        "status": item.status,
        "reason": cell(reason),
        "duration_seconds": item.duration,
        "language": item.language,
        **{name: score.value for name, score in item.scores.items()},
        "reasons": cell(nulls),
        "reviews": cell(review_words(item)),
    }


def cell(text: str) -> str:
    """Return `text` safe for a spreadsheet: without line breaks, and not run as a formula."""
    shown = visible(text)
    return f"'{shown}" if shown.startswith(("=", "+", "-", "@")) else shown
