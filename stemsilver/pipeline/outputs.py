"""The outputs of a build besides its site: the speech-only files and the report."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from stemsilver import fsio, report
from stemsilver.config import Profile
from stemsilver.pipeline.tasks import SPEECH
from stemsilver.records import ItemResult
from stemsilver.report import Record, Scorecard

SCORECARD = "scorecard.json"
COSTS = "costs.csv"


def write_report(
    scorecard: Scorecard,
    profile: Profile,
    results: Sequence[ItemResult],
    records: Sequence[Record],
    folder: Path,
) -> tuple[Path, ...]:
    """Write the scorecard as JSON, CSV and Markdown, each render's evidence and cost, the history.

    Returns:
        The files that the site offers for download.
    """
    items = folder / "items"
    evidence = {result.id: result.evidence for result in results}
    for item in scorecard.renders:
        measured = report.item_evidence(item, evidence.get(item.id))
        fsio.write_json(items / f"{item.id}.json", measured)
    kept = {f"{item.id}.json" for item in scorecard.renders}
    for stale in items.glob("*.json"):
        if stale.name not in kept:
            stale.unlink()
    csv, markdown = folder / "batch_metrics.csv", folder / "scorecard.md"
    fsio.write_text(csv, report.batch_metrics_csv(scorecard))
    fsio.write_text(markdown, report.scorecard_markdown(scorecard, profile))
    fsio.write_text(folder / COSTS, report.costs_csv(results))
    history = folder / report.HISTORY
    fsio.write_json(history, report.history_json(records))
    # Last: if the scorecard exists, the files that it names exist too.
    json_file = folder / SCORECARD
    fsio.write_json(json_file, report.scorecard_json(scorecard))
    return json_file, csv, markdown, history


def write_speech(proceed: Path, result: ItemResult, media: Path) -> None:
    """Write the speech-only file of a finished render, whose media lie in the folder `media`."""
    fsio.copy_if_changed(media / SPEECH, fsio.contained(proceed, result.output))


def remove_stale_speech(results: Sequence[ItemResult], proceed: Path, report_folder: Path) -> None:
    """Remove outputs of the build in `report_folder` that no longer have a render."""
    written = {result.output for result in results if result.failure is None}
    try:
        former = json.loads((report_folder / SCORECARD).read_bytes())["items"]
        outputs = {str(entry["output"]) for entry in former if entry["output"]}
    except (OSError, ValueError, KeyError, TypeError):
        return
    for output in outputs - written:
        fsio.contained(proceed, output).unlink(missing_ok=True)
