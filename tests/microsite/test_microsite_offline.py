"""A site as it travels in a ZIP: opened from a disk, and without the offer of the ZIP itself."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from stemsilver.delivery.release import release
from stemsilver.errors import SiteError, UsageError
from stemsilver.microsite import Archive, build, offline_files
from stemsilver.microsite.publish.offline import add_archive

from ..pipeline.batches import build_once
from .planted_site import Planted, Published
from .visits import Visit

ZIP = "stemsilver-release-2026-11-22.zip"


def write(built: Path, target: Path) -> None:
    """A ZIP with the front page as it travels."""
    target.parent.mkdir(exist_ok=True)
    front = offline_files(built)["index.html"]
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("index.html", front if isinstance(front, bytes) else front.read_bytes())


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of a real release, unpacked elsewhere."""
    batch = tmp_path_factory.mktemp("released") / "batch"
    places = build_once(tmp_path_factory.getbasetemp()).workspace.copy(batch).places
    made = release(places.proceed, places.report, places.site, places.site.parent / "dist")
    elsewhere = tmp_path_factory.mktemp("where a reader unpacks, 100 % else")
    with zipfile.ZipFile(made.archive) as archive:
        archive.extractall(elsewhere)
    for place in (places.proceed, places.report, places.site):
        shutil.rmtree(place)
    [top] = elsewhere.iterdir()
    return top / "site"


def test_every_page_opens_from_a_disk_plays_and_sorts(browser: Browser, unpacked: Path) -> None:
    context = browser.new_context(offline=True)
    visit = Visit(context.new_page(), unpacked.as_uri())
    failed: list[str] = []
    # Going to the next page ends what is still loading.
    visit.page.on(
        "requestfailed",
        lambda request: request.failure == "net::ERR_ABORTED" or failed.append(request.url),
    )
    pages = sorted(unpacked.rglob("*.html"))
    assert len(pages) >= 6
    played = 0
    for path in pages:
        page = visit.open(path.relative_to(unpacked).as_posix())
        assert page.locator("h1").count() == 1
        # Modules are refused, and what needs them is hidden.
        scripted = page.locator(".ab-deck, .ab-settings, .st-review-own")
        assert scripted.locator("visible=true").count() == 0
        for player in page.locator("audio").all():
            # It has moved on by itself, so it was decoded and is played.
            at = player.evaluate(
                """async player => {
                    player.muted = true;
                    await player.play();
                    while (player.currentTime < 0.2) await new Promise(requestAnimationFrame);
                    return player.currentTime;
                }"""
            )
            assert at >= 0.2
            played += 1
    page = visit.open("index.html")
    page.locator("th", has_text="Length").click()
    expect(page.locator("th", has_text="Length")).to_have_attribute("aria-sort", "ascending")
    assert played >= 2 * 3
    # Before the page is closed, which ends the loading of pictures further down.
    assert visit.complaints == failed == []
    local = ("file:", "data:", "blob:")
    assert [url for url in visit.requests if not url.startswith(local)] == []
    context.close()


def test_the_offer_is_one_item_that_is_all_there_or_all_gone(
    planted: Planted, published: Published, tmp_path: Path
) -> None:
    """A site with its ZIP, less the ZIP, is the site without one: to the byte."""
    site = build(
        planted.scorecard,
        planted.profile,
        planted.evidence,
        planted.media,
        planted.reports,
        tmp_path / "site",
        50,
        archive=Archive(ZIP, write),
        speech=planted.speech,
    )
    assert site.archive == tmp_path / "site" / "downloads" / ZIP
    assert site.archive.is_file()
    front = site.index.read_text(encoding="utf-8")
    size = f"{site.archive.stat().st_size / 1e3:.1f} kB"
    failed = "1 of the 4 speech files failed a gate"
    assert f"speech, scorecard and this site: ZIP, {size}; {failed}</span></li>" in front
    without = (published.folder / "index.html").read_bytes()
    assert zipfile.ZipFile(site.archive).read("index.html") == without
    travels = offline_files(tmp_path / "site")
    assert travels["index.html"] == without
    assert travels.keys() == offline_files(published.folder).keys()


@pytest.fixture
def site(published: Published, tmp_path: Path) -> Path:
    """A site without a ZIP, to change."""
    return Path(shutil.copytree(published.folder, tmp_path / "site"))


OFFER = f'<li data-archive="{ZIP}"><a href="x">x</a> <!-- size --></li>\n'


def put(site: Path, offer: str) -> None:
    front = site / "index.html"
    page = front.read_text(encoding="utf-8")
    lists = '<ul class="st-downloads">\n'
    assert page.count(lists) == 1
    front.write_text(page.replace(lists, lists + offer), encoding="utf-8")


@pytest.mark.parametrize("offer", ["", OFFER.replace("<!-- size -->", ""), OFFER * 2])
def test_a_front_page_that_does_not_offer_the_zip_once_stops_the_build(
    site: Path, offer: str
) -> None:
    put(site, offer)
    with pytest.raises((SiteError, UsageError), match="offer"):
        add_archive(site, Archive(ZIP, write))


def test_a_zip_that_is_not_offered_is_not_left_out_in_silence(site: Path) -> None:
    for name in (ZIP, "pairs.zip"):
        (site / "downloads" / name).write_bytes(b"PK")
    with pytest.raises(UsageError, match=f"holds downloads/{ZIP}, and its front page offers none"):
        offline_files(site)
    put(site, OFFER)
    # Other ZIPs are files like any.
    assert f"downloads/{ZIP}" not in offline_files(site)
    assert "downloads/pairs.zip" in offline_files(site)
