"""A release: the speech, the scorecard and the site of one build, in one ZIP."""

from __future__ import annotations

import filecmp
import re
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from stemsilver import fsio
from stemsilver.delivery.archive import Advance, Source, quiet, write_zip
from stemsilver.errors import NothingToDo, UsageError
from stemsilver.microsite import DOWNLOADS, RELEASE, offline_files
from stemsilver.microsite.templates import environment
from stemsilver.report import Scorecard, ScoredRender, Status, read_scorecard, visible
from stemsilver.resources import resource

_SCORECARD = "scorecard.json"
_REPORTS = (_SCORECARD, "batch_metrics.csv", "scorecard.md")
_OTHER_FOLDER = "Run `stemsilver build-site` again, or name its folder with --proceed."
_VERSION = re.compile(r"[A-Za-z0-9._+-]{1,64}")
# A folder to one system, a drive to another, gone on a third; half a character to all of them.
_UNFIT = re.compile(r"[\\:\x00-\x1f\x7f\ud800-\udfff]")
_OUTCOMES: dict[Status, str] = {
    "pass": "passed",
    "gate_failed": "failed a gate",
    "unmeasured": "not measured",
    "failed": "not cleaned",
}


@dataclass(frozen=True)
class Release:
    """A written release: the ZIP, its SHA-256 in hex, and how many bytes and files it has.

    `speech` of the files are speech. `replaced` tells whether another ZIP of that name went.
    """

    archive: Path
    sha256: str
    bytes: int
    files: int
    speech: int
    replaced: bool


def name_of(version: str | datetime) -> str:
    """What a release is called, without `.zip`: by its version, else by the day of its build.

    >>> name_of("v1.2.0")
    'stemsilver-release-v1.2.0'

    Raises:
        UsageError: the version has characters that not every file name can have.
    """
    if isinstance(version, datetime):
        return f"{RELEASE}{version:%Y-%m-%d}"
    if not _VERSION.fullmatch(version):
        raise UsageError(
            f"{version!r} cannot be part of a file name everywhere",
            next_step="Use up to 64 letters, digits, dots, hyphens, pluses and underscores.",
        )
    return f"{RELEASE}{version}"


def release(
    proceed: Path,
    report: Path,
    site: Path,
    out: Path,
    version: str | None = None,
    advance: Advance = quiet,
) -> Release:
    """Pack what the last build left in `proceed`, `report` and `site` into a ZIP in `out`.

    Its checksum lies beside it, in the form that `sha256sum -c` reads. The same build gives the
    same bytes, wherever it lies and whenever it is packed.

    Raises:
        UsageError: there is no build, or not a whole one, or the folders are of two builds; the
            version is no name, or `out` lies in the site. Nothing is written then.
        NothingToDo: the build has cleaned nothing.
        Locked: a build is writing there, or another release.
        EnvironmentFault: the disk is full, or a file cannot be read.
    """
    if version is not None:
        name_of(version)
    if out.resolve().is_relative_to(site.resolve()):
        raise UsageError(
            f"--out {out} lies in the site, which the next build replaces",
            next_step="Name a folder outside it.",
        )
    # Before any lock is made, and again once nobody else can change what was found.
    _contents(proceed, report, site)
    with ExitStack() as held:
        for folder in dict.fromkeys(path.resolve() for path in (proceed, report, out)):
            held.enter_context(fsio.run_lock(folder))
        fsio.sweep(out, below=False)
        card, files = _contents(proceed, report, site)
        name = name_of(version or card.moment)
        archive = out / f"{name}.zip"
        beside = archive.with_name(f"{archive.name}.sha256")
        former = fsio.sha256_file(archive) if archive.is_file() else None
        write_zip(archive, files, card.moment, advance)
        sha256 = fsio.sha256_file(archive)
        fsio.write_text(beside, f"{sha256}  {archive.name}\n")
    speech = sum(name.startswith("speech/") for name in files)
    replaced = former not in (None, sha256)
    return Release(archive, sha256, archive.stat().st_size, len(files) + 1, speech, replaced)


def pack(proceed: Path, report: Path, site: Path, target: Path) -> None:
    """Write the release of a build as the ZIP `target`, while that build holds the folders.

    Raises:
        UsageError: the build is not whole.
        EnvironmentFault: the disk is full, or a file cannot be read.
    """
    card, files = _contents(proceed, report, site)
    write_zip(target, files, card.moment)


