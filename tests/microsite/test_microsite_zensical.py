"""The sources that MkDocs builds are in the subset that Zensical builds too."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from stemsilver.microsite.publish import site as publish

from .conftest import Opener
from .listening import PAGE
from .planted_site import Published


def zensical(config: Path, created: str) -> None:
    """Stands in for MkDocs: the same settings, the same sources, another generator."""
    done = subprocess.run(
        [sys.executable, "-m", "zensical", "build", "-f", config.name],
        cwd=config.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_zensical_builds_the_same_pages(
    published: Published, open_page: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publish, "_run_mkdocs", zensical)
    made = Published(tmp_path / "site", published.planted)
    made.planted.build(made.folder, base=published.folder)
    pages, ours = (
        {path.relative_to(site.folder).as_posix() for path in site.folder.rglob("*.html")}
        for site in (made, published)
    )
    assert pages >= ours | {"compare.html", "blind.html"}
    page = open_page(made, PAGE)
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.locator("[data-part=status]")).to_have_text("Playing clean")
    page.goto(f"{made.url}/index.html")
    page.locator("th", has_text="Length").click()
    expect(page.locator("th", has_text="Length")).to_have_attribute("aria-sort", "ascending")
