"""Judge a batch, and write, read back and compare its scorecard. No HTML.

JSON, CSV, Markdown and the pages all show the verdicts and scores of this one scorecard.
"""

from stemsilver.report.comparison.bakeoff import (
    OWN_STAGE_A,
    Bakeoff,
    BakeoffColumn,
    ProfileRun,
    bakeoff,
    bakeoff_columns,
    bakeoff_json,
)
from stemsilver.report.comparison.bakeoff_markdown import MARKS, bakeoff_markdown
from stemsilver.report.comparison.change import Change, ChangeKind, change, within
from stemsilver.report.comparison.diff import ChangeRow, Diff, ItemDiff, MeanDiff, diff
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
from stemsilver.report.comparison.guardrail import Check, check_guardrail
from stemsilver.report.comparison.promotion import Judgement, Ruling, rule_on
from stemsilver.report.history.records import (
    HISTORY,
    Record,
    history_json,
    merged,
    read_history,
    read_records,
    record,
)
from stemsilver.report.history.regressions import Shift, ShiftSense, build_groups, shifts
from stemsilver.report.reviews.folder import add_reviews, read_reviews
from stemsilver.report.reviews.reader import read_review, review_json
from stemsilver.report.reviews.review import Remark, RenderReview, Review
from stemsilver.report.scorecard.cost import Cost, cost, costs_csv, factor_words, memory_words
from stemsilver.report.scorecard.csv_table import batch_metrics_csv
from stemsilver.report.scorecard.markdown import provenance, scorecard_markdown
from stemsilver.report.scorecard.models import UsedModel, used_models
from stemsilver.report.scorecard.ranking import most_worth_hearing, worst_first
from stemsilver.report.scorecard.reader import parse_scorecard, read_scorecard
from stemsilver.report.scorecard.review_lists import reviews_csv, reviews_line, reviews_markdown
from stemsilver.report.scorecard.reviewed import (
    Reviewer,
    deciders,
    is_approved,
    review_words,
    reviewers,
    with_reviews,
)
from stemsilver.report.scorecard.scorecard import Gate, Scorecard, ScoredRender, Status, Verdict
from stemsilver.report.scorecard.scorecard_json import SCHEMA_VERSION, item_evidence, scorecard_json
from stemsilver.report.scorecard.scores import (
    Headline,
    Mean,
    RawToClean,
    headline,
    mean,
    raw_to_clean,
)
from stemsilver.report.scorecard.verdicts import (
    Totals,
    batch_verdict,
    faults,
    gates,
    judge,
    judge_again,
    judge_one,
    nothing_failed,
    outcomes,
    reworded,
    skipped_words,
    totals,
)
from stemsilver.report.text.mermaid import pipeline_mermaid, sideways
from stemsilver.report.text.wording import (
    display_unit,
    format_delta,
    format_score,
    format_tolerance,
    format_value,
    language_name,
    metric_heading,
    metric_label,
    shortened,
    visible,
    with_unit,
)

__all__ = [
    "HISTORY",
    "MARKS",
    "MAX_COMMENT",
    "OWN_STAGE_A",
    "SCHEMA_VERSION",
    "Bakeoff",
    "BakeoffColumn",
    "Change",
    "ChangeKind",
    "ChangeRow",
    "Check",
    "Cost",
    "Diff",
    "Gate",
    "Headline",
    "ItemDiff",
    "Judgement",
    "Listing",
    "Mean",
    "MeanDiff",
    "ProfileRun",
    "RawToClean",
    "Record",
    "Remark",
    "RenderReview",
    "Review",
    "Reviewer",
    "Ruling",
    "Scorecard",
    "ScoredRender",
    "Shift",
    "ShiftSense",
    "Status",
    "Totals",
    "UsedModel",
    "Verdict",
    "add_reviews",
    "bakeoff",
    "bakeoff_columns",
    "bakeoff_json",
    "bakeoff_markdown",
    "batch_metrics_csv",
    "batch_verdict",
    "build_groups",
    "change",
    "change_cells",
    "check_guardrail",
    "checked_link",
    "cost",
    "costs_csv",
    "deciders",
    "diff",
    "diff_headline",
    "diff_json",
    "diff_markdown",
    "display_unit",
    "factor_words",
    "faults",
    "format_delta",
    "format_score",
    "format_tolerance",
    "format_value",
    "gates",
    "guardrail_verdict",
    "headline",
    "history_json",
    "is_approved",
    "item_evidence",
    "judge",
    "judge_again",
    "judge_one",
    "language_name",
    "listings",
    "mean",
    "memory_words",
    "merged",
    "metric_heading",
    "metric_label",
    "most_worth_hearing",
    "nothing_failed",
    "outcomes",
    "parse_scorecard",
    "pipeline_mermaid",
    "provenance",
    "raw_to_clean",
    "read_history",
    "read_records",
    "read_review",
    "read_reviews",
    "read_scorecard",
    "record",
    "review_json",
    "review_words",
    "reviewers",
    "reviews_csv",
    "reviews_line",
    "reviews_markdown",
    "reworded",
    "rule_on",
    "rule_words",
    "scorecard_json",
    "scorecard_markdown",
    "shifts",
    "shortened",
    "sideways",
    "skipped_words",
    "totals",
    "used_models",
    "visible",
    "with_reviews",
    "with_unit",
    "within",
    "worst_first",
]
