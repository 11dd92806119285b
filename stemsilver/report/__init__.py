"""Level 4: from a `Batch` and its `Profile` to verdicts, JSON, CSV and Markdown. No HTML.

The scorecard's JSON is the product; every other form is a view of the same verdicts and scores.
"""

from stemsilver.report.card import Card, CardItem, read_card
from stemsilver.report.csv_table import batch_metrics_csv
from stemsilver.report.diagram import pipeline_mermaid, sideways
from stemsilver.report.markdown import scorecard_markdown
from stemsilver.report.scorecard import SCHEMA_VERSION, item_evidence, scorecard
from stemsilver.report.scores import (
    Headline,
    Mean,
    RawToClean,
    headline,
    mean,
    raw_to_clean,
    scores,
)
from stemsilver.report.verdicts import (
    Gate,
    Status,
    Totals,
    Verdict,
    all_good,
    batch_verdict,
    gates,
    status,
    totals,
    verdicts,
)
from stemsilver.report.wording import display_unit, format_score, format_value, visible

__all__ = [
    "SCHEMA_VERSION",
    "Card",
    "CardItem",
    "Gate",
    "Headline",
    "Mean",
    "RawToClean",
    "Status",
    "Totals",
    "Verdict",
    "all_good",
    "batch_metrics_csv",
    "batch_verdict",
    "display_unit",
    "format_score",
    "format_value",
    "gates",
    "headline",
    "item_evidence",
    "mean",
    "pipeline_mermaid",
    "raw_to_clean",
    "read_card",
    "scorecard",
    "scorecard_markdown",
    "scores",
    "sideways",
    "status",
    "totals",
    "verdicts",
    "visible",
]
