"""The short pairs on a render's page: what it says of them, and that they come."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from stemsilver.errors import SiteError
from stemsilver.media import snippets
from stemsilver.media.snippets import LISTING
from stemsilver.microsite.pages.render import render_page

from .conftest import PHONE
from .planted_site import DUET, INTRO, SILENT, Planted, Published
from .visits import visiting


def test_every_pair_can_be_taken_along_on_a_phone_or_the_page_says_why_not(
    browser: Browser, paired: Published
) -> None:
    with visiting(browser, paired, viewport=PHONE) as visit:
        page = visit.open(f"renders/{INTRO}.html")
        section = page.get_by_role("region", name="Short pairs")
        expect(section.get_by_role("listitem")).to_have_count(2)
        expect(section.get_by_role("listitem").first).to_contain_text("0:00–0:01")
        assert visit.audio() == []
        for number, at in ((1, "0:00 to 0:01"), (2, "0:01 to 0:02")):
            for signal in ("Raw", "Clean"):
                link = section.get_by_role("link", name=re.compile(f"^{signal} ?, {at}$"))
                name = f"ab-{number}-{signal.lower()}.flac"
                assert link.evaluate(
                    "async link => [link.download,"
                    " (await (await fetch(link.href)).arrayBuffer()).byteLength]"
                ) == [f"{INTRO}-{name}", (paired.folder / "renders" / INTRO / name).stat().st_size]
        page = visit.open(f"renders/{DUET}.html")
        expect(section).to_contain_text("cut from raw and clean at the same samples")
        size = (paired.folder / "renders" / DUET / "ab-1-raw.flac").stat().st_size
        expect(section).to_contain_text(f"{size / 1000:.1f} kB")
        # Each link is big enough for a thumb, and within the screen.
        for link in section.get_by_role("link").all():
            box = link.bounding_box()
            assert box is not None
            assert min(box["height"], box["width"]) >= 24
            assert box["x"] >= 0 and box["x"] + box["width"] <= 390
        page = visit.open(f"renders/{SILENT}.html")
        why = page.get_by_text("No short pairs were cut: clean is nowhere louder")
        expect(why).to_contain_text("than −45 dB.")
        expect(page.get_by_role("heading", name="Short pairs")).to_have_count(0)


def test_where_none_are_asked_for_nothing_is_said(planted: Planted, tmp_path: Path) -> None:
    none = planted.profile.ab_tests.model_copy(update={"snippet_count": 0})
    profile = planted.profile.model_copy(update={"ab_tests": none})
    media = shutil.copytree(planted.media[INTRO], tmp_path / "media")
    (media / LISTING).write_bytes(snippets.to_json(()))
    items = tuple(item for item in planted.results if item.id == INTRO)
    alone = replace(planted, results=items, profile=profile, media={INTRO: media})
    assert render_page(alone.scorecard.renders, 0, None, media, None, tmp_path).pairs == ()
    alone.build(tmp_path / "site")
    page = (tmp_path / "site" / "renders" / f"{INTRO}.html").read_text(encoding="utf-8")
    assert "hort pairs" not in page
    assert not list((tmp_path / "site").rglob("ab-*.flac"))


def test_a_pair_that_is_listed_and_not_there_is_no_site(paired: Published, tmp_path: Path) -> None:
    media = dict(paired.planted.media)
    media[INTRO] = shutil.copytree(media[INTRO], tmp_path / "media")
    (media[INTRO] / "ab-2-raw.flac").unlink()
    with pytest.raises((SiteError, OSError)):
        replace(paired.planted, media=media).build(tmp_path / "site")
    assert not (tmp_path / "site").exists()
