"""Level 4: from a `Batch` and its `Profile` to verdicts, JSON, CSV and Markdown. No HTML.

The scorecard's JSON is the product; every other form is a view of the same verdicts and scores.
"""

from stemsilver.report.card import Card, CardItem, parse_card, read_card
from stemsilver.report.change import Change, Sense, change, within
from stemsilver.report.csv_table import batch_metrics_csv
from stemsilver.report.diagram import pipeline_mermaid, sideways
from stemsilver.report.diff import Diff, ItemDiff, MeanDiff, Row, diff
from stemsilver.report.diff_json import diff_json
from stemsilver.report.diff_markdown import MAX_COMMENT, checked_link, diff_markdown
from stemsilver.report.diff_wording import (
    Listing,
    change_cells,
    diff_headline,
    guardrail_verdict,
    listings,
    rule_words,
)
from stemsilver.report.guardrail import Check, judge
from stemsilver.report.history import (
    HISTORY,
    Record,
    history_json,
    merged,
    read_history,
    read_records,
    record,
    record_of,
)
from stemsilver.report.markdown import scorecard_markdown
from stemsilver.report.marks import Mark, Turn, marks, runs
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
from stemsilver.report.wording import (
    display_unit,
    format_delta,
    format_score,
    format_tolerance,
    format_value,
    shortened,
    visible,
)

__all__ = [
    "HISTORY",
    "MAX_COMMENT",
    "SCHEMA_VERSION",
    "Card",
    "CardItem",
    "Change",
    "Check",
    "Diff",
    "Gate",
    "Headline",
    "ItemDiff",
    "Listing",
    "Mark",
    "Mean",
    "MeanDiff",
    "RawToClean",
    "Record",
    "Row",
    "Sense",
    "Status",
    "Totals",
    "Turn",
    "Verdict",
    "all_good",
    "batch_metrics_csv",
    "batch_verdict",
    "change",
    "change_cells",
    "checked_link",
    "diff",
    "diff_headline",
    "diff_json",
    "diff_markdown",
    "display_unit",
    "format_delta",
    "format_score",
    "format_tolerance",
    "format_value",
    "gates",
    "guardrail_verdict",
    "headline",
    "history_json",
    "item_evidence",
    "judge",
    "listings",
    "marks",
    "mean",
    "merged",
    "parse_card",
    "pipeline_mermaid",
    "raw_to_clean",
    "read_card",
    "read_history",
    "read_records",
    "record",
    "record_of",
    "rule_words",
    "runs",
    "scorecard",
    "scorecard_markdown",
    "scores",
    "shortened",
    "sideways",
    "status",
    "totals",
    "verdicts",
    "visible",
    "within",
]
