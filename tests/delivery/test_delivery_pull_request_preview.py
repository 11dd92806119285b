"""The files of a preview: sounds decoded and encoded again, within bounds, swapped in whole."""

from __future__ import annotations

import io
import json
import shutil
import struct
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from stemsilver.audio import decode
from stemsilver.delivery.pull_request import Artifact, WrittenPreview, read, write_preview
from stemsilver.delivery.pull_request.preview import MAX_FILES
from stemsilver.errors import UsageError
from stemsilver.microsite.pages.preview import MAX_PAGE_BYTES
from stemsilver.microsite.publish import links

from ..pipeline.batches import contents
from .pull_requests import (
    GOOD,
    RATE,
    SLIGHTLY_WORSE,
    WORSE,
    Opened,
    a_change,
    embedded,
    hostile,
    opened,
    render,
)

SNIPPET = "ab/much-worse/ab-1-clean.flac"


def preview(made: Opened, target: Path, megabytes: float = 25) -> WrittenPreview:
    handed_over: Artifact = read(made.folder)
    return write_preview(handed_over, embedded(), target, megabytes)


def page(target: Path) -> str:
    return (target / "index.html").read_text(encoding="utf-8")


def sounds(target: Path) -> set[str]:
    return {name for name in contents(target) if name.endswith(".flac")}


@pytest.fixture
def made(tmp_path: Path) -> Opened:
    return a_change(tmp_path / "pull")


def test_every_sound_is_there_and_was_encoded_again(made: Opened, tmp_path: Path) -> None:
    # A tag is what a re-encoding loses, and a copy keeps.
    tagged = made.folder / SNIPPET
    samples, rate = soundfile.read(tagged, dtype="int16")
    with soundfile.SoundFile(tagged, "w", rate, 1, "PCM_16", format="FLAC") as file:
        file.title = "<script>alert(1)</script>"
        file.write(samples)
    assert b"<script>" in tagged.read_bytes()
    written = preview(made, tmp_path / "site")
    assert (written.heard, written.left_out) == (3, 0)
    files = contents(tmp_path / "site")
    assert set(files) == {"index.html", "preview.css", "favicon.svg", *sounds(tmp_path / "site")}
    assert len(sounds(tmp_path / "site")) == 18
    assert not any(b"script" in files[name] for name in sounds(tmp_path / "site"))
    again, _ = soundfile.read(tmp_path / "site" / SNIPPET, dtype="int16")
    np.testing.assert_array_equal(again, samples)
    assert links.problems(tmp_path / "site") == []
    assert written.bytes >= sum(map(len, files.values()))


def flac(seconds: float, rate: int = RATE, channels: int = 1, kind: str = "FLAC") -> bytes:
    """Silence, written by the second."""
    buffer, frames = io.BytesIO(), round(seconds * rate)
    with soundfile.SoundFile(buffer, "w", rate, channels, "PCM_16", format=kind) as file:
        for start in range(0, frames, rate):
            file.write(np.zeros((min(rate, frames - start), channels), np.int16))
    return buffer.getvalue()


@cache
def hours_of_silence(claimed: int | None = None) -> bytes:
    """Three hours in a few kilobytes; the header may claim another length."""
    content = bytearray(flac(3 * 3600))
    if claimed is not None:
        # The last 36 bits of 8 bytes in STREAMINFO.
        packed = int.from_bytes(content[18:26], "big") >> 36 << 36 | claimed
        content[18:26] = packed.to_bytes(8, "big")
    return bytes(content)


