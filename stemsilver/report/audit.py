"""Where the music of raw renders is: as a table, CSV, JSON and Audacity labels."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from stemsilver.records import ItemResult, MusicRange
from stemsilver.report.scorecard.csv_table import cell
from stemsilver.report.scorecard.scorecard_json import SCHEMA_VERSION
from stemsilver.report.text.wording import number

COLUMNS = ("path", "status", "start", "end", "level_db")


def ranges_of(result: ItemResult, signal: str = "raw") -> tuple[MusicRange, ...]:
    """Return the stretches of a render with music; none if it could not be decoded."""
    return result.evidence.music_ranges.get(signal, ()) if result.evidence else ()


def audit_status(result: ItemResult) -> str:
    """Return what an audit says of a render: a failure's code, or whether there is music."""
    if result.failure is not None:
        return result.failure.code
    return "music" if ranges_of(result) else "no_music"


def louder(result: ItemResult, threshold_db: float | None) -> bool:
    """Return whether a render has music as loud as the threshold, relative to its speech.

    Without a threshold, any music counts. Music whose level could not be measured always counts.
    """
    return any(
        threshold_db is None or one.level_db is None or one.level_db >= threshold_db
        for one in ranges_of(result)
    )


def audit_csv(results: Sequence[ItemResult]) -> str:
    """Return a row for each stretch with music, and one for each render without."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(COLUMNS)
    for result in results:
        path = cell(result.path)
        for one in ranges_of(result) or (None,):
            measured = ("", "", "") if one is None else (one.start, one.end, one.level_db)
            writer.writerow((path, audit_status(result), *measured))
    return target.getvalue()


def audit_json(results: Sequence[ItemResult], threshold_db: float | None) -> dict[str, Any]:
    """Return an audit as JSON-serialisable values; seconds, and dB relative to the speech."""
    return {
        "schema_version": SCHEMA_VERSION,
        "threshold_db": threshold_db,
        "items": [
            {
                "id": result.id,
                "path": result.path,
                "status": audit_status(result),
                "speech": None if result.failure else result.lacks != "speech",
                "above_threshold": louder(result, threshold_db),
                "duration_seconds": result.duration,
                "failure": None if result.failure is None else asdict(result.failure),
                "music": [asdict(one) for one in ranges_of(result)],
            }
            for result in results
        ],
    }


def audacity_labels(ranges: Sequence[MusicRange]) -> str:
    """Return stretches with music as a label file, for *Import labels* in Audacity."""
    return "".join(f"{one.start:.6f}\t{one.end:.6f}\t{_label(one)}\n" for one in ranges)


def _label(one: MusicRange) -> str:
    return "music" if one.level_db is None else f"music {number(one.level_db, 1)} dB"
