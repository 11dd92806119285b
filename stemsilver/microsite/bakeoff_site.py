"""Publish a bake-off as a site of its own."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from stemsilver.microsite.pages.bakeoff import front, worse_than_incumbent
from stemsilver.microsite.pages.bakeoff_render import bakeoff_render, blind_pages, render_sources
from stemsilver.microsite.pages.writer import Pages, preparations
from stemsilver.microsite.parts.player import PlayedTrack, player_files
from stemsilver.microsite.publish.assets import write_diagram
from stemsilver.microsite.publish.overrides import copy_hand_written
from stemsilver.microsite.publish.site import PublishedSite, SiteSettings, downloads, publish
from stemsilver.records import Evidence, WeightRecord
from stemsilver.report import (
    Bakeoff,
    ProfileRun,
    bakeoff,
    bakeoff_columns,
    judge_again,
    pipeline_mermaid,
    reworded,
)
from stemsilver.step_cache import UNCACHED, Memo
from stemsilver.translation import N_
from stemsilver.translation import gettext as _

_NAVIGATION = [
    {N_("Bake-off"): "index.md"},
    {N_("Blind test"): "blind.md"},
    {N_("Method"): "method.md"},
    {N_("Profiles"): "reproduce.md"},
]
_STYLES = ("assets/bakeoff.css",)


@dataclass(frozen=True)
class ProfileView:
    """A profile on the Profiles page; `folder` has its diagram, drawn from `mermaid`."""

    name: str
    description: str
    folder: str
    mermaid: str
    config: str


def build_bakeoff(
    given: Bakeoff,
    evidence: Sequence[Mapping[str, Evidence]],
    media: Sequence[Mapping[str, Path]],
    reports: Sequence[Path],
    target: Path,
    max_megabytes: float,
    memo: Memo = UNCACHED,
) -> PublishedSite:
    """Publish the site of a bake-off at `target`.

    Args:
        given: The judged runs.
        evidence: For each run, what was measured on each cleaned render, by id.
        media: For each run, the folder with the tracks of each cleaned render, by id.
        reports: Files that are offered for download.
        target: The folder of the site, which is replaced as a whole.
        max_megabytes: The largest size of the site, in MB.
        memo: Cache of plots, which are then not drawn again.

    Raises:
        UsageError, SiteError, EnvironmentFault: as in `publish.site.build`.
    """

    def write(sources: Path) -> None:
        # Judged again, so that the results are in the language of the site.
        runs = [(reworded(run.scorecard), run.profile, run.cost) for run in given.runs]
        found = bakeoff(runs, given.judge)
        playable = _playable(found, media)
        tracks_of = {id_: tracks for id_, (_raw, tracks) in playable.items()}
        copy_hand_written(sources)
        # They link to pages that a bake-off does not have.
        for own in sources.rglob("*.md"):
            own.unlink()
        incumbent = replace(found.incumbent.scorecard, profile=found.judge.name)
        pages = Pages(judge_again(incumbent, found.judge), found.judge, sources)
        worse = worse_than_incumbent(found, tracks_of, evidence)
        view = front(found, reports, worse)
        weights = _weights(found.runs)
        pages.write("index.md", _("Bake-off"), "bakeoff.html", view=view, weights=weights)
        shown = bakeoff_columns(found)
        for index, item in enumerate(found.renders):
            raw, tracks = playable[item.id]
            measured = [one.get(item.id) for one in evidence]
            page = bakeoff_render(found, index, shown, measured, tracks, raw, worse)
            pages.write(f"renders/{item.id}.md", item.path, "bakeoff_render.html", view=page)
        for name, pair in blind_pages(found, tracks_of).items():
            pages.write_blind(f"{name}.md", pair)
        pages.write_method([run.profile for run in found.runs])
        _write_profiles(found, pages, memo)

    files = {
        f"renders/{id_}/{name}": source
        for id_, (raw, tracks) in _playable(given, media).items()
        if raw is not None
        for name, source in player_files([raw, *tracks.values()]).items()
    }
    look = SiteSettings(
        given.incumbent.profile.site.title,
        given.incumbent.scorecard.created,
        given.incumbent.profile.site.language,
        lambda _: _NAVIGATION,
        _STYLES,
    )
    return publish(write, {**files, **downloads(reports)}, look, target, max_megabytes)


def _playable(
    found: Bakeoff, media: Sequence[Mapping[str, Path]]
) -> dict[str, tuple[PlayedTrack | None, dict[int, PlayedTrack]]]:
    """Return the playable tracks of each render, by its id."""
    return {item.id: render_sources(found, media, item.id) for item in found.renders}


def _write_profiles(found: Bakeoff, pages: Pages, memo: Memo) -> None:
    """Write the page that shows each profile, and how to run the bake-off again."""
    shown = []
    for at, run in enumerate(found.runs):
        folder = f"assets/profile-{at + 1}/"
        (pages.folder / folder).mkdir()
        mermaid = pipeline_mermaid(run.profile)
        write_diagram(mermaid, pages.folder / folder, memo)
        shown.append(ProfileView(run.name, run.profile.description, folder, mermaid, _yaml(run)))
    pages.write(
        "reproduce.md",
        _("Profiles"),
        "bakeoff_profiles.html",
        command=_command(found),
        judge=found.judge.name,
        profiles=shown,
        weights=_weights(found.runs),
    )


def _yaml(run: ProfileRun) -> str:
    settings: dict[str, Any] = run.profile.model_dump(mode="json", exclude={"name"})
    return yaml.safe_dump(settings, sort_keys=False, allow_unicode=True)


def _command(found: Bakeoff) -> str:
    profiles = [run.profile for run in found.runs]
    names = " ".join(shlex.quote(profile.name) for profile in profiles)
    # The profiles on the page already have the judge's evaluation and gates.
    before = preparations(profiles, _weights(found.runs))
    return "\n".join([*before, f"stemsilver compare --raw raw -- {names}"])


def _weights(runs: Sequence[ProfileRun]) -> tuple[WeightRecord, ...]:
    """Return every weight file that any run used, once."""
    return tuple(dict.fromkeys(weight for run in runs for weight in run.scorecard.weights))
