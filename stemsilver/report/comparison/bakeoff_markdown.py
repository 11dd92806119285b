"""A bake-off as GitHub Markdown, for a pull request, a job summary or the repository."""

from __future__ import annotations

from stemsilver.evaluation.catalogue import METRICS
from stemsilver.report.comparison.bakeoff import (
    OWN_STAGE_A,
    Bakeoff,
    BakeoffColumn,
    ProfileRun,
    bakeoff_columns,
)
from stemsilver.report.comparison.diff_wording import change_cells
from stemsilver.report.comparison.promotion import Ruling
from stemsilver.report.scorecard.cost import factor_words, memory_words
from stemsilver.report.scorecard.markdown import provenance, skipped_section
from stemsilver.report.scorecard.verdicts import totals
from stemsilver.report.text.github import code, table
from stemsilver.report.text.wording import format_value, metric_heading

MARKS = {True: "✓ holds", False: "✗ fails", None: "– cannot be judged"}
"""The result of one check of the promotion rule, as a mark and words."""

_BETTER = {"higher": "higher is better", "lower": "lower is better"}
_STATUS = {
    "pass": "✓",
    "nothing_to_remove": "✓",
    "gate_failed": "✗",
    "no_speech": "–",
    "unmeasured": "–",
    "failed": "⊘",
}


def bakeoff_markdown(found: Bakeoff) -> str:
    """Return the bake-off as Markdown.

    No name or path can act as Markdown, HTML or a mention.
    """
    shown = bakeoff_columns(found)
    own = [metric_heading(one.metric) for one in shown if one.metric in OWN_STAGE_A]
    parts = [
        "# Bake-off",
        f"Every profile is judged by the evaluation and the gates of {code(found.judge.name)}. "
        f"{code(found.incumbent.name)} is the incumbent.",
        *(f"**{code(run.name)} {run.ruling.sentence}.**" for run in found.runs if run.ruling),
        "## Profiles",
        _means(found, shown),
        "Means over the renders with a value under every profile; **bold** is best, or equal to it "
        "within noise.",
        *([_own_words(own)] if own else []),
        "## Cost",
        _costs(found),
        "Of the cleaning steps only; cached steps count with their original time. Memory is that "
        "of the whole worker process, with its libraries and everything loaded earlier.",
    ]
    for run in found.candidates:
        if run.ruling is not None:
            parts += [f"## Promotion of {code(run.name)}", _rule(run.ruling)]
            if run.ruling.witnesses:
                parts += ["Witnesses, which use no chain's own estimates:", _seen(run.ruling)]
    made = [provenance(run.scorecard) for run in found.runs]
    left = skipped_section(found.incumbent.scorecard)
    return "\n\n".join([*parts, "## Renders", _renders(found), *left, "## Made by", *made]) + "\n"


def _own_words(labels: list[str]) -> str:
    named = ", ".join(labels)
    return f"These use each chain's own Stage A, so they are only roughly comparable: {named}."


def _means(found: Bakeoff, shown: tuple[BakeoffColumn, ...]) -> str:
    head = ("Mean", "Better", "raw", *(code(run.name) for run in found.runs), "Renders")
    rows = [
        (
            metric_heading(one.metric),
            _BETTER.get(METRICS[one.metric].direction, ""),
            "" if one.raw is None else format_value(one.metric, one.raw),
            *(
                f"**{text}**" if best else text
                for text, best in (
                    (format_value(one.metric, value), best)
                    for value, best in zip(one.values, one.best, strict=True)
                )
            ),
            str(one.count),
        )
        for one in shown
    ]
    return table(head, f"ll{'r' * (len(found.runs) + 2)}", rows)


def _costs(found: Bakeoff) -> str:
    head = ("Profile", "Cleaned", "Passed", "Seconds for a second of audio", "Peak memory", "GPU")
    return table(head, "lrrrrr", [_cost(run) for run in found.runs])


def _cost(run: ProfileRun) -> tuple[str, ...]:
    count = totals(run.scorecard)
    return (
        code(run.name),
        f"{count.cleaned} of {count.items}",
        f"{count.passed} of {count.items}",
        factor_words(run.cost),
        memory_words(run.cost.peak_bytes),
        memory_words(run.cost.gpu_peak_bytes),
    )


def _rule(ruling: Ruling) -> str:
    rows = [(one.label, MARKS[one.passed], one.found, one.limit) for one in ruling.checks]
    return table(("Rule", "Verdict", "Found", "Limit"), "llll", rows)


def _seen(ruling: Ruling) -> str:
    rows = [
        (metric_heading(one.change.metric), *change_cells(one.change), str(one.count))
        for one in ruling.witnesses
    ]
    return table(("Mean", "Incumbent", "Candidate", "Change", "Verdict", "Renders"), "lrrrlr", rows)


def _renders(found: Bakeoff) -> str:
    head = ("Render", *(code(run.name) for run in found.runs))
    rows = []
    for first in found.renders:
        states = [run.scorecard.items[first.id].status for run in found.runs]
        words = [f"{_STATUS[state]} {state.replace('_', ' ')}" for state in states]
        rows.append((code(first.path), *words))
    return table(head, "l" * len(head), rows)
