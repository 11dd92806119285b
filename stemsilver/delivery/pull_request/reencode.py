"""The snippets that were handed over, decoded and encoded again: no byte of a stranger's file is
published, only what it sounds like.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TypeAlias

from stemsilver.audio import decode, encode_flac16
from stemsilver.errors import ItemError, UnreadableAudio
from stemsilver.media import snippets
from stemsilver.media.snippets import Signal, Snippet

MAX_SECONDS = 60
"""As long as a snippet may be."""

_MAX_BYTES = 30_000_000  # 60 s of two channels at 96 kHz, 16 bits, that do not compress at all


Sound: TypeAlias = tuple[int, Signal]
"""A file by the number of its snippet and whose sound it is."""


def described(folder: Path) -> tuple[tuple[Snippet, ...], tuple[str, ...]]:
    """The snippets that `folder` says it has, and why it may say nothing that can be believed."""
    if not (folder / snippets.LISTING).exists():
        return (), ()
    try:
        return snippets.read(folder), ()
    except (OSError, ValueError):
        return (), (f"{snippets.LISTING} does not describe snippets",)


def hear(
    folder: Path, found: tuple[Snippet, ...], signals: Collection[Signal]
) -> tuple[dict[Sound, bytes], tuple[str, ...]]:
    """Decode and encode the snippets' files of `signals` in `folder`, which holds no links.

    What is not audio, is longer than `MAX_SECONDS`, or is not the stretch it is described as, is
    left out; why, is told in sentences.
    """
    sounds, faults = {}, []
    for one in found:
        for signal, name in one.files.items():
            if signal not in signals:
                continue
            try:
                sounds[one.number, signal] = _again(folder / name, one)
            except ItemError as error:
                faults.append(error.message)
    return sounds, tuple(faults)


def _again(path: Path, described: Snippet) -> bytes:
    if path.is_file() and path.stat().st_size > _MAX_BYTES:
        raise UnreadableAudio(f"{path.name}: more than {_MAX_BYTES / 1e6:.0f} MB")
    audio = decode(path, MAX_SECONDS / 60)
    frames = described.stop - described.start
    if (audio.rate, audio.samples.shape[-1]) != (described.rate, frames):
        raise UnreadableAudio(f"{path.name}: another rate or length than {snippets.LISTING} says")
    return encode_flac16(audio)
