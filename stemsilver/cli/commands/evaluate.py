"""`stemsilver evaluate`: the metrics of one pair of files, whatever program cleaned it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from stemsilver.cli.console import messages, table_output
from stemsilver.cli.on_use import LazyModule
from stemsilver.cli.options import ConfigFile, ProfileName, chosen_profile
from stemsilver.profiles import DEFAULT

if TYPE_CHECKING:
    from stemsilver import pipeline, report
    from stemsilver.evaluation import catalogue
else:
    pipeline, report, catalogue = (
        LazyModule("pipeline"),
        LazyModule("report"),
        LazyModule("evaluation.catalogue"),
    )


def command(
    raw: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The original render.")],
    clean: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="The same render, cleaned.")
    ],
    reference: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="The true speech.")
    ] = None,
    script: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="The text that should be spoken."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    profile: ProfileName = DEFAULT,
    config_file: ConfigFile = None,
) -> None:
    """Measure one raw and clean pair.

    Scores that need the separators' own estimates are null, because the files do not contain them.
    """
    settings = chosen_profile(profile, config_file)
    evidence = pipeline.evaluate_pair(raw, clean, settings, reference=reference, script=script)
    if evidence.language is not None and settings.evaluation.asr.language == "auto":
        messages().print(f"The speech is in {report.language_name(evidence.language)}.")
    for note in evidence.notes:
        messages().print(note, markup=False)
    if as_json:
        scores = {name: asdict(score) for name, score in evidence.scores.items()}
        typer.echo(json.dumps(scores, indent=2, allow_nan=False))
        return
    table = Table("metric", "value", "unit", "note")
    for name, metric in catalogue.METRICS.items():
        score = evidence.scores[name]
        unit = report.display_unit(name) if score.value is not None else ""
        # The formatted value of a percentage already has the sign.
        unit = "" if unit == "%" else unit
        reason = escape((score.reason or "").replace("_", " "))
        table.add_row(metric.label, report.format_score(name, score), unit, reason)
    table_output().print(table)
