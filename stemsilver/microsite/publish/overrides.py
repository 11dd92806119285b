"""A team's own pages and templates, which replace the shipped ones file by file.

A file in `site_src/` or `templates/` of the working folder replaces the shipped file of the same
name. A repository therefore holds only what its team has changed; everything else comes with the
installed version.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import get_args

from stemsilver.errors import SiteError
from stemsilver.resources import resource
from stemsilver.translation import Language, language


def template_folders() -> tuple[Path, Path]:
    """Return the folders in which page templates are searched, in this order."""
    return Path("templates").absolute(), resource("templates")


def copy_hand_written(target: Path) -> None:
    """Fill the new folder `target` with the hand-written pages and their assets.

    Of a page in several languages, such as `how-it-works.md` and `how-it-works.de.md`, the one in
    the language of the site is taken, under the first name. Hidden files and links in the working
    folder are left out: a link may lead anywhere.

    Raises:
        SiteError: a page of the team is not UTF-8 text.
    """
    shipped, own = resource("site_src"), Path("site_src")
    shutil.copytree(shipped, target)
    _choose_language(target)
    # In a checkout of Stemsilver itself, both are the same folder.
    if not own.is_dir() or own.samefile(shipped):
        return
    shutil.copytree(own, target, ignore=_left_out, dirs_exist_ok=True)
    _choose_language(target)
    for page in sorted(own.rglob("*.md")):
        copied = target / page.relative_to(own)
        try:
            if copied.is_file():
                copied.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise SiteError(
                f"{page}: not UTF-8 text: {error.reason} at byte {error.start}",
                next_step="Save the page as UTF-8 and build again.",
            ) from error


def _choose_language(folder: Path) -> None:
    """Rename the pages in the language of the site, and remove those in other languages."""
    for code in get_args(Language):
        for page in sorted(folder.rglob(f"*.{code}.md")):
            if code == language():
                page.replace(page.with_name(page.name.removesuffix(f".{code}.md") + ".md"))
            else:
                page.unlink()


def _left_out(folder: str, names: list[str]) -> set[str]:
    return {name for name in names if name.startswith(".") or (Path(folder) / name).is_symlink()}
