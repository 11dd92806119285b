"""The generated pictures of the pages: diagrams and plots."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import mermaidx

from stemsilver.config import digest
from stemsilver.media import plots
from stemsilver.microsite.parts.metric_cells import families
from stemsilver.report import Scorecard, sideways
from stemsilver.step_cache import CodeFingerprint, Memo
from stemsilver.translation import language

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
# Narrow labels, close together: with wide ones, a chart would be too small to read on a phone or,
# from left to right, on a laptop.
_LAYOUT = {"wrappingWidth": 140, "rankSpacing": 24, "nodeSpacing": 16, "padding": 4}
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


_CODE = CodeFingerprint(("microsite/publish/assets.py",), ("mermaidx",))


@dataclass(frozen=True)
class Plot:
    """A distribution plot: its address relative to the overview, and what it shows."""

    href: str
    label: str


def write_diagram(source: str, folder: Path, memo: Memo) -> None:
    """Draw the Mermaid `source` in `folder`: from the top down as `pipeline-light.svg` and
    `pipeline-dark.svg`, from left to right as `pipeline-wide-light.svg` and
    `pipeline-wide-dark.svg`.

    They are drawn at build time because the theme would load Mermaid from another host, and as
    files because two pages show them.
    """
    _write_chart("pipeline", source, folder, memo)
    _write_chart("pipeline-wide", sideways(source), folder, memo)


def write_plots(build: Scorecard, folder: Path, memo: Memo) -> tuple[Plot, ...]:
    """Draw the distribution of the headline metrics over the batch, with the gates."""
    limits = {gate.metric: gate for gate in build.gates}
    drawn = []
    for family in families():
        metric = family.clean
        values = [
            [value for item in build.renders if (value := item.scores[name].value) is not None]
            for name in family.names
        ]
        # The distribution of one value says nothing.
        if family.anchor not in _PLOTTED or len(values[-1]) < 2:
            continue
        raw = values[0] if family.raw else []
        gate = limits.get(metric.name)
        limit = (gate.maximum if gate.minimum is None else gate.minimum) if gate else None
        name = f"distribution-{family.anchor.replace('_', '-')}.svg"
        shown = (family.label, family.unit, raw, values[-1], limit)
        svg = memo.file(
            "draw distribution",
            plots.CODE,
            digest(language(), repr(shown)),
            partial(plots.distribution_svg, *shown),
        )
        (folder / name).write_bytes(svg)
        drawn.append(Plot(f"assets/{name}", family.label))
    return tuple(drawn)


def _write_chart(name: str, chart: str, folder: Path, memo: Memo) -> None:
    for scheme, ink in _INK.items():
        config = {"fontFamily": _FONT, "themeVariables": ink, "flowchart": _LAYOUT}
        key = digest("diagram", chart, json.dumps(config), _CSS)
        svg = memo.file("draw diagram", _CODE, key, partial(_draw, chart, json.dumps(config)))
        (folder / f"{name}-{scheme}.svg").write_bytes(svg)


@cache
def _draw(chart: str, config: str) -> bytes:
    """Draw the diagram with a configuration in JSON. This takes a second."""
    diagram = mermaidx.render(chart, theme="base", config=json.loads(config), css=_CSS)
    return str(diagram.svg()).encode()
