"""The live preview of a pull request: one self-contained page, with audio and no script.

Its content is untrusted. Every text is escaped, limited in length, and has no characters that are
invisible or reverse the reading order. The page's own content security policy allows no script and
nothing from other hosts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from stemsilver.evaluation.catalogue import METRICS
from stemsilver.microsite.parts.metric_cells import size
from stemsilver.microsite.templates import environment, told
from stemsilver.report import (
    Change,
    Check,
    Diff,
    ScoredRender,
    change_cells,
    diff_headline,
    display_unit,
    listings,
    metric_label,
    rule_words,
    shortened,
)
from stemsilver.report.text.wording import clock, counted
from stemsilver.resources import resource
from stemsilver.translation import gettext as _

MAX_PAGE_BYTES = 700_000
"""The page is always smaller than this."""

_MAX_TEXT = 160
_MAX_ROWS = 100
_MAX_LISTED = 30
_MAX_CHANGES = 6
_ASSETS = ("preview.css", "favicon.svg")

_STYLES: dict[str, str] = {"better": "good", "worse": "bad", "lost": "bad"}


@dataclass(frozen=True)
class PreviewTrack:
    """One file to play: its signal, its address relative to the page, and its size in bytes."""

    signal: str
    href: str
    bytes: int


@dataclass(frozen=True)
class Clip:
    """A section of a render, from `start` to `stop` seconds, and its tracks."""

    start: float
    stop: float
    tracks: tuple[PreviewTrack, ...]


@dataclass(frozen=True)
class PreviewRender:
    """A changed render, its clips, and the reasons why any are missing."""

    item: ScoredRender
    clips: tuple[Clip, ...]
    faults: tuple[str, ...]


@dataclass(frozen=True)
class ChangeTableRow:
    """A change as a row of a table."""

    name: str
    label: str
    base: str
    head: str
    delta: str
    meaning: str
    style: str


@dataclass(frozen=True)
class Preview:
    """The content of the page. If `compared` is False, there was nothing to compare with.

    `notes` are Stemsilver's own text; `left_out` are changed renders that cannot be heard here.
    """

    number: int
    commit: str
    compared: bool
    found: Diff
    checks: Sequence[Check]
    notes: Sequence[str]
    heard: Sequence[PreviewRender]
    left_out: Sequence[ScoredRender]

    def files(self) -> dict[str, bytes]:
        """Return the page and its style files by name, without the audio."""
        # Only the shipped templates, none from the working folder.
        jinja = environment(resource("templates"), finalize=_shown)
        jinja.globals.update(clock=clock, counted=counted, size=size)
        jinja.filters["told"] = lambda text: told(shortened(text, _MAX_TEXT))
        page = jinja.get_template("preview.html").render(**self._view())
        assets = resource("site_src") / "assets"
        return {
            "index.html": page.encode(),
            **{name: (assets / name).read_bytes() for name in _ASSETS},
        }

    def _view(self) -> dict[str, Any]:
        found = self.found
        return {
            "preview": self,
            "headline": diff_headline(found, self.checks),
            "rule": rule_words(found, self.checks),
            # Raw is the same audio in both builds: show it only if its means differ.
            "means": [
                _row("", one.change)
                for one in found.means
                if one.change.sense != "same" or not one.change.metric.startswith("raw_")
            ],
            "rows": [_row(row.item.path, row.change) for row in found.rows[:_MAX_ROWS]],
            "more_rows": max(0, len(found.rows) - _MAX_ROWS),
            "listings": [
                (title, entries[:_MAX_LISTED], max(0, len(entries) - _MAX_LISTED))
                for title, entries in self._listings()
            ],
            "labels": {
                "raw": _("raw"),
                "base": _("base"),
                "clean": _("this change") if self.compared else _("clean"),
            },
            "changes": self._changes(),
            "left_out": self.left_out[:_MAX_LISTED],
            "more_left_out": max(0, len(self.left_out) - _MAX_LISTED),
        }

    def _listings(self) -> list[tuple[str, tuple[tuple[str, str], ...]]]:
        """Return the renders that a reader must be told by name, under their titles."""
        if self.compared:
            return [(one.title, one.entries) for one in listings(self.found, self.checks)]
        items = self.found.head.items.values()
        failed = tuple((one.path, one.failure.message) for one in items if one.failure)
        return [(_("Not cleaned"), failed)] if failed else []

    def _changes(self) -> dict[str, list[ChangeTableRow]]:
        """Return the worst changes of each render that can be heard, by its id."""
        found: dict[str, list[ChangeTableRow]] = {one.item.id: [] for one in self.heard}
        for row in self.found.rows:
            shown = found.get(row.item.id)
            if shown is not None and len(shown) < _MAX_CHANGES:
                shown.append(_row(row.item.path, row.change))
        return found


def _row(name: str, change: Change) -> ChangeTableRow:
    label, unit = _label(change.metric), display_unit(change.metric)
    base, head, delta, meaning = change_cells(change)
    return ChangeTableRow(
        name=name,
        label=label if unit == "%" else f"{label} ({unit})",
        base=base,
        head=head,
        delta=delta,
        meaning=meaning,
        style=_STYLES.get(change.sense, ""),
    )


def _label(metric: str) -> str:
    """Return the label of a metric, with the signal that it is measured on."""
    signals = [one for one in ("raw", "clean") if METRICS[metric].label.endswith(f", {one}")]
    return ", ".join([metric_label(metric), *map(_, signals)])


def _shown(value: Any) -> Any:
    """Return a value as the page shows it: text on one line and limited in length."""
    return shortened(value, _MAX_TEXT) if type(value) is str else value
