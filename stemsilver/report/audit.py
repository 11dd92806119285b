"""Where the music of renders is: as a table, CSV, JSON and Audacity labels."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from stemsilver.records import Evidence, Failure, ItemResult, Lack, MusicRange
from stemsilver.report.scorecard.csv_table import cell
from stemsilver.report.scorecard.scorecard import ScoredRender
from stemsilver.report.scorecard.scorecard_json import SCHEMA_VERSION
from stemsilver.report.text.wording import number

COLUMNS = ("path", "status", "start", "end", "level_db")


@dataclass(frozen=True)
class FoundRanges:
    """The stretches with music of one signal of a render; none if it could not be decoded."""

    id: str
    path: str
    duration: float
    ranges: tuple[MusicRange, ...]
    failure: Failure | None
    lacks: Lack | None

    @property
    def status(self) -> str:
        """A failure's code, or whether there is music."""
        if self.failure is not None:
            return self.failure.code
        return "music" if self.ranges else "no_music"

    def louder(self, threshold_db: float | None) -> bool:
        """Return whether the music is as loud as the threshold, relative to the speech.

        Without a threshold, any music counts. Music whose level could not be measured always
        counts.
        """
        return any(
            threshold_db is None or one.level_db is None or one.level_db >= threshold_db
            for one in self.ranges
        )


def found_ranges(
    item: ItemResult | ScoredRender, evidence: Evidence | None, signal: str = "raw"
) -> FoundRanges:
    """Return where the music of `signal` is, `raw` or `clean`."""
    ranges = evidence.music_ranges.get(signal, ()) if evidence else ()
    return FoundRanges(item.id, item.path, item.duration, ranges, item.failure, item.lacks)


def audit_csv(found: Sequence[FoundRanges]) -> str:
    """Return a row for each stretch with music, and one for each render without."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(COLUMNS)
    for render in found:
        path = cell(render.path)
        for one in render.ranges or (None,):
            measured = ("", "", "") if one is None else (one.start, one.end, one.level_db)
            writer.writerow((path, render.status, *measured))
    return target.getvalue()


def audit_json(found: Sequence[FoundRanges], threshold_db: float | None = None) -> dict[str, Any]:
    """Return an audit as JSON-serialisable values; seconds, and dB relative to the speech."""
    return {
        "schema_version": SCHEMA_VERSION,
        "threshold_db": threshold_db,
        "items": [
            {
                "id": render.id,
                "path": render.path,
                "status": render.status,
                "speech": None if render.failure else render.lacks != "speech",
                "above_threshold": render.louder(threshold_db),
                "duration_seconds": render.duration,
                "failure": None if render.failure is None else asdict(render.failure),
                "music": [asdict(one) for one in render.ranges],
            }
            for render in found
        ],
    }


def audacity_labels(ranges: Sequence[MusicRange]) -> str:
    """Return stretches with music as a label file, for *Import labels* in Audacity."""
    return "".join(f"{one.start:.6f}\t{one.end:.6f}\t{_label(one)}\n" for one in ranges)


def _label(one: MusicRange) -> str:
    return "music" if one.level_db is None else f"music {number(one.level_db, 1)} dB"
