"""The files of a preview: sounds decoded and encoded again, within bounds, swapped in whole."""

from __future__ import annotations

import io
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from stemsilver.delivery.pull_request import WrittenPreview, read, write_preview
from stemsilver.delivery.pull_request.preview import MAX_FILES
from stemsilver.errors import UsageError
from stemsilver.microsite.pages.preview import MAX_PAGE_BYTES
from stemsilver.microsite.publish import links

from ..pipeline.batches import contents
from .pull_requests import (
    GOOD,
    RATE,
    WORSE,
    Opened,
    embedded,
    multiply,
    opened,
    render,
)

SNIPPET = "ab/much-worse/ab-1-clean.flac"
HOUR = 3600
CHANGED = ("much-worse", "little-worse", "better")


def preview(made: Opened, target: Path, megabytes: float = 25) -> WrittenPreview:
    return write_preview(read(made.folder), embedded(), target, megabytes)


def page(target: Path) -> str:
    return (target / "index.html").read_text(encoding="utf-8")


def sounds(target: Path) -> set[str]:
    return {name for name in contents(target) if name.endswith(".flac")}


def heard(target: Path) -> list[str]:
    """The renders of which there are sounds."""
    return sorted({name.split("/")[1] for name in sounds(target)})


def relist(made: Opened, render: str, change: Callable[[Any], object]) -> None:
    """Change the listing of a render's snippets."""
    path = made.folder / "ab" / render / "ab.json"
    found = json.loads(path.read_text())
    change(found)
    path.write_text(json.dumps(found))


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Where the preview is written."""
    return tmp_path / "site"


def test_every_sound_is_there_and_was_encoded_again(handed: Opened, site: Path) -> None:
    # A tag is what a re-encoding loses, and a copy keeps.
    tagged = handed.folder / SNIPPET
    samples, rate = soundfile.read(tagged, dtype="int16")
    with soundfile.SoundFile(tagged, "w", rate, 1, "PCM_16", format="FLAC") as file:
        file.title = "<script>alert(1)</script>"
        file.write(samples)
    assert b"<script>" in tagged.read_bytes()
    written = preview(handed, site)
    assert (written.heard, written.left_out) == (3, 0)
    files = contents(site)
    assert set(files) == {"index.html", "preview.css", "favicon.svg", *sounds(site)}
    assert len(sounds(site)) == 18
    assert not any(b"script" in files[name] for name in sounds(site))
    again, _ = soundfile.read(site / SNIPPET, dtype="int16")
    np.testing.assert_array_equal(again, samples)
    assert links.problems(site) == []
    assert written.bytes >= sum(map(len, files.values()))


@cache
def flac(seconds: float, rate: int = RATE, claimed: int | None = None) -> bytes:
    """Silence, written by the second; the header may claim another length."""
    buffer, frames = io.BytesIO(), round(seconds * rate)
    with soundfile.SoundFile(buffer, "w", rate, 1, "PCM_16", format="FLAC") as file:
        for start in range(0, frames, rate):
            file.write(np.zeros(min(rate, frames - start), np.int16))
    content = bytearray(buffer.getvalue())
    if claimed is not None:
        # The last 36 bits of 8 bytes in STREAMINFO.
        packed = int.from_bytes(content[18:26], "big") >> 36 << 36 | claimed
        content[18:26] = packed.to_bytes(8, "big")
    return bytes(content)


def test_what_is_no_such_sound_is_left_out_with_a_note(handed: Opened, site: Path) -> None:
    spoilt: dict[str, tuple[bytes, str]] = {
        "much-worse/ab-1-raw.flac": (b"<script>alert(1)</script>", "not FLAC"),
        "much-worse/ab-1-base.flac": (flac(1)[:-8], "cut off"),
        "much-worse/ab-1-clean.flac": (flac(2), "sample rate or length differs"),
        "much-worse/ab-2-raw.flac": (flac(1, RATE * 2), "sample rate or length differs"),
        "much-worse/ab-2-base.flac": (b"of gigabytes", "more than 30 MB"),
        "much-worse/ab-2-clean.flac": (b"missing", "cannot be read"),
        "better/ab-1-raw.flac": (flac(HOUR, claimed=2**36 - 1), "the limit is 1"),
        "better/ab-1-base.flac": (flac(60.1), "the limit is 1"),
        # So long by its listing, too.
        "better/ab-2-raw.flac": (flac(HOUR), "the limit is 1"),
        "better/ab-2-base.flac": (flac(1), "sample rate or length differs"),
        "better/ab-2-clean.flac": (flac(1), "sample rate or length differs"),
    }
    whole = sounds(handed.folder)
    relist(handed, "better", lambda found: found[1].update(stop=found[1]["start"] + HOUR * RATE))
    for name, (content, _) in spoilt.items():
        (handed.folder / "ab" / name).write_bytes(content)
    os.truncate(handed.folder / "ab" / "much-worse" / "ab-2-base.flac", 5_000_000_000)
    (handed.folder / "ab" / "much-worse" / "ab-2-clean.flac").unlink()
    assert preview(handed, site).heard == 3
    assert sounds(site) == whole - {f"ab/{name}" for name in spoilt}
    text = page(site)
    for name in spoilt:
        assert f'src="ab/{name}"' not in text
        assert f"Left out: {Path(name).name}" in text
    for why, count in Counter(why for _, why in spoilt.values()).items():
        assert text.count(why) == count, why


def test_an_hour_that_claims_to_be_a_second_is_left_out(handed: Opened, site: Path) -> None:
    (handed.folder / SNIPPET).write_bytes(flac(HOUR, claimed=RATE))
    preview(handed, site)
    assert not (site / SNIPPET).exists()
    assert "the file holds more" in page(site)


def test_a_listing_that_is_none_is_a_note(handed: Opened, site: Path) -> None:
    (handed.folder / "ab" / "much-worse" / "ab.json").write_bytes(b"\xff\xfe")
    relist(handed, "better", lambda found: found[0].update(number="../../1"))
    assert preview(handed, site).heard == 3
    assert page(site).count("Left out: ab.json does not describe snippets") == 2
    assert heard(site) == ["little-worse"]


def of_sizes(folder: Path, *kilobytes: int) -> Opened:
    """Renders whose sounds, encoded, have so many kilobytes in all, the worst first."""
    names = [f"r{number}" for number in range(len(kilobytes))]
    falls = [GOOD | {"stoi_vs_stage_a": 0.5 + 0.1 * place} for place in range(len(names))]
    made = opened(
        folder,
        [render(name, GOOD) for name in names],
        [render(name, values) for name, values in zip(names, falls, strict=True)],
    )
    rng = np.random.default_rng(1)
    for name, size in zip(names, kilobytes, strict=True):
        paths = sorted((made.folder / "ab" / name).glob("ab-*.flac"))
        # Noise of 16 bits does not compress.
        frames = round(size * 1000 / 2 / len(paths))
        for path in paths:
            noise = rng.integers(-32768, 32767, frames, np.int16)
            soundfile.write(path, noise, RATE, subtype="PCM_16")

        def lengthen(found: Any, frames: int = frames) -> None:
            for number, one in enumerate(found):
                one.update(start=2 * number * frames, stop=(2 * number + 1) * frames)

        relist(made, name, lengthen)
    return made


def test_what_fits_is_counted_and_nothing_overtakes(tmp_path: Path, site: Path) -> None:
    made = of_sizes(tmp_path / "pull", 700, 670, 500)
    whole = preview(made, site).bytes
    names = ["r0", "r1", "r2"]
    # A byte less than all of it: the page leaves no room for the last sound.
    for room, count in ((1.2e6, 1), (1.45e6, 2), (whole - 0.5, 2), (whole + 0.5, 3)):
        written = preview(made, site, room / 1e6)
        assert heard(site) == names[:count]
        assert (written.heard, written.left_out) == (count, 3 - count)
        on_disk = sum(path.stat().st_size for path in site.rglob("*") if path.is_file())
        assert written.bytes == on_disk <= room
        unheard = page(site).partition("but without audio here")[2].partition("</ul>")[0]
        assert [name for name in names if f"<bdi>{name}.wav</bdi>" in unheard] == names[count:]


def test_no_more_sounds_than_it_takes_time_for(tmp_path: Path, site: Path) -> None:
    names = [f"r{number}" for number in range(14)]
    before, after = ([render(name, of) for name in names] for of in (GOOD, WORSE))
    written = preview(opened(tmp_path / "pull", before, after), site)
    assert len(sounds(site)) == MAX_FILES == 60
    assert (written.heard, written.left_out) == (10, 4)


def test_no_page_is_larger_than_it_may_be(tmp_path: Path, site: Path) -> None:
    made = opened(tmp_path / "pull", [render("one", GOOD)], [render("one", WORSE)])
    # What escapes make longest.
    names = [f"{number}" + "'" * 200 for number in range(4_000)]

    def fail_some(card: Any) -> None:
        multiply(card, names)
        for item in card["items"][2_000:]:
            message = "&" * 300
            item["failure"] = {"code": "unreadable", "message": message, "next_step": message}
        for item in card["items"][1_000:1_500]:
            item["id"] += "-new"

    made.change("base.json", lambda card: multiply(card, names))
    made.change("head.json", fail_some)
    for number in range(500, 1_000):
        (made.folder / "ab" / f"r{number}").mkdir()
        (made.folder / "ab" / f"r{number}" / "ab.json").write_text("&")
    written = preview(made, site, 1)
    assert len(page(site).encode()) < MAX_PAGE_BYTES
    assert written.heard == 60
    assert written.bytes < 1e6


def test_nothing_of_others_is_replaced(handed: Opened, tmp_path: Path) -> None:
    preview(handed, tmp_path / "site")
    shutil.rmtree(handed.folder / "ab" / "better")
    preview(handed, tmp_path / "site")
    assert heard(tmp_path / "site") == ["little-worse", "much-worse"]
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    with pytest.raises(UsageError, match="would be deleted"):
        preview(handed, mine)
    assert contents(mine) == {"thesis.txt": b"years of work"}


def test_without_a_base_head_stands_alone(handed: Opened, site: Path) -> None:
    (handed.folder / "base.json").unlink()
    written = preview(handed, site)
    text = page(site)
    assert "There is nothing to compare with" in text
    for word in ("Guardrail", "base</b>", "this change", "renders that changed", ">Added<"):
        assert word not in text
    names = [f"ab-{number}-{signal}.flac" for number in (1, 2) for signal in ("raw", "clean")]
    assert sounds(site) == {f"ab/{id_}/{name}" for id_ in CHANGED for name in names}
    # The render that did not change has nothing in the folder.
    assert (written.heard, written.left_out) == (3, 1)


def test_a_change_of_nothing(tmp_path: Path, site: Path) -> None:
    made = opened(tmp_path / "pull", [render("one", GOOD)], [render("one", GOOD)])
    assert preview(made, site).heard == 0
    assert all(one in page(site) for one in ("Nothing changed", "No render changed"))
    assert "✗" not in page(site)
