"""What a build leaves in `proceed`, `report` and `site`: a planted batch, names of all kinds."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import soundfile

from stemsilver import fsio, microsite, pipeline, report
from stemsilver.delivery.release import Release, release
from stemsilver.records import Skipped

from ..microsite.planted_site import plant

OUTPUTS = (
    "narration/intro one.wav", "-rf.wav", "'quoted' `back` $(touch pwned);.wav",
    "été 日本語 🎙 \u202egpj.wav", "&#47;script.wav", "%2e%2e%2fetc.wav", "console.con.wav",
)  # fmt: skip
"""Outputs that keep their names in a ZIP."""

UNFIT = (
    "new\nline.wav", "back\\slash.wav", "..\\..\\up.wav", "C:drive.wav", "bell\x07.wav",
    '"twice".wav', "<script>alert(1)<&#47;script>.wav", "*?.wav", "a|b.wav", "con.take.wav",
    "Lpt1 /x.wav", "dot./x.wav", "space /x.wav", "twin.wav", "TWIN.wav", "n" * 200 + ".wav",
)  # fmt: skip
"""Outputs whose names some system or tool would refuse, or unpack to something else."""


SKIPPED = Skipped("song.m4a", "it cannot be read")


class LeftByABuild:
    """The folders of one build."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.proceed, self.report, self.site = (folder / n for n in ("proceed", "report", "site"))
        self.out = folder / "dist"

    def release(self, version: str | None = None) -> Release:
        """Pack it into `out`."""
        return release(self.proceed, self.report, self.site, self.out, version)

    def copy(self, target: Path) -> LeftByABuild:
        """The same build elsewhere, made in another order and at another time."""
        for path in sorted(self.folder.rglob("*"), reverse=True):
            if path.is_file():
                place = target / path.relative_to(self.folder)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, place)
        return LeftByABuild(target)


def leave(folder: Path, created: str = "2026-11-22T13:50:01Z") -> LeftByABuild:
    """Build the planted batch in `folder`, its first render under every name of the above."""
    left = LeftByABuild(folder)
    media = folder.with_name(f"{folder.name}-media")
    media.mkdir(parents=True)
    planted = plant(media)
    first, broken = planted.results[0], planted.results[-1]
    items = tuple(
        replace(first, id=f"take-{index:08x}", path=f"{index} {output}", output=output)
        for index, output in enumerate((*OUTPUTS, *UNFIT))
    )
    for index, item in enumerate(items):
        path = left.proceed / item.output
        path.parent.mkdir(parents=True, exist_ok=True)
        samples, rate = soundfile.read(planted.media[first.id] / "clean.flac")
        soundfile.write(path, samples / (index + 1), rate, subtype="PCM_24", format="WAV")
    items = tuple(
        replace(item, output_sha256=fsio.sha256_file(left.proceed / item.output)) for item in items
    )
    made = replace(planted, results=(*items, broken), created=created)
    build, profile = replace(made.scorecard, skipped=(SKIPPED,)), made.profile
    records = [report.record(build)]
    reports = pipeline.write_report(build, profile, made.results, records, left.report)
    shown = {item.id: planted.media[first.id] for item in items}
    microsite.build(build, profile, made.evidence, shown, reports, left.site, 100)
    return left
