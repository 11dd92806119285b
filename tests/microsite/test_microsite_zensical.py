"""The sources that MkDocs builds are in the subset that Zensical builds too."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from stemsilver.microsite.publish import site as publish

from .planted_site import Planted, Published


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


def pages(site: Path) -> set[str]:
    return {path.relative_to(site).as_posix() for path in site.rglob("*.html")}


def test_zensical_builds_the_same_pages(
    planted: Planted,
    published: Published,
    browser: Browser,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(publish, "_run_mkdocs", zensical)
    site = tmp_path / "site"
    planted.build(site, base=published.folder)
    pages = {path.relative_to(site).as_posix() for path in site.rglob("*.html")}
    ours = {
        path.relative_to(published.folder).as_posix() for path in published.folder.rglob("*.html")
    }
    assert pages >= ours | {"compare.html", "blind.html"}
    made = Published(site, planted)
    context = made.serve(browser.new_context())
    page = context.new_page()
    page.goto(f"{made.url}/renders/intro-one-00000001.html")
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.locator("[data-part=status]")).to_have_text("Playing clean")
    page.goto(f"{made.url}/index.html")
    page.locator("th", has_text="Length").click()
    expect(page.locator("th", has_text="Length")).to_have_attribute("aria-sort", "ascending")
    context.close()
