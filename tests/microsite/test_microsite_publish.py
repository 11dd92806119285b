"""A site appears whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from stemsilver.errors import SiteError, UsageError
from stemsilver.microsite import build
from stemsilver.microsite.publish.site import MARKER

from .planted_site import Planted, Published


@pytest.fixture
def standing(tmp_path: Path) -> Iterator[Path]:
    """A site that stands already; whatever the test does, it must survive it alone."""
    site = tmp_path / "public" / "site"
    site.mkdir(parents=True)
    (site / "index.html").write_text("the old site")
    (site / MARKER).touch()
    yield site
    assert {path.name for path in site.iterdir()} == {"index.html", MARKER}
    assert (site / "index.html").read_text() == "the old site"
    assert [path.name for path in site.parent.iterdir()] == ["site"]


def test_every_render_has_its_page_and_files(published: Published) -> None:
    for item in published.planted.results:
        assert (published.folder / "renders" / f"{item.id}.html").is_file()
        folder = published.folder / "renders" / item.id
        assert folder.exists() == (item.failure is None)
    downloaded = published.folder / "downloads" / "scorecard.json"
    assert downloaded.read_bytes() == published.planted.reports[0].read_bytes()


def test_the_result_tells_pages_and_bytes(planted: Planted, tmp_path: Path) -> None:
    site = planted.build(tmp_path / "site")
    files = [path for path in (tmp_path / "site").rglob("*") if path.is_file()]
    assert site.index.is_file()
    assert site.pages == sum(path.suffix == ".html" for path in files)
    assert site.bytes == sum(path.stat().st_size for path in files)


def test_the_same_batch_builds_the_same_site_byte_for_byte(
    planted: Planted, published: Published, tmp_path: Path
) -> None:
    again = tmp_path / "site"
    planted.build(again)
    first, second = (
        {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        for root in (published.folder, again)
    )
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


def test_a_batch_without_any_success_has_a_site(planted: Planted, tmp_path: Path) -> None:
    failed = tuple(item for item in planted.results if item.failure)
    scorecard = replace(replace(planted, results=failed).scorecard, weights=(), commit=None)
    site = build(scorecard, planted.profile, {}, {}, (), tmp_path / "site", 50)
    assert "1 could not be cleaned" in site.index.read_text(encoding="utf-8")


def test_a_new_site_replaces_the_old_one_whole(planted: Planted, tmp_path: Path) -> None:
    stale = tmp_path / "site" / "renders" / "gone.html"
    stale.parent.mkdir(parents=True)
    stale.write_text("a render that is no longer in the batch")
    (tmp_path / "site" / MARKER).touch()
    planted.build(tmp_path / "site")
    assert not stale.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_folder_that_is_no_site_of_ours_is_not_replaced(planted: Planted, tmp_path: Path) -> None:
    thesis = tmp_path / "documents" / "thesis.txt"
    thesis.parent.mkdir()
    thesis.write_text("years of work")
    with pytest.raises(UsageError, match="did not make"):
        planted.build(thesis.parent)
    assert thesis.read_text() == "years of work"


def test_the_budget_names_the_size_and_the_largest_files(planted: Planted, standing: Path) -> None:
    with pytest.raises(SiteError, match=r"MB, more than the 0\.5 MB allowed.*\.js"):
        planted.build(standing, max_megabytes=0.5)


def test_mkdocs_warnings_stop_the_build(
    planted: Planted, standing: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    work = tmp_path.parent / f"{tmp_path.name}-work"
    work.mkdir()
    own = Path("mkdocs.yml").read_text(encoding="utf-8")
    missing = own.replace("  - Method: method.md", "  - Method: gone.md")
    (work / "mkdocs.yml").write_text(missing, encoding="utf-8")
    monkeypatch.chdir(work)
    with pytest.raises(SiteError, match=r"gone\.md"):
        planted.build(standing)


def test_a_broken_link_in_a_hand_written_page_stops_the_build(
    planted: Planted, standing: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    work = tmp_path.parent / f"{tmp_path.name}-work"
    shutil.copytree("site_src", work / "site_src")
    with (work / "site_src" / "how-it-works.md").open("a", encoding="utf-8") as page:
        page.write('\n<img src="https://example.org/pixel.gif">\n')
    monkeypatch.chdir(work)
    with pytest.raises(SiteError, match=r"how-it-works\.html: loads https://example\.org"):
        planted.build(standing)


def test_missing_media_leave_the_old_site(planted: Planted, standing: Path, tmp_path: Path) -> None:
    media = tmp_path.parent / f"{tmp_path.name}-media"
    item = planted.results[0]
    shutil.copytree(planted.media[item.id], media)
    (media / "removed.webp").unlink()
    with pytest.raises(FileNotFoundError, match=r"removed\.webp"):
        replace(planted, media={**planted.media, item.id: media}).build(standing)


def test_the_pages_follow_the_mkdocs_file_of_the_working_folder(
    planted: Planted, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A project page: its site_url has a path, which the theme's 404 page links from."""
    own = Path("mkdocs.yml").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    Path("mkdocs.yml").write_text(
        f"site_url: https://team.example/narration/\n{own}", encoding="utf-8"
    )
    site = planted.build(tmp_path / "site")
    assert "https://team.example/narration/" in site.index.read_text(encoding="utf-8")
