"""Writes the live preview of a pull request from what it handed over."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stemsilver.config import Profile
from stemsilver.delivery.pull_request.compared import changed_renders, judged
from stemsilver.delivery.pull_request.handed_over import SNIPPETS, HandedOver
from stemsilver.delivery.pull_request.sounds import Sound, described, hear
from stemsilver.fsio import staging_beside, swap_directory, write_bytes
from stemsilver.microsite import check_replaceable
from stemsilver.microsite.offline import MARKER
from stemsilver.microsite.preview import MAX_PAGE_BYTES, Clip, Heard, Preview, Track
from stemsilver.report import CardItem
from stemsilver.snippets import Signal, Snippet, file_name

MAX_FILES = 60
"""As many sounds as a preview has: each costs the time to decode it."""

_MAX_RENDERS = 60
_ORDER: tuple[Signal, ...] = ("raw", "base", "clean")


@dataclass(frozen=True)
class Written:
    """A preview on the disk: its page, how many renders can be heard, how many changed ones
    cannot, and its bytes.
    """

    index: Path
    heard: int
    left_out: int
    bytes: int


def write_preview(
    handed_over: HandedOver, profile: Profile, target: Path, max_megabytes: float
) -> Written:
    """Put a page of what a pull request changed, with the sounds of the worst renders that fit in
    `max_megabytes`, into the folder `target`.

    It is judged by the rule of `profile`. A sound that is none is left out with a note.

    Raises:
        UsageError: `target` holds something else.
        EnvironmentFault: the disk is full or refuses.
    """
    check_replaceable(target)
    verdict = judged(handed_over.base, handed_over.head, profile)
    changed = changed_renders(verdict.found)
    budget = round(max_megabytes * 1e6) - MAX_PAGE_BYTES
    heard, files = _heard(handed_over.folder / SNIPPETS, changed, budget)
    there = {one.item.id for one in heard}
    page = Preview(
        number=handed_over.claim.number,
        commit=handed_over.claim.commit,
        compared=verdict.compared,
        found=verdict.found,
        checks=verdict.checks,
        notes=verdict.notes,
        heard=heard,
        left_out=[item for item in changed if item.id not in there],
    )
    files |= page.files() | {MARKER: b"Made by stemsilver; replaced as a whole by the next.\n"}
    _write(files, target)
    return Written(
        target / "index.html",
        len(heard),
        len(changed) - len(heard),
        sum(map(len, files.values())),
    )


def _heard(
    folder: Path, changed: Sequence[CardItem], budget: int
) -> tuple[list[Heard], dict[str, bytes]]:
    """The sounds of the changed renders, the first ones first, within a budget in bytes."""
    heard: list[Heard] = []
    files: dict[str, bytes] = {}
    tried = 0
    for item in changed:
        if len(heard) == _MAX_RENDERS:
            break
        found, faults = described(folder / item.id)
        count = sum(len(one.files) for one in found)
        # Decoding costs, whether or not anything comes of it.
        if tried + count > MAX_FILES:
            continue
        tried += count
        sounds, faulty = hear(folder / item.id, found)
        size = sum(map(len, sounds.values()))
        if size <= budget and (sounds or faults or faulty):
            budget -= size
            heard.append(Heard(item, _clips(item, found, sounds), (*faults, *faulty)))
            files |= {_name(item, *key): content for key, content in sounds.items()}
    return heard, files


def _clips(
    item: CardItem, found: Sequence[Snippet], sounds: Mapping[Sound, bytes]
) -> tuple[Clip, ...]:
    clips = []
    for one in found:
        keys = [(one.number, signal) for signal in _ORDER if (one.number, signal) in sounds]
        tracks = [Track(key[1], _name(item, *key), len(sounds[key])) for key in keys]
        if tracks:
            clips.append(Clip(*one.seconds, tuple(tracks)))
    return tuple(clips)


def _name(item: CardItem, number: int, signal: Signal) -> str:
    return f"{SNIPPETS}/{item.id}/{file_name(number, signal)}"


def _write(files: Mapping[str, bytes], target: Path) -> None:
    staged = staging_beside(target)
    try:
        for name, content in files.items():
            write_bytes(staged / name, content)
        swap_directory(staged, target)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
