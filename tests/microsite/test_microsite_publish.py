"""A site appears whole or not at all."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from stemsilver.errors import SiteError, UsageError
from stemsilver.microsite import build
from stemsilver.microsite.publish.site import MARKER

from .planted_site import Planted, Published


def test_a_second_build_replaces_the_first_whole_by_the_same_bytes(
    planted: Planted, published: Published, tmp_path: Path
) -> None:
    again = tmp_path / "site"
    (again / "renders").mkdir(parents=True)
    (again / "renders" / "gone.html").write_text("a render that is no longer in the batch")
    (again / MARKER).touch()
    site = planted.build(again)
    assert [path.name for path in tmp_path.iterdir()] == ["site"]
    first, second = (
        {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        for root in (published.folder, again)
    )
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []
    # What it tells of itself, and that every render has its page and files.
    assert site.index.is_file()
    assert site.pages == sum(name.suffix == ".html" for name in second)
    assert site.bytes == sum(map(len, second.values()))
    for item in planted.results:
        assert (again / "renders" / f"{item.id}.html").is_file()
        assert (again / "renders" / item.id).exists() == (item.failure is None)
    assert second[Path("downloads/scorecard.json")] == planted.reports[0].read_bytes()


def test_a_batch_without_any_success_has_a_site(planted: Planted, tmp_path: Path) -> None:
    failed = tuple(item for item in planted.results if item.failure)
    scorecard = replace(replace(planted, results=failed).scorecard, weights=(), commit=None)
    site = build(scorecard, planted.profile, {}, {}, (), tmp_path / "site", 50)
    assert "1 could not be cleaned" in site.index.read_text(encoding="utf-8")


def test_a_folder_that_is_no_site_of_ours_is_not_replaced(planted: Planted, tmp_path: Path) -> None:
    thesis = tmp_path / "documents" / "thesis.txt"
    thesis.parent.mkdir()
    thesis.write_text("years of work")
    with pytest.raises(UsageError, match="did not make"):
        planted.build(thesis.parent)
    assert thesis.read_text() == "years of work"
    with pytest.raises(UsageError, match="mount point"):
        planted.build(Path(tmp_path.anchor))


def test_a_build_that_fails_leaves_the_old_site_alone(planted: Planted, tmp_path: Path) -> None:
    old = tmp_path / "public" / "site"
    old.mkdir(parents=True)
    (old / "index.html").write_text("the old site")
    (old / MARKER).touch()
    with pytest.raises(SiteError, match=r"MB, more than the 0\.5 MB allowed.*\.js"):
        planted.build(old, max_megabytes=0.5)
    item = planted.results[0]
    media = shutil.copytree(planted.media[item.id], tmp_path / "media")
    (media / "removed.webp").unlink()
    with pytest.raises(FileNotFoundError, match=r"removed\.webp"):
        replace(planted, media={**planted.media, item.id: media}).build(old)
    assert {path.name for path in old.iterdir()} == {"index.html", MARKER}
    assert (old / "index.html").read_text() == "the old site"
    assert [path.name for path in old.parent.iterdir()] == ["site"]