def wav_of_channels(count: int) -> bytes:
    """A WAV whose header claims so many channels."""
    layout = struct.pack("<HHIIHH", 1, count, RATE, RATE * 2 * count, 2 * count, 16)
    data = bytes(2 * count * RATE)
    chunks = (
        b"fmt " + struct.pack("<I", 16) + layout + b"data" + struct.pack("<I", len(data)) + data
    )
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def not_a_number() -> bytes:
    """A second of NaN."""
    buffer = io.BytesIO()
    soundfile.write(buffer, np.full(RATE, np.nan, np.float32), RATE, "FLOAT", format="WAV")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (lambda: b"", "0 bytes"),
        (lambda: b"<script>alert(1)</script>", "not WAV or FLAC"),
        (lambda: b"\x7fELF" + bytes(1000), "not WAV or FLAC"),
        (lambda: b"fLaC" + bytes(1000), "not WAV or FLAC"),
        (lambda: flac(1)[:-8], "cut off"),
        (lambda: flac(1, kind="AIFF"), "holds AIFF"),
        (lambda: hours_of_silence(), "the limit is 1"),
        (lambda: hours_of_silence(0), "the limit is 1"),
        (lambda: hours_of_silence(2**36 - 1), "the limit is 1"),
        (lambda: flac(60.1), "the limit is 1"),
        (lambda: flac(2), "sample rate or length differs"),
        (lambda: flac(1, rate=RATE * 2), "sample rate or length differs"),
        (lambda: flac(1, channels=8), "8 channels"),
        (lambda: wav_of_channels(100), "100 channels"),
        (lambda: flac(1, rate=4000), "4000 Hz"),
        (not_a_number, "sample nan"),
    ],
)
def test_what_is_no_such_sound_is_left_out_with_a_note(
    made: Opened, tmp_path: Path, content: Callable[[], bytes], why: str
) -> None:
    (made.folder / SNIPPET).write_bytes(content())
    assert preview(made, tmp_path / "site").heard == 3
    assert SNIPPET not in sounds(tmp_path / "site")
    assert len(sounds(tmp_path / "site")) == 17
    text = page(tmp_path / "site")
    assert f'src="{SNIPPET}"' not in text
    assert "Left out: ab-1-clean.flac" in text
    assert why in text


def test_hours_that_claim_to_be_a_second_are_a_second(made: Opened, tmp_path: Path) -> None:
    bomb = hours_of_silence(RATE)
    (made.folder / SNIPPET).write_bytes(bomb)
    preview(made, tmp_path / "site")
    assert decode(tmp_path / "site" / SNIPPET, 1).duration == 1


def test_a_file_of_gigabytes_is_not_decoded(made: Opened, tmp_path: Path) -> None:
    with (made.folder / SNIPPET).open("r+b") as file:
        file.truncate(5_000_000_000)
    preview(made, tmp_path / "site")
    assert "more than 30 MB" in page(tmp_path / "site")


def test_a_sound_that_is_missing(made: Opened, tmp_path: Path) -> None:
    (made.folder / SNIPPET).unlink()
    preview(made, tmp_path / "site")
    assert "ab-1-clean.flac: cannot be read" in page(tmp_path / "site")


@pytest.mark.parametrize(
    "listing",
    [
        b"",
        b"{}",
        b"[" * 9_000,
        b" " * 100_000,
        b"\xff\xfe",
        lambda found: found[0].update(number="../../1"),
        lambda found: found[0].update(number=10**30),
        lambda found: found[0].update(stop=1e400),
        lambda found: found[0]["gains_db"].update({"../../etc/passwd": 0.0}),
        lambda found: found[0]["gains_db"].update({"raw": float("nan")}),
        lambda found: found.extend(found * 100),
    ],
)
def test_a_listing_that_is_none_is_a_note(
    made: Opened, tmp_path: Path, listing: bytes | Callable[[Any], object]
) -> None:
    path = made.folder / "ab" / "much-worse" / "ab.json"
    if isinstance(listing, bytes):
        path.write_bytes(listing)
    else:
        found = json.loads(path.read_text())
        listing(found)
        path.write_text(json.dumps(found))
    assert preview(made, tmp_path / "site").heard == 3
    assert "Left out: ab.json does not describe snippets" in page(tmp_path / "site")
    assert {name.split("/")[1] for name in sounds(tmp_path / "site")} == {"little-worse", "better"}


def test_a_stretch_longer_than_any_snippet(made: Opened, tmp_path: Path) -> None:
    path = made.folder / "ab" / "much-worse" / "ab.json"
    found = json.loads(path.read_text())
    found[1]["stop"] = found[1]["start"] + 3 * 3600 * RATE
    path.write_text(json.dumps(found))
    (made.folder / "ab" / "much-worse" / "ab-2-raw.flac").write_bytes(hours_of_silence())
    preview(made, tmp_path / "site")
    assert "ab/much-worse/ab-2-raw.flac" not in sounds(tmp_path / "site")


