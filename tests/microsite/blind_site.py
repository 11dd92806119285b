"""The planted batch with another build to compare it with, and a visitor of its blind test."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, expect

from stemsilver.audio import encode_flac16
from stemsilver.microsite import build
from stemsilver.microsite.baseline import Base, BaseItem
from stemsilver.records import Audio
from stemsilver.report import Scorecard, visible

from .planted_site import HOSTILE, HOSTILE_ID, INTRO, Planted, Published, set_levels
from .visits import Visit

HEAD, BASE = "embedded, 22 November 2026, 0123456", "studio <3 & co, 3 October 2026"
IDS = (INTRO, HOSTILE_ID)
PATHS = ("narration/intro one.wav", visible(HOSTILE))
QUIETER_DB = -1.5  # the base, as its speech is measured
RATE, SECONDS = 24_000, 1.5
# Coins are drawn as bytes, shuffles as words: a test plants the coins and leaves the order alone.
PLANT = """
  const coins = %s;
  let at = 0;
  Crypto.prototype.getRandomValues = function (array) {
    for (let i = 0; i < array.length; i++) {
      array[i] = array.BYTES_PER_ELEMENT === 1 ? coins[at++ %% coins.length] : 0;
    }
    return array;
  };
"""


def voice(seed: int, level: float) -> Audio:
    """Something that comes and goes, the same for one seed."""
    time = np.arange(round(RATE * SECONDS)) / RATE
    noise = np.random.default_rng(seed).standard_normal(time.size)
    tone = 0.3 * np.sin(2 * np.pi * (180 + 40 * seed) * time) * (np.sin(9 * time) > 0)
    return Audio((tone + level * noise)[None].astype(np.float32), RATE)


def other_build(planted: Planted) -> Scorecard:
    """The same renders under another profile, of another day."""
    return replace(
        planted.scorecard, profile="studio <3 & co", created="2026-10-03T08:00:00Z", commit=None
    )


def blind_site(planted: Planted, folder: Path) -> Published:
    """Two renders of the planted batch, published with another build to compare them with."""
    media, others = {}, {}
    for seed, id_ in enumerate(IDS):
        for which, level, raw_db in (("head", 0.001, 0.0), ("base", 0.02, -QUIETER_DB)):
            made = folder / which / id_
            shutil.copytree(planted.media[id_], made)
            (made / "clean.flac").write_bytes(encode_flac16(voice(seed, level)))
            tracks = set_levels(made, raw={"speech_db": raw_db}, clean={"speech_db": 0.0})
        media[id_] = folder / "head" / id_
        raw_md5 = (made / "raw.flac").read_bytes()[26:42]
        others[id_] = BaseItem(made, raw_md5, tracks)
    items = tuple(item for item in planted.results if item.id in IDS)
    head = replace(planted, results=items, media=media, reports=())
    target = folder / "site"
    base = Base(other_build(planted), others)
    build(head.scorecard, head.profile, head.evidence, media, (), target, 50, base=base)
    # Only a secure page has a clipboard.
    return Published(target, planted, url="https://stemsilver.test")


def opened(visit: Visit, fragment: str = "") -> Page:
    """The page of the blind test, once its module runs."""
    page = visit.open(f"blind.html{fragment}")
    expect(
        page.locator("[data-part=setup], [data-part=result]").locator("visible=true").first
    ).to_be_visible()
    return page


def plant(page: Page, coins: list[int], more: str = "") -> None:
    """Decide the coins that the page will throw, and run `more` where they are in sight."""
    page.add_init_script(PLANT % json.dumps(coins) + more)


def start(page: Page, test: str, count: int, render: str = "") -> None:
    page.get_by_role("radio", name=test).check()
    page.get_by_role("radio", name=str(count)).check()
    page.get_by_label("Renders").select_option(render)
    page.get_by_role("button", name="Start the test").click()


def ready(page: Page, number: int, count: int) -> None:
    """Wait until a trial can be listened to."""
    expect(page.get_by_role("heading", name=f"Trial {number} of {count}")).to_be_focused()
    expect(page.get_by_role("button", name="Play")).to_be_enabled()


def listen(page: Page, names: str) -> None:
    page.get_by_role("button", name="Play").click()
    for name in names:
        page.get_by_role("radio", name=name, exact=True).check()
    page.get_by_role("button", name="Pause").click()
