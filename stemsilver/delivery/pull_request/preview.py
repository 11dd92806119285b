"""Writes the live preview of a pull request from what it handed over."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from stemsilver.config import Profile
from stemsilver.delivery.pull_request.artifact import SNIPPETS, HandedOver
from stemsilver.delivery.pull_request.compared import changed_renders, judged
from stemsilver.delivery.pull_request.reencode import Sound, described, hear
from stemsilver.fsio import staging_beside, swap_directory, write_bytes
from stemsilver.media.snippets import Signal, Snippet, file_name
from stemsilver.microsite import check_replaceable
from stemsilver.microsite.pages.preview import Clip, Preview, PreviewRender, PreviewTrack
from stemsilver.microsite.publish.marker import MARKER
from stemsilver.report import ScoredRender

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
    """Put a page of what a pull request changed, with the sounds of the worst renders that fit with
    it in `max_megabytes`, into the folder `target`.

    It is judged by the rule of `profile`. A sound that is none is left out with a note.

    Raises:
        UsageError: `target` holds something else.
        EnvironmentFault: the disk is full or refuses.
    """
    check_replaceable(target)
    verdict = judged(handed_over.base, handed_over.head, profile)
    changed = changed_renders(verdict.found)
    budget = int(max_megabytes * 1e6)
    # A base's sound says nothing where no base is held against it.
    signals = _ORDER if verdict.compared else tuple(one for one in _ORDER if one != "base")
    page = Preview(
        number=handed_over.claim.number,
        commit=handed_over.claim.commit,
        compared=verdict.compared,
        found=verdict.found,
        checks=verdict.checks,
        notes=verdict.notes,
        heard=[],
        left_out=changed,
    )
    sounds = _heard(handed_over.folder / SNIPPETS, changed, signals, budget)
    while True:
        heard = [one for one, _ in sounds]
        there = {one.item.id for one in heard}
        left_out = [item for item in changed if item.id not in there]
        files = replace(page, heard=heard, left_out=left_out).files()
        files[MARKER] = b"Made by stemsilver; replaced as a whole by the next.\n"
        files |= {name: content for _, named in sounds for name, content in named.items()}
        # How large the page is, depends on what it names.
        if not sounds or _size(files) <= budget:
            break
        sounds.pop()
    _write(files, target)
    return Written(target / "index.html", len(heard), len(left_out), _size(files))


def _heard(
    folder: Path, changed: Sequence[ScoredRender], signals: Sequence[Signal], budget: int
) -> list[tuple[PreviewRender, dict[str, bytes]]]:
    """The changed renders with their files by name, up to the first one with which these have more
    than `budget` bytes.
    """
    heard: list[tuple[PreviewRender, dict[str, bytes]]] = []
    tried = 0
    for item in changed:
        found, faults = described(folder / item.id)
        # Decoding costs, whether or not anything comes of it.
        tried += sum(signal in one.files for one in found for signal in signals)
        if len(heard) == _MAX_RENDERS or tried > MAX_FILES:
            break
        sounds, faulty = hear(folder / item.id, found, signals)
        files = {_name(item, *key): content for key, content in sounds.items()}
        budget -= _size(files)
        if budget < 0:
            break
        if sounds or faults or faulty:
            heard.append(
                (PreviewRender(item, _clips(item, found, sounds), (*faults, *faulty)), files)
            )
    return heard


def _size(files: Mapping[str, bytes]) -> int:
    return sum(map(len, files.values()))


def _clips(
    item: ScoredRender, found: Sequence[Snippet], sounds: Mapping[Sound, bytes]
) -> tuple[Clip, ...]:
    clips = []
    for one in found:
        keys = [(one.number, signal) for signal in _ORDER if (one.number, signal) in sounds]
        tracks = [PreviewTrack(key[1], _name(item, *key), len(sounds[key])) for key in keys]
        if tracks:
            clips.append(Clip(*one.seconds, tuple(tracks)))
    return tuple(clips)


def _name(item: ScoredRender, number: int, signal: Signal) -> str:
    return f"{SNIPPETS}/{item.id}/{file_name(number, signal)}"


def _write(files: Mapping[str, bytes], target: Path) -> None:
    staged = staging_beside(target)
    try:
        for name, content in files.items():
            write_bytes(staged / name, content)
        swap_directory(staged, target)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
