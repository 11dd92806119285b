"""The batch as one CSV table, safe to open in a spreadsheet."""

from __future__ import annotations

import csv

from stemsilver.evaluation.catalogue import METRICS
from stemsilver.report.scorecard.scorecard import Scorecard, ScoredRender
from stemsilver.report.text.wording import visible

COLUMNS = ("id", "path", "status", "reason", "duration_seconds", *METRICS, "reasons")


def batch_metrics_csv(found: Scorecard) -> str:
    """One row a render, with the same columns whatever the batch.

    `reason` says why a render is not `pass`: its failure's code, or the gates that failed.
    Metrics are unrounded in the units of the catalogue, and empty where null; `reasons` then
    says why, as `metric=reason; …` (a failed render has the same one everywhere, which `reason`
    states once). Text is quoted, numbers are not.
    """
    import pandas as pd  # Here: nothing else of the report waits for it.

    rows = [_row(item) for item in found.renders]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    # A column without any value would be quoted like text.
    numeric = dict.fromkeys(("duration_seconds", *METRICS), "float64")
    return frame.astype(numeric).to_csv(
        index=False, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n"
    )


def _row(item: ScoredRender) -> dict[str, str | float | None]:
    if item.failure is not None:
        reason, nulls = item.failure.code, ""
    else:
        failed = [v.gate for v in item.verdicts if v.passed is False]
        reason = "; ".join(failed)
        nulls = "; ".join(f"{name}={s.reason}" for name, s in item.scores.items() if s.reason)
    return {
        "id": _cell(item.id),
        "path": _cell(item.path),
        "status": item.status,
        "reason": _cell(reason),
        "duration_seconds": item.duration,
        **{name: score.value for name, score in item.scores.items()},
        "reasons": _cell(nulls),
    }


def _cell(text: str) -> str:
    """`text` as a spreadsheet will show it and not run it: no line breaks, no formula."""
    shown = visible(text)
    return f"'{shown}" if shown.startswith(("=", "+", "-", "@")) else shown
