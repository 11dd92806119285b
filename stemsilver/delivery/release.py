"""Releases: the speech, the scorecard and the site of one build, in one ZIP."""

from __future__ import annotations

import filecmp
import json
import re
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from stemsilver import fsio
from stemsilver.delivery.archive import ProgressCallback, Source, ignore_progress, write_zip
from stemsilver.delivery.zip_names import fitting
from stemsilver.errors import NothingToDo, UsageError
from stemsilver.microsite import DOWNLOADS, RELEASE, SPEECH, offline_files
from stemsilver.microsite.templates import environment
from stemsilver.report import (
    Scorecard,
    ScoredRender,
    Status,
    read_scorecard,
    skipped_words,
    visible,
)
from stemsilver.resources import resource

NAMES = "NAMES.json"
"""The file in a release with the original path of each recording that has another name in it."""

_SCORECARD = "scorecard.json"
_REPORTS = (_SCORECARD, "batch_metrics.csv", "scorecard.md")
_OTHER_FOLDER = "Run `stemsilver build-site` again, or name its folder with --proceed."
_VERSION = re.compile(r"[A-Za-z0-9._+-]{1,64}")
_OUTCOMES: dict[Status, str] = {
    "pass": "passed",
    "nothing_to_remove": "with nothing to remove",
    "gate_failed": "failed a gate",
    "no_speech": "without speech",
    "unmeasured": "not measured",
    "failed": "not cleaned",
}


@dataclass(frozen=True)
class Release:
    """A written release: the ZIP, its SHA-256 in hex, its size in bytes and number of files.

    `speech` is the number of speech files. `replaced` tells whether a different ZIP of the same
    name was replaced.
    """

    archive: Path
    sha256: str
    bytes: int
    files: int
    speech: int
    replaced: bool


def name_of(version: str | datetime) -> str:
    """Return the name of a release without `.zip`, from its version or the day of its build.

    >>> name_of("v1.2.0")
    'stemsilver-release-v1.2.0'

    Raises:
        UsageError: the version is too long, or has characters that are not portable in file names.
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
    advance: ProgressCallback = ignore_progress,
) -> Release:
    """Pack the last build into a ZIP in `out`, with its checksum for `sha256sum -c` beside it.

    The same build gives the same bytes, at any location and time.

    Args:
        proceed: the folder of the speech files.
        report: the folder of the reports.
        site: the folder of the site.
        out: the folder of the release, outside the site.
        version: part of the ZIP's name; by default the day of the build.
        advance: called with the progress.

    Raises:
        UsageError: there is no complete build, the folders belong to different builds, the
            version is invalid, or `out` is inside the site. Nothing is written then.
        NothingToDo: the build has no cleaned render.
        Locked: a build or another release is writing to one of the folders.
        EnvironmentFault: the disk is full, or a file cannot be read.
    """
    if version is not None:
        name_of(version)
    if out.resolve().is_relative_to(site.resolve()):
        raise UsageError(
            f"--out {out} lies in the site, which the next build replaces",
            next_step="Name a folder outside it.",
        )
    # Check before any lock file is created, and again under the locks: the files may have changed.
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
    """Write the release of a build to the ZIP `target`. The caller must hold the folders' locks.

    Raises:
        UsageError: the build is incomplete.
        EnvironmentFault: the disk is full, or a file cannot be read.
    """
    card, files = _contents(proceed, report, site)
    write_zip(target, files, card.moment)


def _contents(proceed: Path, report: Path, site: Path) -> tuple[Scorecard, dict[str, Source]]:
    """Return the scorecard, and every file of the release by its name in the ZIP."""
    scorecard = report / _SCORECARD
    if not scorecard.is_file():
        raise UsageError(
            f"{scorecard}: there is no scorecard",
            next_step="Run `stemsilver build-site` first, or name its folders.",
        )
    card = read_scorecard(scorecard)
    pages = offline_files(site)
    _check_one_build(report, site, pages)
    for name in sorted(pages.keys() - fitting(pages)):
        raise UsageError(
            f"{site / name}: this name cannot be stored in a ZIP for every system",
            next_step="Rename it where it comes from, and build the site again.",
        )
    speech = _speech(card, proceed, report)
    files: dict[str, Source] = {
        **{f"speech/{name}": path for name, (path, _) in speech.items()},
        **{f"scorecard/{name}": report / name for name in _REPORTS},
        **{f"site/{name}": source for name, source in _once(pages, speech).items()},
    }
    renamed = {
        f"speech/{name}": item.output for name, (_, item) in speech.items() if item.output != name
    }
    if renamed:
        text = json.dumps(renamed, indent=2, sort_keys=True, ensure_ascii=False)
        # A lone surrogate becomes its JSON escape.
        files[NAMES] = f"{text}\n".encode(errors="backslashreplace")
    files["README.txt"] = _readme(card, len(speech), len(renamed))
    return card, files


def _check_one_build(report: Path, site: Path, pages: Mapping[str, Source]) -> None:
    """Check that the downloads of the site are the same files as the reports."""
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
    """Return every output that the scorecard names, with its render, by its name in the ZIP."""
    found: dict[str, tuple[Path, ScoredRender]] = {}
    fit = fitting({item.output for item in card.renders if item.output is not None})
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
                f"{proceed / item.output}: its SHA-256 differs from the one in "
                f"{report / _SCORECARD}",
                next_step=_OTHER_FOLDER,
            )
        name = item.output if item.output in fit else f"{item.id}__speech_only.wav"
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


def _once(
    pages: Mapping[str, Source], speech: Mapping[str, tuple[Path, ScoredRender]]
) -> dict[str, Source]:
    """Return the files of the site without its speech files: its pages link to those in `speech/`.

    Or the release would contain each twice.
    """
    found = dict(pages)
    for name, (_, item) in speech.items():
        page = f"renders/{item.id}.html"
        source = found.get(page)
        if found.pop(f"renders/{item.id}/{SPEECH}", None) is not None and isinstance(source, Path):
            link = f'href="{item.id}/{SPEECH}"'.encode()
            there = f'href="../../speech/{quote(name)}"'.encode()
            found[page] = source.read_bytes().replace(link, there)
    return found


def _readme(card: Scorecard, speech: int, renamed: int) -> bytes:
    # Plain text needs no HTML escapes, but invisible characters are shown as escapes.
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
        skipped=skipped_words(len(card.skipped)) if card.skipped else "",
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
