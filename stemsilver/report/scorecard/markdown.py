"""The scorecard as GitHub Markdown, for a pull request, a job summary or the repository."""

from __future__ import annotations

from stemsilver.config import Profile
from stemsilver.evaluation.catalogue import METRICS, Metric
from stemsilver.records import Score
from stemsilver.report.scorecard.review_lists import reviews_markdown
from stemsilver.report.scorecard.scorecard import Gate, Scorecard, ScoredRender, Verdict
from stemsilver.report.scorecard.scores import mean, raw_to_clean
from stemsilver.report.scorecard.verdicts import batch_verdict, totals
from stemsilver.report.text.github import code, prose, table
from stemsilver.report.text.mermaid import pipeline_mermaid
from stemsilver.report.text.wording import counted, format_score, format_value, metric_heading

_BETTER = {
    "higher": "higher is better",
    "lower": "lower is better",
    "target": "close to its target",
    "none": "neither",
}


def scorecard_markdown(found: Scorecard, profile: Profile) -> str:
    """Return the scorecard as Markdown, with the pipeline of its profile.

    No file name or message can act as Markdown, HTML or a mention.
    """
    return "\n\n".join(
        [
            "# Scorecard",
            _headline(found),
            "## Raw to clean",
            _means(found),
            "## Renders",
            _renders(found),
            *_failures(found),
            *_reviews(found),
            *skipped_section(found),
            "## Pipeline",
            f"```mermaid\n{pipeline_mermaid(profile)}```\n",
        ]
    )


def provenance(found: Scorecard) -> str:
    """Return what made a scorecard, and when."""
    commit = f" at {code(found.commit)}" if found.commit else ""
    return (
        f"Profile {code(found.profile)} ({code(found.config_digest[:12])}), "
        f"Stemsilver {code(found.tool_version)}{commit}, {code(found.created)}."
    )


def _headline(found: Scorecard) -> str:
    count = totals(found)
    return (
        f"**{counted(count.items, 'render')}, {count.audio_seconds / 60:.1f} minutes: "
        f"{batch_verdict(count)}.**\n\n{provenance(found)}"
    )


def _means(found: Scorecard) -> str:
    # A clean metric is in the row of its raw twin.
    metrics = [m for m in METRICS.values() if not m.name.startswith("clean_")]
    rows = [row for metric in metrics if (row := _mean_row(found, metric)) is not None]
    if not rows:
        return "Nothing could be measured."
    return table(("Mean over the renders", "Raw", "Clean", "Better", "Renders"), "lrrlr", rows)


def _mean_row(found: Scorecard, metric: Metric) -> tuple[str, ...] | None:
    if metric.name.startswith("raw_"):
        both = raw_to_clean(found, metric.name.removeprefix("raw_"))
        before, after, count = format_value(metric.name, both.raw), both.clean, both.count
    else:
        single = mean(found, metric.name)
        before, after, count = "", single.value, single.count
    if not count:
        return None
    return (
        metric_heading(metric.name),
        before,
        format_value(metric.name, after),
        _BETTER[metric.direction],
        str(count),
    )


def _renders(found: Scorecard) -> str:
    limits = found.gates
    head = ("Render", "Verdict", *(f"{gate.label}<br>{gate.limit}" for gate in limits))
    rows = [_render(item, limits) for item in found.renders]
    return table(head, "ll" + "r" * len(limits), rows)


_VERDICTS = {
    "pass": "✓ pass",
    "nothing_to_remove": "✓ nothing to remove",
    "gate_failed": "✗ gate failed",
    "no_speech": "– no speech found",
    "unmeasured": "– unmeasured",
}


def _render(item: ScoredRender, limits: tuple[Gate, ...]) -> tuple[str, ...]:
    if item.failure is not None:
        dashes = ["—"] * len(limits)
        return (code(item.path), f"✗ failed: {prose(item.failure.code)}", *dashes)
    verdict = _VERDICTS[item.status]
    unmeasured = sum(one.passed is None for one in item.verdicts)
    if unmeasured and item.status != "no_speech":
        verdict += f", {unmeasured} not measured"
    return (
        code(item.path),
        verdict,
        *(_gate_cell(one, item.scores[one.metric]) for one in item.verdicts),
    )


def _gate_cell(verdict: Verdict, score: Score) -> str:
    if score.reason is not None:
        return f"— {prose(score.reason)}"
    text = format_score(verdict.metric, score)
    return f"**{text} ✗ fails**" if verdict.passed is False else text


def _failures(found: Scorecard) -> list[str]:
    rows = [
        (code(item.path), prose(item.failure.message), prose(item.failure.next_step))
        for item in found.renders
        if item.failure is not None
    ]
    if not rows:
        return []
    return ["## Not cleaned", table(("Render", "Reason", "Next step"), "lll", rows)]


def _reviews(found: Scorecard) -> list[str]:
    if not any(item.reviews for item in found.renders):
        return []
    return ["## Reviews", reviews_markdown(found)]


def skipped_section(found: Scorecard) -> list[str]:
    """Return what was skipped as a heading and a table; nothing if nothing was."""
    if not found.skipped:
        return []
    rows = [(code(one.path), prose(one.reason)) for one in found.skipped]
    return ["## Skipped", table(("File", "Reason"), "ll", rows)]
