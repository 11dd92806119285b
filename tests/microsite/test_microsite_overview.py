"""The overview: its tiles, its table on any screen and on paper, its diagram."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from stemsilver.microsite.pages.overview import Overview, Tile, overview
from stemsilver.records import Failure, ItemResult, Score

from .conftest import WIDE, Opener
from .listening import PAGE
from .planted_site import HOSTILE_ID, Planted, Published
from .visits import Visit

ROWS = 60
TABLET = {"width": 800, "height": 900}


@pytest.fixture(scope="module")
def long(planted: Planted, tmp_path_factory: pytest.TempPathFactory) -> Published:
    """A site of so many renders that the table is paged."""
    first = planted.results[0]
    items = tuple(replace(first, id=f"take-{i}", path=f"take {i}.wav") for i in range(ROWS))
    media = dict.fromkeys((item.id for item in items), planted.media[first.id])
    many = replace(planted, results=items, media=media)
    folder = tmp_path_factory.mktemp("long") / "site"
    many.build(folder)
    return Published(folder, many)


def scored(item: ItemResult, **values: float) -> ItemResult:
    """`item` with other scores."""
    assert item.evidence is not None
    scores = dict(item.evidence.scores) | {name: Score(value) for name, value in values.items()}
    return replace(item, evidence=replace(item.evidence, scores=scores))


def view_of(planted: Planted, *items: ItemResult) -> Overview:
    """The overview of `items`, with the planted files."""
    media = {item.id: planted.media[planted.results[0].id] for item in items}
    return overview(replace(planted, results=items).scorecard, (), media)


def tile(view: Overview, label: str) -> Tile:
    """The tile of that label."""
    return next(one for one in view.tiles if one.label == label)


def box(page: Page, selector: str) -> dict[str, float]:
    """Where an element is, in the viewport."""
    found: dict[str, float] = page.locator(selector).first.evaluate(
        "element => element.getBoundingClientRect().toJSON()"
    )
    return found


def test_tiles_are_means_over_the_renders_that_have_both_values(planted: Planted) -> None:
    one, two = planted.results[:2]
    fates = {"words_lost": 0.01, "words_recovered": 0.25}
    fates |= {"raw_pause_floor_db": -15.0, "clean_pause_floor_db": -41.0}
    view = view_of(
        planted,
        scored(one, raw_script_wer=0.3, clean_script_wer=0.1, wer_raw_to_clean=0.02, **fates),
        scored(two, raw_script_wer=0.5, clean_script_wer=0.2, wer_raw_to_clean=0.08, **fates),
        replace(planted.results[3], frames=24_000 * 90),
    )
    assert tile(view, "Words misheard") == Tile(
        "Words misheard",
        "40.0 %",
        "15.0 %",
        "",
        "WER against the script; mean of 2 renders; 1.0 % lost, 25.0 % recovered",
    )
    # Some words that changed are corrections, so the script decides where there is one.
    assert len(view.tiles) == 4
    assert tile(view, "Sound quality").note == "DNSMOS overall; mean of 2 renders"
    pauses = tile(view, "Pauses")
    assert (pauses.before, pauses.after, pauses.unit) == (None, "26.0", "dB quieter")
    assert "Pause floor −15.0 → −41.0 dB" in pauses.note
    assert view.extent == "3 renders, 1.6 minutes of audio"


def test_without_scripts_or_values_the_tiles_say_so(planted: Planted) -> None:
    view = view_of(planted, planted.results[3])
    assert tile(view, "Words heard otherwise").after == "—"
    assert tile(view, "Words heard otherwise").note.endswith("not measured on any render")
    assert tile(view, "Pauses").after == "—"
    assert tile(view_of(planted, planted.results[0]), "Sound quality").note.endswith("on 1 render")


def test_the_worst_comes_first_and_is_the_one_to_hear(planted: Planted) -> None:
    def close(index: int, wer: float) -> ItemResult:
        one = replace(planted.results[0], id=f"close-{index}", path=f"close {index}.wav")
        return scored(one, wer_raw_to_clean=wer, music_to_speech_db=-60.0, stoi_vs_stage_a=1.0)

    passing = [close(1, 0.01), close(2, 0.09), close(3, 0.05)]
    view = view_of(planted, *passing)
    assert [row.id for row in view.rows] == ["close-2", "close-3", "close-1"]
    assert view.first is not None
    assert (view.first.id, view.reason) == ("close-3", "A typical render of this batch")
    bad, worse = close(4, 0.2), close(5, 0.4)
    view = view_of(planted, *passing, bad, worse, planted.results[4])
    assert [row.standing.word for row in view.rows[:3]] == [
        "not cleaned",
        "gate failed",
        "gate failed",
    ]
    assert view.first is not None
    assert (view.first.id, view.reason) == ("close-5", "The render that misses its limits by most")
    assert view_of(planted, planted.results[4]).first is None


def test_a_row_names_every_gate_it_fails(planted: Planted) -> None:
    row = view_of(
        planted,
        scored(planted.results[1], wer_raw_to_clean=0.25, clean_lufs=-20.0, stoi_vs_stage_a=0.85),
    ).rows[0]
    assert set(row.faults) == {
        "Music to speech −9.0 dB, limit ≤ −20 dB",
        "WER raw to clean 25.0 %, limit ≤ 10 % or ≤ 2 words",
        "Loudness −20.0 LUFS, limit −16 ± 0.5 LUFS",
        "STOI against Stage A 0.850, limit ≥ 0.9",
    }
    assert view_of(planted, planted.results[0]).rows[0].faults == ()


def test_a_failure_is_told_in_short_and_has_nothing_to_hear(planted: Planted) -> None:
    long_story = Failure("unreadable", f"broken.wav: {'not audio ' * 50}", "Export it again.")
    [row] = view_of(planted, replace(planted.results[4], failure=long_story)).rows
    assert (row.reason, row.sample) == ("unreadable", None)
    assert row.message is not None
    assert re.fullmatch(r"(not audio ){11}not audio…", row.message)


def test_without_scripts_rows_tell_what_there_is_to_fetch(
    open_page: Opener, published: Published
) -> None:
    page = open_page(published, "index.html", java_script_enabled=False)
    rows = page.locator("table[data-scorecard] tbody tr")
    expect(rows).to_have_count(5)
    expect(rows.first.locator("th")).to_have_text("broken.wav")
    for item in published.planted.results:
        row = page.locator(f"tr[data-item='{item.id}']")
        sizes = [row.get_attribute("data-raw"), row.get_attribute("data-clean")]
        if item.failure:
            assert sizes == [None, None]
        else:
            folder = published.folder / "renders" / item.id
            files = (folder / "raw.flac", folder / "clean.flac")
            assert sizes == [str(file.stat().st_size) for file in files]
        assert row.locator(".st-row-player").count() == (item.failure is None)
    # The column to listen by is there only where a script fills it.
    expect(page.locator("th", has_text="Listen")).to_be_hidden()
    assert page.locator(".st-listen:visible").count() == 0
    page = open_page(published, "index.html")
    expect(page.locator("th", has_text="Listen")).to_be_visible()
    expect(page.locator(".st-row-player button").first).to_be_visible()
    row = page.locator("tr", has_text="stereo/duet.wav")
    expect(row.get_by_text("Music to speech −9.0 dB, limit ≤ −20 dB")).to_be_visible()
    expect(page.get_by_text("not audio, it begins with")).to_be_visible()
    # −100 comes before −41 and −5, as numbers.
    page.locator("th", has_text="Pause floor").click()
    lowest = page.locator("table[data-scorecard] tbody tr").first
    expect(lowest).to_have_attribute("data-item", HOSTILE_ID, timeout=10_000)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "plain"])
def test_names_stay_in_view_while_the_table_scrolls_sideways_and_only_so(
    open_page: Opener, long: Published, *, scripts: bool
) -> None:
    page = open_page(long, "index.html", viewport=WIDE, java_script_enabled=scripts)
    frame = page.locator(".st-scroll")
    frame.scroll_into_view_if_needed()
    # Until the table has its buttons and its pages, it is not as wide and as high as it will be.
    for _ in range(200):
        frame.evaluate("frame => frame.scrollTo(300, 900)")
        if frame.evaluate("frame => frame.scrollLeft") == 300:
            break
        page.wait_for_timeout(50)
    # A wheel over the table scrolls the page.
    assert frame.evaluate("frame => [frame.scrollLeft, frame.scrollTop]") == [300, 0]
    edge = box(page, ".st-scroll")
    # With scripts, the buttons to listen by stand before the names, and both stay.
    first = box(page, "tbody .st-listen" if scripts else "tbody th")
    assert first["left"] == pytest.approx(edge["left"], abs=1.5)


def test_the_keyboard_scrolls_the_table(open_page: Opener, long: Published) -> None:
    page = open_page(long, "index.html", viewport=TABLET)
    frame = page.get_by_role("region", name="Scorecard table")
    # Chromium lets the focus into any box that scrolls; other browsers must be told.
    assert frame.get_attribute("tabindex") == "0"
    frame.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.querySelector('.st-scroll').scrollLeft > 20")


@pytest.mark.parametrize(
    ("viewport", "diagram", "scheme"),
    [(WIDE, "pipeline-wide", "light"), (TABLET, "pipeline", "dark")],
    ids=["wide", "tablet"],
)
def test_more_columns_have_a_shade_and_the_diagram_can_be_read(
    open_page: Opener, published: Published, viewport: dict[str, int], diagram: str, scheme: str
) -> None:
    page = open_page(published, "index.html", viewport=viewport, color_scheme=scheme)
    picture = page.locator(".st-diagram img:visible")
    expect(picture).to_have_count(1)
    assert f"/{diagram}-{scheme}.svg" in picture.evaluate("image => image.currentSrc")
    width, size = picture.evaluate(
        "async image => { const text = await (await fetch(image.currentSrc)).text();"
        " const chart = new DOMParser().parseFromString(text, 'image/svg+xml').documentElement;"
        " return [image.clientWidth, 16 * image.clientWidth / chart.viewBox.baseVal.width]; }"
    )
    assert width <= viewport["width"]
    assert size >= 12, "text in CSS pixels"

    def edge() -> tuple[int, ...]:
        # The lower edge of a row, right of its text.
        cell = box(page, "tbody tr:nth-child(1) td:last-child")
        frame = box(page, ".st-scroll")
        spot = (round(frame["right"]) - 4, round(cell["bottom"]) - 6)
        picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        return tuple(picture.crop((*spot, spot[0] + 1, spot[1] + 1)).tobytes())

    page.locator(".st-scroll").scroll_into_view_if_needed()
    shaded = edge()
    page.locator(".st-scroll").evaluate("frame => frame.scrollTo(9999, 0)")
    assert max(abs(a - b) for a, b in zip(shaded, edge(), strict=True)) > 20


def test_all_rows_show_where_the_table_script_is_missing(
    open_page: Opener, long: Published
) -> None:
    """They are held back while it loads, and only so long."""
    page = open_page(long, "index.html", missing="**/scorecard.js")
    expect(page.locator("table[data-scorecard] tbody tr:visible")).to_have_count(ROWS)


def test_the_keyboard_turns_the_pages(open_page: Opener, long: Published) -> None:
    page = open_page(long, "index.html")
    first = page.locator("table[data-scorecard] tbody th").first
    before, after = (
        page.get_by_role("button", name="Previous page"),
        page.get_by_role("button", name="Next page"),
    )
    expect(before).to_be_disabled()
    expect(page.get_by_role("status").first).to_have_text("1–50 of 60 renders")
    after.focus()
    page.keyboard.press("Enter")
    expect(first).to_have_text("take 50.wav")
    expect(page.get_by_role("status").first).to_have_text("51–60 of 60 renders")
    expect(page.locator("[aria-current=page]")).to_be_focused()
    expect(after).to_be_disabled()
    # By number, as people count: not 1, 10, 11. Back on the first page.
    page.get_by_role("button", name="Render", exact=True).click()
    page.get_by_role("button", name="Render", exact=True).click()
    expect(first).to_have_text("take 59.wav")
    expect(page.locator("table[data-scorecard] tbody th").nth(1)).to_have_text("take 58.wav")
    page.get_by_role("searchbox").fill("take 57.wav")
    expect(page.get_by_role("button", name="Next page")).to_be_hidden()


def test_paper_has_every_row_and_the_screen_gets_its_view_back(
    open_page: Opener, long: Published
) -> None:
    page = open_page(long, "index.html")
    rows = page.locator("table[data-scorecard] tbody tr")
    page.get_by_role("searchbox").fill("take")
    page.get_by_role("button", name="Page 2").click()
    expect(rows).to_have_count(ROWS - 50)
    page.evaluate(
        "addEventListener('beforeprint', () => {"
        " window.printed = document.querySelectorAll('[data-scorecard] tbody tr').length; })"
    )
    paper = page.pdf(prefer_css_page_size=True)
    assert page.evaluate("window.printed") == ROWS
    expect(rows).to_have_count(ROWS - 50)
    expect(page.get_by_role("searchbox")).to_have_value("take")
    sheets = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", paper)
    assert len(sheets) > 1
    # A4 across, in points.
    assert {(round(float(w)), round(float(h))) for w, h in sheets} == {(842, 595)}
    # Nor does a filter leave any out.
    page.get_by_role("searchbox").fill("take 57.wav")
    expect(rows).to_have_count(1)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(rows).to_have_count(ROWS)
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(rows).to_have_count(1)


def test_print_is_a_scorecard_in_light_colours(open_page: Opener, long: Published) -> None:
    # A sheet less its margins, in CSS pixels.
    sheet = {"width": 1047, "height": 718}
    page = open_page(long, "index.html", viewport=sheet, color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    for gone in (".md-header", ".md-tabs", ".md-footer", ".st-filter", ".st-paging", ".st-listen"):
        expect(page.locator(gone).first).to_be_hidden()
    expect(page.locator(".st-chip").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    frame, table = box(page, ".st-scroll"), box(page, "table[data-scorecard]")
    assert frame["height"] >= table["height"]
    assert frame["right"] >= table["right"] - 1
    tops = {
        round(place["y"]) for one in page.locator(".st-tile").all() if (place := one.bounding_box())
    }
    assert len(tops) == 1
    style = "(element, name) => getComputedStyle(element)[name]"
    head = page.locator("thead")
    assert head.evaluate(style, "display") == "table-header-group"
    assert head.locator("th:visible").first.evaluate(style, "position") == "static"
    assert page.locator("tbody tr").first.evaluate(style, "breakInside") == "avoid"
    link = page.locator("tbody th a").first
    assert link.evaluate(style, "textDecorationLine") == "none"
    assert brightness(link.evaluate(style, "color")) < 100
    assert brightness(page.locator("body").evaluate(style, "backgroundColor")) > 250
    expect(page.locator(".st-diagram img:visible")).to_have_count(1)
    shown = page.locator(".st-diagram img:visible").evaluate("image => image.currentSrc")
    assert shown.partition("#")[0].endswith("pipeline-wide-light.svg")


def brightness(colour: str) -> float:
    """The mean of the channels of a CSS colour, over white where it is transparent."""
    *channels, alpha = [*map(float, re.findall(r"[\d.]+", colour)), 1.0][:4]
    return alpha * sum(channels) / 3 + (1 - alpha) * 255


def test_a_render_prints_without_its_player_and_pairs(
    open_page: Opener, published: Published
) -> None:
    page = open_page(published, PAGE)
    pairs = page.get_by_role("region", name="Short pairs")
    expect(pairs).to_be_visible()
    page.emulate_media(media="print")
    expect(pairs).to_be_hidden()
    expect(page.get_by_role("heading", name="Listen", exact=True)).to_be_visible()
    # Places to hear are printed as times.
    for control in (
        "button:not(.ab-place)",
        "input",
        "audio",
        ".ab-deck",
        ".ab-settings",
        ".st-neighbours",
    ):
        assert page.locator(f"article {control}:visible").count() == 0, control


def test_word_errors_are_drawn_in_per_cent(published: Published) -> None:
    plot = (published.folder / "assets" / "distribution-wer-raw-to-clean.svg").read_text()
    texts = [text.strip() for text in re.findall(r"<text[^>]*>([^<]*)<", plot)]
    assert "WER raw to clean (%)" in texts
    assert {"5.0", "10.0"} <= set(texts)
    presence = (published.folder / "assets" / "distribution-music-presence.svg").read_text()
    assert "Music presence (probability)" in presence


def test_a_first_visit_is_light_and_fetches_no_audio(visit: Visit) -> None:
    loaded: dict[str, int] = {}
    visit.page.on("response", lambda answer: loaded.update({answer.url: len(answer.body())}))
    visit.page.set_viewport_size({"width": 1440, "height": 4000})
    visit.open("index.html").wait_for_load_state("networkidle")
    assert [url for url in loaded if url.endswith((".flac", ".wav"))] == []
    assert 0 < sum(loaded.values()) < 1_000_000
