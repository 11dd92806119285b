"""The files that pages show but nobody writes by hand: diagram, plots, the table's script."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from typing import Protocol

import mermaidx

from stemsilver.config import Profile, digest
from stemsilver.errors import SiteError
from stemsilver.microsite.readings import families
from stemsilver.plots import distribution_svg
from stemsilver.records import Batch
from stemsilver.report import gates, scores

_PLOTTED = frozenset(
    {
        "music_presence",
        "pause_floor_db",
        "dnsmos_ovrl",
        "dnsmos_sig",
        "music_to_speech_db",
        "wer_raw_to_clean",
    }
)

# The reader's font may be wider than the one the labels were measured with.
_CSS = "foreignObject{overflow:visible}"
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"
_INK = {
    "light": {
        "primaryColor": "#eef5f4",
        "primaryBorderColor": "#7fa8a3",
        "primaryTextColor": "#14282a",
        "lineColor": "#6b7d84",
        "edgeLabelBackground": "#ffffff",
    },
    "dark": {
        "darkMode": True,
        "primaryColor": "#1b2b2d",
        "primaryBorderColor": "#4d7a76",
        "primaryTextColor": "#e3eceb",
        "lineColor": "#8fa1a8",
        "edgeLabelBackground": "#12171a",
    },
}


class Draw(Protocol):
    """Draws what has not been drawn before, and remembers it."""

    def __call__(self, step: str, key: str, compute: Callable[[], bytes]) -> bytes:
        """What `compute` gives, or gave earlier under the same key."""
        ...


def drawn_now(step: str, key: str, compute: Callable[[], bytes]) -> bytes:
    """A `Draw` that remembers nothing."""
    return compute()


@dataclass(frozen=True)
class Plot:
    """A distribution plot: its address from the overview, and what it shows."""

    href: str
    label: str


def write_diagram(source: str, folder: Path, draw: Draw) -> None:
    """Draw the Mermaid `source` as `pipeline-light.svg` and `pipeline-dark.svg` in `folder`.

    Drawn at build time, because the theme would load Mermaid from another host; as files, because
    two pages show them.
    """
    for scheme, ink in _INK.items():
        key = digest("diagram", source, json.dumps(ink), _FONT, _CSS, mermaidx.__version__)
        svg = draw("draw pipeline", key, partial(_draw, source, scheme))
        (folder / f"pipeline-{scheme}.svg").write_bytes(svg)


def write_plots(batch: Batch, profile: Profile, folder: Path, draw: Draw) -> tuple[Plot, ...]:
    """Draw how the headline metrics are distributed over the batch, with the gates on them."""
    found = [scores(item) for item in batch.items]
    limits = {gate.metric: gate for gate in gates(profile)}
    plots = []
    for family in families():
        metric = family.clean
        values = [
            [value for on in found if (value := on[name].value) is not None]
            for name in family.names
        ]
        if family.anchor not in _PLOTTED or not values[-1]:
            continue
        raw = values[0] if family.raw else []
        gate = limits.get(metric.name)
        limit = (gate.maximum if gate.minimum is None else gate.minimum) if gate else None
        name = f"distribution-{family.anchor.replace('_', '-')}.svg"
        shown = (family.label, metric.unit, raw, values[-1], limit)
        svg = draw("draw distribution", digest(repr(shown)), partial(distribution_svg, *shown))
        (folder / name).write_bytes(svg)
        plots.append(Plot(f"assets/{name}", family.label))
    return tuple(plots)


def write_table_script(target: Path) -> None:
    """Put DataTables, as the pinned itables package bundles it, at `target`.

    The bundle is a module, and browsers refuse modules opened from a disk; closed over in a
    function and handed to `window`, it is a classic script that works there too. Its licence
    notices stay in it.
    """
    source = files("itables").joinpath("html/dt_bundle.js").read_text(encoding="utf-8")
    export = re.search(r"export\{[^{}]*?([\w$]+) as default[^{}]*\};?", source)
    if export is None:
        raise SiteError(
            "itables: its DataTables bundle no longer exports what the scorecard needs",
            next_step="Install the version of itables that Stemsilver pins.",
        )
    body = f"{source[: export.start()]}window.DataTable={export[1]};{source[export.end() :]}"
    target.write_text(f'(()=>{{"use strict";{body}}})();\n', encoding="utf-8")


@cache
def _draw(source: str, scheme: str) -> bytes:
    """The diagram in the colours of `scheme`. Drawing takes a second."""
    diagram = mermaidx.render(
        source,
        theme="base",
        config={"fontFamily": _FONT, "themeVariables": _INK[scheme]},
        css=_CSS,
    )
    return str(diagram.svg()).encode()
