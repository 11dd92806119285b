"""Reviews, as a reader makes them with keys or thumbs, keeps them, and hands them on."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, FilePayload, Locator, Page, expect

from stemsilver.report.reviews.reader import read_review, review_json

from .accessible import serious
from .conftest import PHONE, Opener
from .listening import NOTE_STARTS, PAGE, starts
from .planted_reviews import remark, review_of
from .planted_site import DUET, HOSTILE, HOSTILE_ID, HOSTILE_WORD, INTRO, Published, sound_sha256
from .visits import Visit, visiting

DECISIONS = {"a": "approved", "w": "needs_work", "s": "skipped"}
ALL = (f"renders/{DUET}.html", PAGE, f"renders/{HOSTILE_ID}.html", "renders/silent-00000004.html")
"""The pages of the renders that can be heard, worst first."""

TYPED = """keys => { for (const key of keys) {
  document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
} }"""


def said(page: Page) -> Locator:
    """What the page announces."""
    return page.locator("[data-part=said]")


def ready(page: Page) -> Page:
    """The page, once its controls work."""
    controls = page.locator("[data-decide=approved], [data-part=file]")
    expect(controls).to_be_enabled()
    return page


def decide(page: Page, name: str, reviewer: str = "") -> None:
    """Press a decision, and answer the question for the name."""
    page.get_by_role("button", name=name).click()
    if reviewer:
        give_name(page, reviewer)


def give_name(page: Page, reviewer: str) -> None:
    """Answer the question for the name."""
    page.get_by_label("Your name").fill(reviewer)
    page.get_by_label("Your name").press("Enter")


def type_remark(page: Page, seconds: float, text: str) -> None:
    """Type a remark at a position, and leave the field open."""
    page.get_by_role("slider", name="Position").fill(str(seconds))
    page.get_by_role("button", name=re.compile("^Remark at")).click()
    page.get_by_role("textbox", name=re.compile("^Remark at")).fill(text)


def note(page: Page, seconds: float, text: str) -> None:
    """Make a remark at a position."""
    type_remark(page, seconds, text)
    page.get_by_role("button", name="Keep the remark").click()


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until an element has the focus."""
    for _ in range(80):
        if target.evaluate("one => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
    pytest.fail("the Tab key does not reach it")


def downloaded(page: Page, target: Path) -> dict[str, Any]:
    """The file of the review, as `stemsilver review` reads it."""
    with page.expect_download() as found:
        page.keyboard.press("Enter")
    assert found.value.suggested_filename == target.name
    found.value.save_as(target)
    return review_json(read_review(target))


def test_a_whole_review_with_the_keyboard_alone(visit: Visit, tmp_path: Path) -> None:
    page = ready(visit.open("review.html"))
    expect(page.get_by_text("0 of 4 decided")).to_be_visible()
    expect(page.locator(".st-review-keys")).to_be_visible()
    for at, (name, key) in enumerate(zip(ALL, "awsa", strict=True), 1):
        if at == 2:
            # Once the next render is on its way, a key no longer means the one before.
            page.evaluate(TYPED, "gs")
        else:
            page.keyboard.press("g")
        page.wait_for_url(f"**/{name}")
        ready(page)
        page.keyboard.press(key)
        if at == 1:
            # The name is asked for once, and its letters are no keys, wherever the focus is.
            page.evaluate("document.activeElement.blur()")
            page.keyboard.type(f"Was {HOSTILE_WORD}")
            page.keyboard.press("Enter")
        expect(said(page)).to_have_text(re.compile(rf"^[\w, ]+\. {at} of 4 decided\.$"))
        expect(page.locator(f"[data-decide={DECISIONS[key]}]")).to_have_attribute(
            "aria-pressed", "true"
        )
    page.keyboard.press("g")
    expect(said(page)).to_have_text("4 of 4 decided: no other is left.")
    # The same key again takes it back.
    page.keyboard.press("a")
    expect(said(page)).to_have_text("Decision taken back. 3 of 4 decided.")
    page.keyboard.press("a")
    tab_to(page, page.get_by_role("slider", name="Position"))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("End")
    page.keyboard.press("r")
    # The player may go on; the remark is where it was begun.
    page.evaluate("document.querySelector('stem-ab').seek(0.25)")
    page.keyboard.type(f"was {HOSTILE_WORD}")
    assert serious(page) == []
    page.keyboard.press("Enter")
    expect(said(page)).to_have_text("Remark at 0:01 on clean kept. 4 of 4 decided.")
    # The focus is back where it was.
    expect(page.get_by_role("slider", name="Position")).to_be_focused()
    tab_to(page, page.get_by_role("link", name="All renders and the result of your review"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/review.html")
    ready(page)
    expect(page.locator(".st-reviewed > li").last).to_contain_text("You: ✓ approved 1 remark")
    tab_to(page, page.get_by_role("button", name="Download as file"))
    name = "stemsilver-review-Was-script-window-pwned-1-script-7-7-x.json"
    found = downloaded(page, tmp_path / name)
    assert found["reviewer"] == f"Was {HOSTILE_WORD}"
    assert found["build"] == build_of(page)
    said_of = {one["path"]: one for one in found["renders"]}
    assert [
        said_of[path]["decision"] for path in ("stereo/duet.wav", "narration/intro one.wav")
    ] == [
        "approved",
        "needs_work",
    ]
    assert said_of["stereo/duet.wav"]["sound_sha256"] == sound_sha256(DUET)
    [made] = said_of["silent.wav"]["remarks"]
    assert (made["at"], made["track"], made["text"]) == (1.5, "clean", f"was {HOSTILE_WORD}")
    assert page.evaluate("typeof window.pwned") == "undefined"


def build_of(page: Page) -> dict[str, str]:
    """The build of a page, as reviews name it."""
    values: dict[str, str] = page.locator("[data-config]").evaluate("one => ({...one.dataset})")
    return {
        "profile": values["profile"],
        "config_digest": values["config"],
        "created": values["created"],
    }


def test_a_whole_review_with_touch_alone(browser: Browser, published: Published) -> None:
    touch: dict[str, Any] = {"viewport": PHONE, "has_touch": True, "is_mobile": True}
    with visiting(browser, published, **touch) as visit:
        visit.page.add_init_script(NOTE_STARTS)
        page = ready(visit.open("review.html"))
        for at, (name, choice) in enumerate(
            zip(ALL, ("Needs work", "Approve", "Skip", "Approve"), strict=True), 1
        ):
            page.get_by_role("link", name=re.compile("^Next: ")).tap()
            page.wait_for_url(f"**/{name}")
            page = ready(page)
            page.get_by_role("button", name=choice).tap()
            if at == 1:
                page.get_by_label("Your name").fill("Anna")
                page.get_by_role("button", name="Keep the name").tap()
            expect(said(page)).to_contain_text(f"{at} of 4 decided")
        sizes = page.locator(".st-review-own button:visible, .st-review-own p > a").evaluate_all(
            "all => all.map(one => one.getBoundingClientRect()).map(one => one.height)"
        )
        assert len(sizes) >= 5
        assert min(sizes) >= 43.5

        page = ready(visit.open(PAGE))
        expect(page.locator(".st-review-keys")).to_be_hidden()  # a phone has none
        top = page.locator(".ab-wave").evaluate("one => one.offsetTop")
        page.locator(".ab-pick", has_text="Raw").tap()
        lane = page.locator(".ab-wave")
        width = lane.evaluate("one => one.getBoundingClientRect().width")
        lane.tap(position={"x": width / 2, "y": 60})
        page.get_by_role("button", name="Remark at 0:00 on raw").tap()
        page.get_by_role("textbox", name="Remark at 0:00 on raw").fill("a click")
        page.get_by_role("button", name="Keep the remark").tap()
        expect(said(page)).to_contain_text("Remark at 0:00 on raw kept")
        # A pin on each picture of time, at its place; a tap plays from there, on that track.
        pin = lane.locator(".st-pin b")
        assert page.locator(".st-pin").count() == page.locator("[data-lane]").count()
        box, of = pin.bounding_box(), lane.bounding_box()
        assert box is not None
        assert of is not None
        assert box["x"] + box["width"] / 2 - of["x"] == pytest.approx(width / 2, abs=2)
        page.locator(".ab-pick", has_text="Clean").tap()
        pin.tap()
        starts(page, 0.75)
        assert lane.evaluate("one => one.offsetTop") == top, "the picture was moved by a text"
        expect(page.get_by_role("radio", name="Raw", exact=True)).to_be_checked()
        page.get_by_role("button", name="Edit remark").tap()
        page.get_by_role("textbox", name="Remark at 0:00 on raw").fill("a loud click")
        page.get_by_role("button", name="Keep the remark").tap()
        remarks = page.get_by_role("list", name="Your remarks")
        expect(remarks).to_contain_text("a loud click")
        page.get_by_role("button", name="Remove remark").tap()
        expect(remarks).to_be_empty()
        expect(page.locator(".st-pin")).to_have_count(0)
        page.get_by_role("button", name="Undo").tap()
        expect(remarks).to_contain_text("a loud click")
        remarks.get_by_role("button", name="Remark 1: hear raw at").tap()
        starts(page, 0.75)

        page = ready(visit.open("review.html"))
        expect(page.get_by_text("4 of 4 decided")).to_be_visible()
        # No clipboard without a secure address: the text is there to copy.
        page.get_by_role("button", name="Copy as text").tap()
        text = page.get_by_label("Copy this text").input_value()
        assert text.startswith(
            "Review by Anna: 4 of 4 decided\n\n- ✗ Needs work: stereo/duet.wav <"
        )
        assert f"  - 0:00 on raw: a loud click <{visit.url}/{PAGE}#v=raw&t=0.75>\n" in text
        page.get_by_role("button", name="Delete my review on this device").tap()
        assert serious(page) == []
        page.get_by_role("button", name="Keep it").tap()
        expect(page.get_by_text("4 of 4 decided")).to_be_visible()
        page.get_by_role("button", name="Delete my review on this device").tap()
        page.get_by_role("button", name="Delete it").tap()
        expect(page.get_by_text("0 of 4 decided")).to_be_visible()
        assert "stemsilver" not in page.evaluate("Object.keys(localStorage).join()")


def test_a_link_carries_the_review_to_another_device(
    open_page: Opener, published: Published
) -> None:
    # Pages have a clipboard at this address, as on https.
    site = replace(published, url="http://localhost:9")
    clipboard = ["clipboard-read", "clipboard-write"]
    page = ready(open_page(site, PAGE, permissions=clipboard))
    decide(page, "Needs work")
    page.get_by_label("Your name").press("Escape")
    note(page, 1.2, HOSTILE_WORD)
    page.goto(f"{site.url}/review.html")
    ready(page).get_by_role("button", name="Copy a link").click()
    # A link has a name; what was pressed is done once it is given.
    expect(said(page)).to_have_text("Enter your name first; then it is copied.")
    give_name(page, "Anna")
    expect(said(page)).to_have_text("Link copied. It contains the review.")
    link: str = page.evaluate("navigator.clipboard.readText()")
    assert link.startswith(f"{site.url}/review.html#review=")

    other = ready(open_page(site, f"renders/{DUET}.html"))
    decide(other, "Approve")
    expect(said(other)).to_have_text("Approved, although it is outside a limit. 1 of 4 decided.")
    other.goto(link)
    ready(other)
    shown = other.get_by_role("region", name="Review by Anna")
    expect(shown).to_contain_text("narration/intro one.wav ✗ needs work")
    expect(shown).to_contain_text(HOSTILE_WORD)
    expect(shown.get_by_role("link", name="0:01 on clean")).to_have_attribute(
        "href", f"{PAGE}#v=clean&t=1.20"
    )
    assert serious(other) == []
    other.get_by_role("button", name="Continue from it on this device").click()
    expect(said(other)).to_have_text("Enter your name first; then you go on with it.")
    give_name(other, "Anna")
    expect(said(other)).to_have_text("You go on with the review of Anna.")
    expect(shown).to_be_hidden()
    assert "#" not in other.url
    # It goes on there; here the same link brings back nothing that was changed since.
    other.goto(f"{site.url}/{PAGE}")
    decide(ready(other), "Needs work")
    other.get_by_role("button", name="Remove remark").click()
    other.goto(link)
    ready(other).get_by_role("button", name="Continue from it on this device").click()
    expect(other.get_by_text("1 of 4 decided")).to_be_visible()
    other.goto(f"{site.url}/{PAGE}")
    expect(ready(other).get_by_role("list", name="Your remarks")).to_be_empty()
    assert other.evaluate("typeof window.pwned") == "undefined"
    # Somebody else's review is not mixed into one's own.
    other.get_by_role("button", name="Change the name").click()
    give_name(other, "Ben")
    other.goto(link)
    ready(other).get_by_role("button", name="Continue from it on this device").click()
    expect(said(other)).to_contain_text("This device has a review of Ben.")
    other.evaluate("location.hash = '#review=AAAA'")
    expect(said(other)).to_contain_text("This link has no review that can be read")


def test_a_file_is_opened_and_what_is_none_is_refused(visit: Visit) -> None:
    page = ready(visit.open("review.html"))
    chooser = page.get_by_label("Open a review file")

    def put(content: bytes) -> None:
        chooser.set_input_files(
            FilePayload(name="x.json", mimeType="application/json", buffer=content)
        )

    values = review_json(
        review_of(HOSTILE_WORD, HOSTILE, "0f" * 32, "approved", remark("1", HOSTILE_WORD))
    )
    for content, why in (
        (b"{", "This is not a review of Stemsilver: it is not JSON."),
        (b" " * 3_000_000, "This is not a review of Stemsilver: it is larger than 2 MB."),
        (json.dumps(values | {"kind": HOSTILE_WORD}).encode(), f'its kind is "{HOSTILE_WORD}".'),
        (json.dumps(values | {"schema_version": 9}).encode(), "has the version 9;"),
    ):
        put(content)
        expect(said(page)).to_contain_text(why)
    put(json.dumps(values).encode())
    shown = page.get_by_role("region", name=f"Review by {HOSTILE_WORD}")
    expect(shown).to_contain_text("about an earlier version, so it does not count")
    expect(shown).to_contain_text(f"0:00 on clean: {HOSTILE_WORD}")
    expect(shown).to_contain_text("About a build of 22 November 2026 with the profile")
    page.get_by_role("button", name="Continue from it on this device").click()
    # What is outdated is kept and shown, and does not count.
    expect(page.get_by_text("0 of 4 decided")).to_be_visible()
    expect(page.locator(f"#{HOSTILE_ID} [data-part=mine]")).to_contain_text(
        "about an earlier version"
    )
    assert page.evaluate("typeof window.pwned") == "undefined"


def test_a_render_that_changed_loses_its_approval(
    visit: Visit, published: Published, tmp_path: Path
) -> None:
    page = ready(visit.open(PAGE))
    # Nobody presses "Keep the remark": no decision, no other remark and no leaving loses the text.
    type_remark(page, 0.5, "a click")
    decide(page, "Approve", "Anna")
    expect(said(page)).to_have_text("Remark at 0:00 on clean kept. Approved. 1 of 4 decided.")
    type_remark(page, 1.2, "another")
    page.get_by_role("button", name="Edit remark").click()
    page.get_by_role("textbox", name="Remark at 0:00 on clean").fill("a loud click")
    rebuilt = shutil.copytree(published.folder, tmp_path / "site")
    for name in (PAGE, "review.html", "renders.json"):
        text = (rebuilt / name).read_text()
        changed = text.replace(sound_sha256(INTRO), "ee" * 32)
        assert changed != text
        (rebuilt / name).write_text(changed)
    replace(published, folder=rebuilt).serve(page.context)
    page.reload()
    ready(page)
    expect(page.locator("[data-part=outdated]")).to_have_text(
        "About an earlier version of this render you said: ✓ approved 2 remarks – it has changed "
        "since, so this does not count."
    )
    assert re.findall(r'"text":"(.*?)"', page.evaluate("Object.values(localStorage).join()")) == [
        "a loud click",
        "another",
    ]
    expect(page.locator("[data-decide=approved]")).to_have_attribute("aria-pressed", "false")
    expect(page.locator(".st-pin")).to_have_count(0)
    expect(page.locator("[data-part=count]")).to_have_text("0 of 4 decided")


def test_the_team_is_pinned_and_is_read_without_scripts(
    visit: Visit, open_page: Opener, published: Published
) -> None:
    visit.page.add_init_script(NOTE_STARTS)
    page = ready(visit.open(f"renders/{HOSTILE_ID}.html"))
    pins = page.locator(".ab-wave .st-pin")
    expect(pins).to_have_count(2)
    expect(pins.first).to_have_attribute("title", f"{HOSTILE_WORD}, 0:00 on clean: {HOSTILE_WORD}")
    assert serious(page) == []
    pins.last.locator("b").click()
    starts(page, 1.0)
    expect(ready(visit.open(f"renders/{DUET}.html")).locator(".st-pin")).to_have_count(0)

    page = open_page(published, f"renders/{HOSTILE_ID}.html", java_script_enabled=False)
    review = page.get_by_role("region", name="Review", exact=True)
    expect(review).to_contain_text(f"{HOSTILE_WORD} ✗ needs work 23 November 2026")
    expect(review).to_contain_text("0:01 on clean the second word")
    expect(review).to_contain_text("A review of your own needs scripts and a web server.")
    expect(page.locator("[data-decide]").first).to_be_hidden()
    page.goto(f"{published.url}/review.html")
    expect(page.get_by_text("A review of your own needs scripts")).to_be_visible()
    expect(page.get_by_text("Ben: approved 1, needs work 0, skipped 0")).to_be_visible()
    expect(page.get_by_role("button", name="Download as file")).to_be_hidden()
    duet = page.locator(f"#{DUET}")
    expect(duet).to_contain_text("Carla ✓ approved 23 November 2026 about an earlier version")
    duet.get_by_role("link", name="0:00").click()
    expect(page).to_have_url(f"{published.url}/renders/{DUET}.html#v=clean&t=0.50")