def _contents(proceed: Path, report: Path, site: Path) -> tuple[Scorecard, dict[str, Source]]:
    """The scorecard, and every file of the release by its name in it."""
    scorecard = report / _SCORECARD
    if not scorecard.is_file():
        raise UsageError(
            f"{scorecard}: there is no scorecard",
            next_step="Run `stemsilver build-site` first, or name its folders.",
        )
    card = read_scorecard(scorecard)
    pages = offline_files(site)
    _check_one_build(report, site, pages)
    speech = _speech(card, proceed, report)
    files: dict[str, Source] = {
        **{f"speech/{name}": path for name, (path, _) in speech.items()},
        **{f"scorecard/{name}": report / name for name in _REPORTS},
        **{f"site/{name}": source for name, source in pages.items()},
    }
    renamed = [
        (name, item.output)
        for name, (_, item) in speech.items()
        if item.output is not None and item.output != name
    ]
    files["README.txt"] = _readme(card, len(speech), renamed)
    for name in files:
        if not _fits(name):
            raise UsageError(
                f"{site / name.removeprefix('site/')}: no name that a ZIP can hold",
                next_step="Rename it where it comes from, and build the site again.",
            )
    return card, files


def _check_one_build(report: Path, site: Path, pages: Mapping[str, Source]) -> None:
    """The site must offer the very reports that are packed beside it."""
    for name in _REPORTS:
        offered = pages.get(f"{DOWNLOADS}/{name}")
        same = (
            isinstance(offered, Path)
            and (report / name).is_file()
            and filecmp.cmp(report / name, offered, shallow=False)
        )
        if not same:
            raise UsageError(
                f"{report / name} and the one that {site} offers are from different builds",
                next_step="Run `stemsilver build-site` again, or name the folders of one build.",
            )


def _speech(card: Scorecard, proceed: Path, report: Path) -> dict[str, tuple[Path, ScoredRender]]:
    """Every output that the scorecard in `report` names, by its name in the release, and its
    render.
    """
    found: dict[str, tuple[Path, ScoredRender]] = {}
    for item in card.renders:
        if item.output is None:
            continue
        path = fsio.contained(proceed, item.output)
        if not path.is_file():
            raise UsageError(
                f"{proceed / item.output}: the scorecard names it, and there is no such file",
                next_step=_OTHER_FOLDER,
            )
        if fsio.sha256_file(path) != item.output_sha256:
            raise UsageError(
                f"{proceed / item.output}: not the file that {report / _SCORECARD} speaks of",
                next_step=_OTHER_FOLDER,
            )
        name = item.output if _fits(item.output) else f"{item.id}__speech_only.wav"
        if name in found:
            raise UsageError(
                f"two renders have the same output, {name}",
                next_step="Run `stemsilver build-site` again.",
            )
        found[name] = (path, item)
    if not found:
        raise NothingToDo(
            f"{report / _SCORECARD}: no render was cleaned, so there is nothing to release",
            next_step="See the scorecard for the reasons.",
        )
    return found


def _fits(name: str) -> bool:
    """Whether a ZIP can hold this name, and every system unpack it to one file of that name."""
    return not _UNFIT.search(name) and not {"", ".", ".."}.intersection(name.split("/"))


def _readme(card: Scorecard, speech: int, renamed: list[tuple[str, str]]) -> bytes:
    # Not HTML, so nothing is escaped; but nothing hides or breaks a line either.
    jinja = environment(
        resource("templates"),
        html=False,
        finalize=lambda value: visible(value) if isinstance(value, str) else value,
    )
    count = Counter(item.status for item in card.renders)
    text = jinja.get_template("release_readme.txt").render(
        card=card,
        renders="1 render" if len(card.items) == 1 else f"{len(card.items)} renders",
        made=f"{card.moment.day} {card.moment:%B %Y, %H:%M} UTC",
        outcomes=[f"{count[status]} {word}" for status, word in _OUTCOMES.items() if count[status]],
        speech=speech,
        renamed=renamed,
        models=sorted(
            {
                (f"{one.package} {one.version}".strip(), one.licence, one.source)
                for one in card.weights
            }
        ),
    )
    return text.encode()