def test_it_stays_within_its_budget_the_worst_kept(tmp_path: Path) -> None:
    names = [f"r{number}" for number in range(4)]
    made = opened(
        tmp_path / "pull",
        [render(name, GOOD) for name in names],
        [render("r0", WORSE), *(render(name, SLIGHTLY_WORSE) for name in names[1:])],
    )
    noise = np.random.default_rng(1).uniform(-0.9, 0.9, RATE)
    for path in made.folder.glob("ab/*/ab-*.flac"):
        soundfile.write(path, noise, RATE, subtype="PCM_16")
    one = sum(path.stat().st_size for path in made.folder.glob("ab/r0/ab-*.flac"))
    megabytes = 2.5 * one / 1e6 + 0.05
    written = preview(made, tmp_path / "site", megabytes)
    assert (written.heard, written.left_out) == (2, 2)
    assert {name.split("/")[1] for name in sounds(tmp_path / "site")} == {"r0", "r1"}
    assert sum(map(len, contents(tmp_path / "site").values())) < megabytes * 1e6
    text = page(tmp_path / "site")
    assert "but without audio here" in text
    assert "<bdi>r2.wav</bdi>" in text[text.index("but without audio here") :]


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
        listing = json.loads((made.folder / "ab" / name / "ab.json").read_text())
        # Noise of 16 bits does not compress.
        frames = round(size * 1000 / 2 / len(paths))
        for number, one in enumerate(listing):
            one.update(start=2 * number * frames, stop=(2 * number + 1) * frames)
        (made.folder / "ab" / name / "ab.json").write_text(json.dumps(listing))
        for path in paths:
            noise = rng.integers(-32768, 32767, frames, np.int16)
            soundfile.write(path, noise, RATE, subtype="PCM_16")
    return made


@pytest.mark.parametrize(
    ("megabytes", "heard"),
    [
        (1, ["r0"]),
        (1.2, ["r0"]),
        (1.45, ["r0", "r1"]),
        (1.8, ["r0", "r1"]),
        (2, ["r0", "r1", "r2"]),
    ],
)
def test_what_fits_is_counted_as_it_is_written_and_nothing_overtakes(
    tmp_path: Path, megabytes: float, heard: list[str]
) -> None:
    made = of_sizes(tmp_path / "pull", 700, 670, 500)
    written = preview(made, tmp_path / "site", megabytes)
    assert sorted({name.split("/")[1] for name in sounds(tmp_path / "site")}) == heard
    assert (written.heard, written.left_out) == (len(heard), 3 - len(heard))
    on_disk = sum(path.stat().st_size for path in (tmp_path / "site").rglob("*") if path.is_file())
    assert written.bytes == on_disk <= megabytes * 1e6


def test_a_page_that_leaves_no_room_for_the_last_sound_drops_it(tmp_path: Path) -> None:
    made = of_sizes(tmp_path / "pull", 500, 500)
    whole = preview(made, tmp_path / "site").bytes
    assert preview(made, tmp_path / "site", whole / 1e6).heard == 2
    written = preview(made, tmp_path / "site", (whole - 1) / 1e6)
    assert (written.heard, written.left_out) == (1, 1)
    assert sounds(tmp_path / "site").isdisjoint({"ab/r1/ab-1-raw.flac"})


def test_no_more_sounds_than_it_takes_time_for(tmp_path: Path) -> None:
    names = [f"r{number}" for number in range(14)]
    made = opened(
        tmp_path / "pull",
        [render(name, GOOD) for name in names],
        [render(name, WORSE) for name in names],
    )
    written = preview(made, tmp_path / "site")
    assert len(sounds(tmp_path / "site")) == MAX_FILES == 60
    assert (written.heard, written.left_out) == (10, 4)


