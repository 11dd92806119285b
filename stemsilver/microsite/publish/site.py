"""Publish the microsite: build it beside its target, check it, and only then swap it in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from mkdocs.exceptions import ConfigurationError
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
from stemsilver.microsite.publish.base_changes import draw_base_changes
from stemsilver.microsite.publish.marker import MARKER, write_marker
from stemsilver.microsite.publish.offline import DOWNLOADS, SPEECH, Archive, add_archive
from stemsilver.microsite.publish.overrides import copy_hand_written
from stemsilver.microsite.publish.texts import translate_settings, write_script_texts
from stemsilver.microsite.publish.thumbnails import write_thumbnails
from stemsilver.records import Evidence
from stemsilver.report import Record, Scorecard, pipeline_mermaid, record, reworded
from stemsilver.resources import resource
from stemsilver.step_cache import UNCACHED, Memo
from stemsilver.translation import N_, Language, spoken

_SHOWN_PROBLEMS = 10
_SHOWN_FILES = 5
_FORMER_NAME = "Stemsilver"  # `init` wrote it to every mkdocs.yml
_COMPARISON = [{N_("Compare"): "compare.md"}, {N_("Blind test"): "blind.md"}]


@dataclass(frozen=True)
class PublishedSite:
    """A published site: its front page, its number of pages, its size in bytes, and the ZIP it
    offers.
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
    memo: Memo = UNCACHED,
    base: Base | None = None,
    pairs: Mapping[str, Path] | None = None,
    history: Sequence[Record] = (),
    archive: Archive | None = None,
    build_digest: str | None = None,
    speech: Mapping[str, Path] | None = None,
) -> PublishedSite:
    """Publish the site of a build at `target`.

    The MkDocs settings are the `mkdocs.yml` of the working folder, or else the shipped one.

    Args:
        scorecard: The judged build.
        profile: The profile that made it.
        evidence: What was measured on each cleaned render, by id.
        media: The folder with the tracks of each cleaned render, by id.
        reports: Files that are offered for download.
        target: The folder of the site, which is replaced as a whole.
        max_megabytes: The largest size of the site, in MB.
        memo: Cache of plots, which are then not drawn again.
        base: Another build of the same renders, to compare with.
        pairs: The folders of short pairs with that build's clean too, by id; a render that has none
            has those in `media`.
        history: The builds up to this one, oldest first; if empty, only this one is shown.
        archive: If given, the site offers itself as this ZIP.
        build_digest: Digest of all inputs, by which the next build sees if the site is still valid.
        speech: The speech-only WAV of each cleaned render, by id, which its page offers; without
            them a page offers the FLAC that its player plays.

    Raises:
        UsageError: `target` holds something that is not a Stemsilver site, or the clean of a render
            in `base` cannot be decoded.
        SiteError: the pages do not build, a link is broken, something would be loaded from another
            host, the site is larger than `max_megabytes`, or `mkdocs.yml` gives it another name.
            The site at `target` is then unchanged.
        EnvironmentFault: no folder can be made beside `target` or swapped into its place, or the
            disk is full.
    """
    matched = {} if base is None else match(scorecard, media, base)
    offered = speech or {}
    short = {**media, **(pairs or {})}

    def write(sources: Path) -> None:
        pages = Pages(reworded(scorecard), profile, sources)
        other = base and replace(base, scorecard=reworded(base.scorecard))
        _write_sources(pages, media, reports, memo, archive.name if archive else None, other)
        limit = profile.preprocess.max_minutes
        write_thumbnails(media, sources / "renders", memo)
        draw_base_changes(scorecard, media, matched, limit, sources / "renders", memo)
        pages.write_renders(evidence, media, matched, short, offered)
        pages.write_review()
        pages.write_trend(history or [record(scorecard)])
        if other is not None:
            pages.write_comparison(evidence, media, other, matched)

    files = {
        f"renders/{item.id}/{name}": source
        for item in scorecard.renders
        if item.failure is None
        for name, source in render_files(
            media[item.id], matched.get(item.id), short[item.id], offered.get(item.id)
        ).items()
    }
    navigation = _with_comparison if base is not None else None
    look = SiteSettings(profile.site.title, scorecard.created, profile.site.language, navigation)
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
class SiteSettings:
    """The title, date, language, navigation and styles of a site.

    `created` (ISO 8601) dates the site, so that equal batches give equal bytes. `navigation`
    changes the configured navigation; `styles` come in addition to those of every site.
    """

    title: str
    created: str
    language: Language = "en"
    navigation: Callable[[list[Any]], list[Any]] | None = None
    styles: tuple[str, ...] = ()


