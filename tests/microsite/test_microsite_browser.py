"""The site in a real browser: it sorts, plays, fits a phone, and stays on its host."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import PHONE, Opener
from .planted_site import BROKEN, DUET, HOSTILE_ID, INTRO, Published
from .visits import Visit, visiting


def column(page: Page, heading: str) -> list[str]:
    """The texts of a scorecard column, from top to bottom."""
    headings = page.locator("table[data-scorecard] thead th").all_inner_texts()
    index = next(i for i, text in enumerate(headings) if text.startswith(heading))
    cells = page.locator(f"table[data-scorecard] tbody tr > :nth-child({index + 1})")
    return [text.strip() for text in cells.all_inner_texts()]


def test_the_scorecard_sorts_by_number_and_one_column_at_a_time(visit: Visit) -> None:
    page = visit.open("index.html")
    before = column(page, "Pause floor")
    heading = page.locator("th", has_text="Pause floor")
    heading.click()
    expect(heading).to_have_attribute("aria-sort", "ascending")
    ascending = column(page, "Pause floor")
    heading.click()
    expect(heading).to_have_attribute("aria-sort", "descending")
    descending = column(page, "Pause floor")
    assert sorted(before) == sorted(ascending) == sorted(descending)
    # As text, −5 would come after −41 and −100 before both; without a value comes last.
    found = [re.findall(r"−?[\d.]+", text)[-1:] for text in ascending]
    assert found == [["−100.0"], ["−41.5"], ["−5.2"], [], []]
    assert descending[:3] == ascending[2::-1]
    assert sorted(descending[3:]) == sorted(ascending[3:])
    heading.click()
    expect(heading).not_to_have_attribute("aria-sort", re.compile(""))
    assert column(page, "Pause floor") == before
    buttons = page.locator("thead").get_by_role("button")
    # All but the one to listen by.
    assert buttons.count() == page.locator("thead th").count() - 1
    for button in buttons.all():
        button.click()
        expect(page.locator("thead th[aria-sort]")).to_have_count(1)
        expect(button.locator("xpath=..")).to_have_attribute("aria-sort", "ascending")
        expect(page.locator("table[data-scorecard] tbody tr:not(.st-folder)")).to_have_count(5)
    # By their names, the renders are grouped by folder.
    table = page.locator("table[data-scorecard]")
    page.get_by_role("button", name="Render").click()
    expect(table.locator(".st-folder").last).to_have_text("stereo/")
    expect(table.locator("tbody tr").last.locator("a")).to_have_text(
        "duet.wav", use_inner_text=True
    )
    assert table.locator(".st-folder").count() == 4
    page.get_by_role("button", name="Verdict").focus()
    page.keyboard.press("Enter")
    expect(page.locator("th", has_text="Verdict")).to_have_attribute("aria-sort", "ascending")
    assert column(page, "Verdict")[0].startswith("⊘ not cleaned")


def test_the_filter_finds_names_and_verdicts_and_rows_lead_on(visit: Visit) -> None:
    page = visit.open("index.html")
    expect(page.locator("button.st-play").first).to_be_visible()
    for words, shown in (
        ("DUET stereo", ["stereo/duet.wav"]),
        ("not cleaned", ["broken.wav"]),
        ("dùet", ["stereo/duet.wav"]),
        ("play", []),  # the buttons are no text of a row
        ("failed", ["stereo/duet.wav"]),
    ):
        page.get_by_role("searchbox", name="Find a render").fill(words)
        expect(page.locator("table[data-scorecard] tbody th")).to_have_text(shown)
        said = f"1–{len(shown)} of {len(shown)} renders (of 5)" if shown else "No render matches."
        expect(page.get_by_role("status").first).to_have_text(said)
    page.get_by_role("searchbox").fill("")
    expect(page.locator("tbody .st-dir", has_text="narration/")).to_be_visible()
    page.get_by_role("link", name="narration/intro one.wav").click()
    expect(page.locator("hgroup")).to_have_text(re.compile(r"^\s*narration/\s*intro one.wav\s*$"))
    page.get_by_role("link", name=re.compile("^Render . of 5")).first.click()
    expect(page.locator("#scorecard")).to_be_in_viewport()
    # In the order of the list.
    listed = page.locator("table[data-scorecard] tbody th a").evaluate_all(
        "links => links.map(one => one.href)"
    )
    page.get_by_role("link", name="broken.wav").click()
    for at, href in enumerate(listed, 1):
        expect(page).to_have_url(href)
        expect(page.get_by_role("link", name=f"Render {at} of 5").first).to_be_visible()
        if at < 5:
            page.get_by_role("link", name="Next").first.click()


@pytest.mark.parametrize("name", [DUET, HOSTILE_ID])
def test_the_sound_is_on_the_first_screen_of_a_phone(
    open_page: Opener, published: Published, name: str
) -> None:
    page = open_page(published, f"renders/{name}.html", viewport=PHONE)
    for control in (
        page.get_by_role("button", name="Play", exact=True),
        page.locator(".ab-tracks"),
    ):
        box = control.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] < PHONE["height"]


def test_the_words_that_changed_come_first_and_the_others_on_demand(visit: Visit) -> None:
    page = visit.open(f"renders/{DUET}.html")
    text = page.locator(".st-transcript")
    expect(text).to_have_text(
        "… word26 word27 word28 word29 changed from fox ≠  to box", use_inner_text=True
    )
    page.get_by_role("checkbox", name="The whole text").check()
    expect(text).to_contain_text("word0 word1 ", use_inner_text=True)
    page = visit.open(f"renders/{INTRO}.html")
    # Of several comparisons, one is shown.
    shown = page.locator(".st-difference:visible")
    expect(shown).to_have_count(1)
    expect(shown).to_contain_text("WER 60.0 %")
    page.locator(".st-switch > label").last.click()
    expect(shown).to_have_count(1)
    expect(shown).to_contain_text("WER 33.3 %")


def test_a_failure_is_copied_as_a_message(browser: Browser, published: Published) -> None:
    clipboard = ["clipboard-read", "clipboard-write"]
    with visiting(browser, published, permissions=clipboard) as visit:
        page = visit.open(f"renders/{BROKEN}.html")
        page.evaluate("getSelection().selectAllChildren(document.getElementById('message'))")
        lines = page.evaluate("getSelection().toString()").split("\n")
        assert "File: broken.wav" in lines
        assert "Next step: Export the file again as WAV or FLAC." in lines
        page.get_by_role("button", name="Copy as message").click()
        # Without a secure connection, the text is selected instead.
        expect(page.get_by_role("status")).to_have_text(re.compile("^(Copied|Selected)"))


def test_the_finished_file_is_offered_under_its_own_name(visit: Visit) -> None:
    page = visit.open(f"renders/{INTRO}.html")
    link = page.get_by_role("link", name="Download the speech only")
    expect(link).to_have_attribute("download", f"{INTRO}__speech_only.wav")
    content = "async link => [...new Uint8Array(await (await fetch(link.href)).arrayBuffer())]"
    header = bytes(link.evaluate(content)[:36])
    assert (header[:4], header[34]) == (b"RIFF", 24)