def test_no_page_is_larger_than_it_may_be(tmp_path: Path) -> None:
    made = opened(tmp_path / "pull", [render("one", GOOD)], [render("one", WORSE)])

    def many(card: Any) -> None:
        item = card["items"][0]
        kept = {"wer_raw_to_clean": item["metrics"]["wer_raw_to_clean"]}
        # What escapes make longest.
        names = (f"{number}" + "'" * 200 for number in range(4_000))
        card["items"] = [
            {**item, "id": f"r{number}", "path": name, "metrics": kept, "verdicts": []}
            for number, name in enumerate(names)
        ]

    made.change("base.json", many)

    def fail_some(card: Any) -> None:
        many(card)
        for item in card["items"][2_000:]:
            message = "&" * 300
            item["failure"] = {"code": "unreadable", "message": message, "next_step": message}
        for item in card["items"][1_000:1_500]:
            item["id"] += "-new"

    made.change("head.json", fail_some)
    for number in range(2_000, 2_500):
        (made.folder / "ab" / f"r{number - 1500}").mkdir()
        (made.folder / "ab" / f"r{number - 1500}" / "ab.json").write_text("&")
    written = preview(made, tmp_path / "site", 1)
    assert len(page(tmp_path / "site").encode()) < MAX_PAGE_BYTES
    assert written.heard == 60
    assert written.bytes < 1e6


def test_no_text_of_a_stranger_is_markup(tmp_path: Path) -> None:
    made = hostile(tmp_path / "pull")
    preview(made, tmp_path / "site")
    text = page(tmp_path / "site")
    plain = page_of_the_same_shape(tmp_path)
    assert tags(text) == tags(plain)
    assert "\u202e" not in text
    assert "\u2066" not in text
    assert links.problems(tmp_path / "site") == []


def page_of_the_same_shape(tmp_path: Path) -> str:
    """The hostile pull request, its texts made harmless."""
    made = hostile(tmp_path / "plain")

    def tame(card: Any) -> None:
        card["profile"]["name"] = card["tool"]["version"] = "plain"
        for item in card["items"]:
            item["path"] = "plain.wav"
            if item["failure"]:
                item["failure"]["message"] = item["failure"]["next_step"] = "plain"

    made.change("base.json", tame)
    made.change("head.json", tame)
    preview(made, tmp_path / "plain-site")
    return page(tmp_path / "plain-site")


def tags(text: str) -> list[str]:
    """The elements of a page, in order."""
    return [part.split()[0].split(">")[0] for part in text.split("<")[1:]]


def test_nothing_half_is_left_and_nothing_of_others_replaced(made: Opened, tmp_path: Path) -> None:
    preview(made, tmp_path / "site")
    shutil.rmtree(made.folder / "ab" / "better")
    preview(made, tmp_path / "site")
    assert {name.split("/")[1] for name in sounds(tmp_path / "site")} == {
        "much-worse",
        "little-worse",
    }
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    with pytest.raises(UsageError, match="would be deleted"):
        preview(made, mine)
    assert contents(mine) == {"thesis.txt": b"years of work"}


def test_without_a_base_head_stands_alone(made: Opened, tmp_path: Path) -> None:
    (made.folder / "base.json").unlink()
    written = preview(made, tmp_path / "site")
    text = page(tmp_path / "site")
    assert "There is nothing to compare with" in text
    for word in ("Guardrail", "base</b>", "this change", "renders that changed", ">Added<"):
        assert word not in text
    assert sounds(tmp_path / "site") == {
        f"ab/{id_}/ab-{number}-{signal}.flac"
        for id_ in ("much-worse", "little-worse", "better")
        for number in (1, 2)
        for signal in ("raw", "clean")
    }
    # The render that did not change has nothing in the folder.
    assert (written.heard, written.left_out) == (3, 1)


def test_a_change_of_nothing(tmp_path: Path) -> None:
    made = opened(tmp_path / "pull", [render("one", GOOD)], [render("one", GOOD)])
    assert preview(made, tmp_path / "site").heard == 0
    text = page(tmp_path / "site")
    assert "Nothing changed" in text
    assert "No render changed" in text
    assert "✗" not in text
