"""Write the preview of a pull request from its artifact."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from stemsilver.config import Profile
from stemsilver.delivery.pull_request.artifact import SNIPPETS, Artifact
from stemsilver.delivery.pull_request.comparison import changed_renders, judge_change
from stemsilver.delivery.pull_request.reencode import Sound, read_listing, reencode_snippets
from stemsilver.fsio import staging_beside, swap_directory, write_bytes
from stemsilver.media.snippets import Signal, Snippet, file_name
from stemsilver.microsite import check_replaceable
from stemsilver.microsite.pages.preview import Clip, Preview, PreviewRender, PreviewTrack
from stemsilver.microsite.publish.marker import MARKER
from stemsilver.report import ScoredRender

MAX_FILES = 60
"""The largest number of sounds in a preview; each takes time to decode."""

_MAX_RENDERS = 60
_ORDER: tuple[Signal, ...] = ("raw", "base", "clean")


@dataclass(frozen=True)
class WrittenPreview:
    """A written preview: its page, the number of renders with sound, the number of changed renders
    without, and its size in bytes.
    """

    index: Path
    heard: int
    left_out: int
    bytes: int


def write_preview(
    artifact: Artifact, profile: Profile, target: Path, max_megabytes: float
) -> WrittenPreview:
    """Write a page on what a pull request changed, with sounds, into the folder `target`.

    The worst renders come first, as many as fit. An invalid sound is left out with a note.

    Args:
        artifact: the artifact of the pull request's run.
        profile: its gates and guardrail apply.
        target: the folder to write; a former preview there is replaced.
        max_megabytes: the size limit of the page with its sounds.

    Raises:
        UsageError: `target` has other content.
        EnvironmentFault: the disk is full or not writable.
    """
    check_replaceable(target)
    verdict = judge_change(artifact.base, artifact.head, profile)
    changed = changed_renders(verdict.found)
    budget = int(max_megabytes * 1e6)
    # Without a comparison, the sound of the base is of no use.
    signals = _ORDER if verdict.compared else tuple(one for one in _ORDER if one != "base")
    page = Preview(
        number=artifact.claim.number,
        commit=artifact.claim.commit,
        compared=verdict.compared,
        found=verdict.found,
        checks=verdict.checks,
        notes=verdict.notes,
        heard=[],
        left_out=changed,
    )
    sounds = _heard(artifact.folder / SNIPPETS, changed, signals, budget)
    while True:
        heard = [one for one, _ in sounds]
        there = {one.item.id for one in heard}
        left_out = [item for item in changed if item.id not in there]
        files = replace(page, heard=heard, left_out=left_out).files()
        files[MARKER] = b"Made by stemsilver; replaced as a whole by the next.\n"
        files |= {name: content for _, named in sounds for name, content in named.items()}
        # The size of the page depends on which renders it lists, so it is measured again each time.
        if not sounds or _size(files) <= budget:
            break
        sounds.pop()
    _write(files, target)
    return WrittenPreview(target / "index.html", len(heard), len(left_out), _size(files))


def _heard(
    folder: Path, changed: Sequence[ScoredRender], signals: Sequence[Signal], budget: int
) -> list[tuple[PreviewRender, dict[str, bytes]]]:
    """Return the changed renders with their files by name, until `budget` bytes are used up."""
    heard: list[tuple[PreviewRender, dict[str, bytes]]] = []
    tried = 0
    for item in changed:
        found, faults = read_listing(folder / item.id)
        # Every attempt to decode counts, because failed attempts take time, too.
        tried += sum(signal in one.files for one in found for signal in signals)
        if len(heard) == _MAX_RENDERS or tried > MAX_FILES:
            break
        sounds, faulty = reencode_snippets(folder / item.id, found, signals)
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
