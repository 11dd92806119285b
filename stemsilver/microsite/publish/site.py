"""Publishes the microsite: staged beside its target, built, checked, and only then swapped in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from mkdocs.utils.yaml import yaml_load

from stemsilver.config import Profile
from stemsilver.errors import SiteError, UsageError
from stemsilver.fsio import staging_beside, swap_directory
from stemsilver.microsite.baseline import Base, match
from stemsilver.microsite.pages.render import render_files
from stemsilver.microsite.pages.writer import Pages, plain_title
from stemsilver.microsite.parts.metric_cells import size
from stemsilver.microsite.publish import links
from stemsilver.microsite.publish.assets import write_diagram, write_plots
from stemsilver.microsite.publish.marker import MARKER, write_marker
from stemsilver.microsite.publish.offline import DOWNLOADS, Archive, add_archive
from stemsilver.microsite.publish.overrides import copy_hand_written
from stemsilver.records import Evidence
from stemsilver.report import Record, Scorecard, pipeline_mermaid, record
from stemsilver.resources import resource
from stemsilver.step_cache import NOTHING_KEPT, Memo

_SHOWN_PROBLEMS = 10
_SHOWN_FILES = 5
_COMPARISON = [{"Compare": "compare.md"}, {"Blind test": "blind.md"}]


@dataclass(frozen=True)
class PublishedSite:
    """A published site: its front page, how many pages it has and how many bytes, and the ZIP
    that it offers.
    """

    index: Path
    pages: int
    bytes: int
    archive: Path | None = None


def build(
    scorecard: Scorecard,
    profile: Profile,
    evidence: Mapping[str, Evidence],
    media: Mapping[str, Path],
    reports: Sequence[Path],
    target: Path,
    max_megabytes: float,
    memo: Memo = NOTHING_KEPT,
    base: Base | None = None,
    history: Sequence[Record] = (),
    archive: Archive | None = None,
    build_digest: str | None = None,
) -> PublishedSite:
    """Publish the site of a build at `target`.

    `evidence` is what was measured on each cleaned render, and `media` the folder of its tracks,
    by its id; `reports` are offered for download. The look is the `mkdocs.yml` of the working
    folder, else the shipped one. Plots that `memo` has are not drawn again. `base` is another
    build of the same renders, which this one is compared with. `history` are the builds until this
    one, the oldest first; without any this one stands alone. With an `archive` the site offers
    itself as a ZIP. `build_digest` is of all that it is made from, by which the next build sees
    whether it still stands.

    Raises:
        UsageError: `target` holds something that is not a site of ours.
        SiteError: the pages do not build, a link leads nowhere, something would be loaded from
            another host, or the site is larger than `max_megabytes`. What stood at `target`
            stands there still.
        EnvironmentFault: there can be no folder beside `target`, or none swapped into place, or
            the disk is full.
    """
    matched = {} if base is None else match(scorecard, media, base)

    def write(sources: Path) -> None:
        pages = Pages(scorecard, profile, sources)
        _write_sources(pages, media, reports, memo, archive.name if archive else None, base)
        pages.write_renders(evidence, media, matched)
        pages.write_trend(history or [record(scorecard)])
        if base is not None:
            pages.write_comparison(media, base, matched)

    files = {
        f"renders/{item.id}/{name}": source
        for item in scorecard.renders
        if item.failure is None
        for name, source in render_files(media[item.id], matched.get(item.id)).items()
    }
    navigation = _with_comparison if base is not None else None
    look = Look(profile.site.title, scorecard.created, navigation)
    return publish(
        write,
        {**files, **downloads(reports)},
        look,
        target,
        max_megabytes,
        archive=archive,
        build_digest=build_digest,
    )


@dataclass(frozen=True)
class Look:
    """What a site is called, the moment (ISO 8601) that dates it, so that equal batches give equal
    bytes, what becomes of the navigation, and the styles it has beyond those of every site.
    """

    title: str
    created: str
    navigation: Callable[[list[Any]], list[Any]] | None = None
    styles: tuple[str, ...] = ()


def publish(
    write: Callable[[Path], None],
    files: Mapping[str, Path],
    look: Look,
    target: Path,
    max_megabytes: float,
    *,
    archive: Archive | None = None,
    build_digest: str | None = None,
) -> PublishedSite:
    """Publish a site at `target`: `write` fills a new folder with what MkDocs reads.

    `files` are put straight into the built site, by their place in it: MkDocs need not read them.

    Raises:
        UsageError, SiteError, EnvironmentFault: as `build` does.
    """
    check_replaceable(target)
    staging = staging_beside(target)
    try:
        built = staging / "site"
        write(staging / "docs")
        config = _write_settings(staging, look)
        _run_mkdocs(config, look.created)
        site_path = _site_path(config)
        for name, source in files.items():
            (built / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, built / name)
        write_marker(built, None)
        if site_path == "/":
            # It finds its style by the site's address, which nobody gave.
            (built / "404.html").unlink(missing_ok=True)
        if archive is not None:
            add_archive(built, archive)
        write_marker(built, build_digest)
        _check_links(built, site_path)
        total = _check_size(built, max_megabytes)
        count = sum(1 for _ in built.rglob("*.html"))
        swap_directory(built, target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    offered = target / DOWNLOADS / archive.name if archive else None
    return PublishedSite(target / "index.html", count, total, offered)


def check_replaceable(target: Path) -> None:
    """Refuse to replace a folder that is not a site of ours.

    Raises:
        UsageError: it holds something else.
    """
    if target.is_dir() and any(target.iterdir()) and not (target / MARKER).is_file():
        raise UsageError(
            f"{target} holds something that Stemsilver did not make, and would be replaced",
            next_step="Name another folder for the site, or empty this one yourself.",
        )


def _write_sources(
    pages: Pages,
    media: Mapping[str, Path],
    reports: Sequence[Path],
    memo: Memo,
    archive: str | None,
    base: Base | None,
) -> None:
    """What MkDocs reads: the hand-written pages, the generated ones that every site has, and
    their pictures.
    """
    copy_hand_written(pages.folder)
    assets = pages.folder / "assets"
    mermaid = pipeline_mermaid(pages.profile)
    write_diagram(mermaid, assets, memo)
    plots = write_plots(pages.scorecard, assets, memo)
    pages.write_overview(reports, plots, mermaid, media, archive, base)
    pages.write_background()


def downloads(reports: Sequence[Path]) -> dict[str, Path]:
    """The files of a site that offers `reports`, by their place in it."""
    return {f"{DOWNLOADS}/{path.name}": path for path in reports}


def _with_comparison(navigation: list[Any]) -> list[Any]:
    """The comparison's pages behind the front page."""
    return [*navigation[:1], *_COMPARISON, *navigation[1:]]


