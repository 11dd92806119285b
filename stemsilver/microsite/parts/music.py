"""Where a render has music: the lists on its page, and the files with all of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from stemsilver.microsite.parts.metric_cells import OfferedFile, size
from stemsilver.records import Evidence, MusicRange
from stemsilver.report import ScoredRender
from stemsilver.report.audit import audacity_labels, audit_csv, audit_json, found_ranges
from stemsilver.translation import N_, spoken
from stemsilver.translation import gettext as _

_SHOWN = 8
_HEADINGS = {".csv": "CSV", ".json": "JSON", ".labels.txt": N_("Audacity labels")}


@dataclass(frozen=True)
class MusicList:
    """The stretches with music of one signal of a render.

    `shown` are the first of all, `more` is the number of the others. `files` has the content of the
    files with all of them, by name.
    """

    signal: str
    shown: tuple[MusicRange, ...]
    more: int
    files: Mapping[str, str]
    downloads: tuple[OfferedFile, ...]


def music_lists(item: ScoredRender, evidence: Evidence | None) -> tuple[MusicList, ...]:
    """Return where clean and raw have music; none of a signal that was not examined."""
    examined = evidence.music_ranges if evidence else {}
    return tuple(_listed(item, evidence, one) for one in ("clean", "raw") if one in examined)


def _listed(item: ScoredRender, evidence: Evidence | None, signal: str) -> MusicList:
    found = found_ranges(item, evidence, signal)
    with spoken("en"):  # files are the same in every language
        content = {
            ".csv": audit_csv([found]),
            ".json": f"{json.dumps(audit_json([found]), indent=2, allow_nan=False)}\n",
            ".labels.txt": audacity_labels(found.ranges),
        }
    files = {f"music-{signal}{kind}": text for kind, text in content.items() if text}
    return MusicList(
        signal,
        found.ranges[:_SHOWN],
        max(0, len(found.ranges) - _SHOWN),
        files,
        tuple(
            OfferedFile(
                _(_HEADINGS[name.removeprefix(f"music-{signal}")]),
                f"{item.id}/{name}",
                f"{item.id}-{name}",
                size(len(text.encode())),
            )
            for name, text in files.items()
        ),
    )
