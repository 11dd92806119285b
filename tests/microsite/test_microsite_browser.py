"""The site in a real browser: it sorts, plays, fits a phone, and stays on its host."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from .visits import Visit


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
    page.get_by_role("link", name="narration/intro one.wav").click()
    expect(page.locator("hgroup")).to_have_text(re.compile(r"^\s*narration/\s*intro one.wav\s*$"))
    page.get_by_role("link", name="Next").first.click()
    expect(page.locator("h1")).to_have_text("duet.wav")
    page.get_by_role("link", name="Render 2 of 5").first.click()
    expect(page.locator("#scorecard")).to_be_in_viewport()