def publish(
    write: Callable[[Path], None],
    files: Mapping[str, Path],
    look: SiteSettings,
    target: Path,
    max_megabytes: float,
    *,
    archive: Archive | None = None,
    build_digest: str | None = None,
) -> PublishedSite:
    """Publish a site at `target`. Arguments not described here are those of `build`.

    Args:
        write: Fills a new folder with the sources that MkDocs reads, in the language of the site.
        files: Files that MkDocs need not read, by their path in the built site.

    Raises:
        UsageError, SiteError, EnvironmentFault: as in `build`.
    """
    check_replaceable(target)
    check_name(look.title)
    staging = staging_beside(target)
    try:
        built = staging / "site"
        with spoken(look.language):
            write(staging / "docs")
            write_script_texts(staging / "docs")
            config = _write_settings(staging, look)
        _run_mkdocs(config, look.created)
        site_path = _site_path(config)
        for name, source in files.items():
            (built / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, built / name)
        write_marker(built, None)
        if site_path == "/":
            # The page finds its styles by the site's address, and none is configured.
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
    """Refuse to replace a folder that is not a Stemsilver site.

    Raises:
        UsageError: it holds something else, or is a mount point, which cannot be replaced.
    """
    if os.path.ismount(target):  # Path.is_mount needs Python 3.12 on Windows
        raise UsageError(
            f"{target} is a mount point; a new site takes the place of its whole folder",
            next_step=f"Name a folder in it, such as --site {target / 'site'}.",
        )
    if target.is_dir() and any(target.iterdir()) and not (target / MARKER).is_file():
        raise UsageError(
            f"{target} contains files that Stemsilver did not make; they would be deleted",
            next_step="Name another folder for the site, or empty this one yourself.",
        )


def check_name(title: str) -> None:
    """Refuse a `mkdocs.yml` of the working folder that names the site otherwise than `title`.

    The name is `site.title` of the profile, which also stands on the front page; another name in
    `mkdocs.yml` would be without effect.

    Raises:
        SiteError: it has another `site_name`, or cannot be read.
    """
    own = Path("mkdocs.yml")
    if not own.is_file():
        return
    try:
        named = (_settings(own) or {}).get("site_name")
    except (yaml.YAMLError, UnicodeDecodeError, ConfigurationError, AttributeError) as error:
        raise SiteError(
            f"mkdocs.yml cannot be read: {error}", next_step="Correct the file, and build again."
        ) from error
    # YAML reads a name such as 2026 as a number.
    if named is not None and str(named) not in (title, plain_title(title), _FORMER_NAME):
        raise SiteError(
            f"mkdocs.yml: `site_name: {named}` has no effect; the site's name is {title!r}, from "
            "`site.title` of the profile",
            next_step="Remove `site_name` from mkdocs.yml. To change the name, set `site.title` in "
            "the profile (config/NAME.yaml), or use --title.",
        )


def _write_sources(
    pages: Pages,
    media: Mapping[str, Path],
    reports: Sequence[Path],
    memo: Memo,
    archive: str | None,
    base: Base | None,
) -> None:
    """Write what MkDocs reads: the hand-written pages, the generated ones of every site, and
    pictures.
    """
    copy_hand_written(pages.folder)
    assets = pages.folder / "assets"
    mermaid = pipeline_mermaid(pages.profile)
    write_diagram(mermaid, assets, memo)
    plots = write_plots(pages.scorecard, assets, memo)
    pages.write_overview(reports, plots, mermaid, media, archive, base)
    pages.write_background()


def downloads(reports: Sequence[Path]) -> dict[str, Path]:
    """Return the files of a site that offers `reports`, by their path in it."""
    return {f"{DOWNLOADS}/{path.name}": path for path in reports}


def _with_comparison(navigation: list[Any]) -> list[Any]:
    """Insert the comparison's pages after the front page."""
    return [*navigation[:1], *_COMPARISON, *navigation[1:]]


def _write_settings(staging: Path, look: SiteSettings) -> Path:
    """Write the settings with which MkDocs builds `docs` in `staging` into `site`.

    They inherit from `mkdocs.yml` in the working folder, or else from the shipped one.
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
    translate_settings(settings, shipped)
    if look.styles:
        settings["extra_css"] = [*shipped.get("extra_css", []), *look.styles]
    config = staging / "mkdocs.yml"
    config.write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
    return config


def _run_mkdocs(config: Path, created: str) -> None:
    """Build the pages; warnings are errors.

    MkDocs runs in a process of its own: it keeps state, ends the process on errors, and its plugins
    may warn or print. The pages have the date of the batch, so that equal batches give equal bytes.
    """
    made = int(datetime.fromisoformat(created).timestamp())
    done = subprocess.run(
        # -P: a file in the working folder must not replace a module.
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
    """Return the path under which the site will be served."""
    address = _settings(config).get("site_url") or ""
    return urlsplit(address).path.rstrip("/") + "/"


def _settings(config: Path) -> dict[str, Any]:
    """Read a MkDocs file, including what it inherits."""
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
    """Return the size of the site in bytes; raise `SiteError` if it is over the budget."""
    sizes = {path: path.stat().st_size for path in built.rglob("*") if path.is_file()}
    total = sum(sizes.values())
    if total > max_megabytes * 1e6:
        largest = sorted(sizes, key=lambda path: sizes[path], reverse=True)[:_SHOWN_FILES]
        listed = ", ".join(f"{path.relative_to(built)} ({size(sizes[path])})" for path in largest)
        raise SiteError(
            f"the site has {size(total)}, more than the {max_megabytes:g} MB allowed; "
            f"the largest files are {listed}",
            next_step=_smaller(sizes),
        )
    return total


def _smaller(sizes: Mapping[Path, int]) -> str:
    """Return how to get a site with files of these sizes published."""
    other = "aise --max-site-mb, or take long renders out of the batch."
    speech = sum(count for path, count in sizes.items() if path.name == SPEECH)
    if not speech:
        return f"R{other}"
    return f"Leave the WAV files out with --no-wav, which saves {size(speech)}; or r{other}"