def _write_settings(staging: Path, look: Look) -> Path:
    """The file that tells MkDocs to build `docs` in `staging` into `site`.

    It inherits from the one of the working folder, else the shipped one.
    """
    own = Path("mkdocs.yml")
    inherited = (own if own.is_file() else resource("mkdocs.yml")).resolve()
    settings: dict[str, Any] = {
        "INHERIT": str(inherited),
        "site_name": plain_title(look.title),
        "docs_dir": "docs",
        "site_dir": "site",
    }
    shipped = _settings(inherited)
    if look.navigation is not None and (nav := shipped.get("nav")):
        settings["nav"] = look.navigation(nav)
    if look.styles:
        settings["extra_css"] = [*shipped.get("extra_css", []), *look.styles]
    config = staging / "mkdocs.yml"
    config.write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
    return config


def _run_mkdocs(config: Path, created: str) -> None:
    """Build the pages, strictly.

    In a process of its own: MkDocs keeps state, ends the process on errors, and its plugins may
    warn or print as they please. Dated by the batch, so that equal batches give equal bytes.
    """
    made = int(datetime.fromisoformat(created).timestamp())
    done = subprocess.run(
        # -P: nothing in the working folder can stand in for a module.
        # Not -q: it silences warnings before --strict has counted them.
        [sys.executable, "-P", "-m", "mkdocs", "build", "--strict", "-f", config],
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1", "SOURCE_DATE_EPOCH": str(made)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        wrong = [line for line in said if line.startswith(("WARNING", "ERROR"))]
        raise SiteError("\n".join(["the pages do not build:", *(wrong or said)]))


def _site_path(config: Path) -> str:
    """The path under which the site will be served."""
    address = _settings(config).get("site_url") or ""
    return urlsplit(address).path.rstrip("/") + "/"


def _settings(config: Path) -> dict[str, Any]:
    """A MkDocs file, with what it inherits."""
    with config.open(encoding="utf-8") as file:
        settings: dict[str, Any] = yaml_load(file)
        return settings


def _check_links(built: Path, base: str) -> None:
    problems = links.problems(built, base)
    if problems:
        shown = "\n".join(problems[:_SHOWN_PROBLEMS])
        more = len(problems) - _SHOWN_PROBLEMS
        rest = f"\nand {more} more" if more > 0 else ""
        raise SiteError(f"the site has broken or forbidden links:\n{shown}{rest}")


def _check_size(built: Path, max_megabytes: float) -> int:
    """The size of the site in bytes, which must be within the budget."""
    sizes = {path: path.stat().st_size for path in built.rglob("*") if path.is_file()}
    total = sum(sizes.values())
    if total > max_megabytes * 1e6:
        largest = sorted(sizes, key=lambda path: sizes[path], reverse=True)[:_SHOWN_FILES]
        listed = ", ".join(f"{path.relative_to(built)} ({size(sizes[path])})" for path in largest)
        raise SiteError(
            f"the site has {size(total)}, more than the {max_megabytes:g} MB allowed; "
            f"the largest files are {listed}",
            next_step="Raise --max-site-mb, or take long renders out of the batch.",
        )
    return total
