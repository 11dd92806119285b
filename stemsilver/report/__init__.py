"""From a `Batch` and its `Profile` to verdicts, JSON, CSV and Markdown. No HTML.

The scorecard's JSON is the product; every other form is a view of the same verdicts and scores.
"""

from stemsilver.report.comparison.bakeoff import (
    OWN_STAGE_A,
    Bakeoff,
    Column,
    Run,
    bakeoff,
    bakeoff_columns,
    bakeoff_json,
)
from stemsilver.report.comparison.bakeoff_markdown import MARKS, bakeoff_markdown
from stemsilver.report.comparison.change import Change, Sense, change, within
from stemsilver.report.comparison.diff import Diff, ItemDiff, MeanDiff, Row, diff
from stemsilver.report.comparison.diff_json import diff_json
from stemsilver.report.comparison.diff_markdown import MAX_COMMENT, checked_link, diff_markdown
from stemsilver.report.comparison.diff_wording import (
    Listing,
    change_cells,
    diff_headline,
    guardrail_verdict,
    listings,
    rule_words,
)
from stemsilver.report.comparison.guardrail import Check, judge
from stemsilver.report.comparison.promotion import Judgement, Ruling, rule_on
from stemsilver.report.history.records import (
    HISTORY,
    Record,
    history_json,
    merged,
    read_history,
    read_records,
    record,
    record_of,
)
from stemsilver.report.history.regressions import Mark, Turn, marks, runs
from stemsilver.report.scorecard.cost import Cost, factor_words, memory_words
from stemsilver.report.scorecard.csv_table import batch_metrics_csv
from stemsilver.report.scorecard.markdown import scorecard_markdown
from stemsilver.report.scorecard.models import UsedModel, used_models
from stemsilver.report.scorecard.reader import Card, CardItem, parse_card, read_card
from stemsilver.report.scorecard.scores import (
    Headline,
    Mean,
    RawToClean,
    headline,
    mean,
    raw_to_clean,
    scores,
)
from stemsilver.report.scorecard.verdicts import (
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
from stemsilver.report.scorecard.writer import SCHEMA_VERSION, item_evidence, scorecard
from stemsilver.report.text.mermaid import pipeline_mermaid, sideways
from stemsilver.report.text.wording import (
    display_unit,
    format_delta,
    format_score,
    format_tolerance,
    format_value,
    metric_heading,
    shortened,
    visible,
)

__all__ = [
    "HISTORY",
    "MARKS",
    "MAX_COMMENT",
    "OWN_STAGE_A",
    "SCHEMA_VERSION",
    "Bakeoff",
    "Card",
    "CardItem",
    "Change",
    "Check",
    "Column",
    "Cost",
    "Diff",
    "Gate",
    "Headline",
    "ItemDiff",
    "Judgement",
    "Listing",
    "Mark",
    "Mean",
    "MeanDiff",
    "RawToClean",
    "Record",
    "Row",
    "Ruling",
    "Run",
    "Sense",
    "Status",
    "Totals",
    "Turn",
    "UsedModel",
    "Verdict",
    "all_good",
    "bakeoff",
    "bakeoff_columns",
    "bakeoff_json",
    "bakeoff_markdown",
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
    "factor_words",
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
    "memory_words",
    "merged",
    "metric_heading",
    "parse_card",
    "pipeline_mermaid",
    "raw_to_clean",
    "read_card",
    "read_history",
    "read_records",
    "record",
    "record_of",
    "rule_on",
    "rule_words",
    "runs",
    "scorecard",
    "scorecard_markdown",
    "scores",
    "shortened",
    "sideways",
    "status",
    "totals",
    "used_models",
    "verdicts",
    "visible",
    "within",
]
