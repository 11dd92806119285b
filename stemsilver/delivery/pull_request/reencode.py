"""Decode and re-encode the snippets of an untrusted artifact.

Only the decoded sound is published, never a byte of the original file.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

from stemsilver.audio import decode, encode_flac16
from stemsilver.errors import ItemError, UnreadableAudio
from stemsilver.media import snippets
from stemsilver.media.snippets import Signal, Snippet

MAX_SECONDS = 60
"""The longest snippet that is accepted."""

_MAX_BYTES = 30_000_000  # 60 s of two channels at 96 kHz, 16 bits, that do not compress at all


Sound: TypeAlias = tuple[int, Signal]
"""The key of a sound: the number of its snippet, and the signal (raw, base or clean)."""


def read_listing(folder: Path) -> tuple[tuple[Snippet, ...], tuple[str, ...]]:
    """Return the snippets that the listing of `folder` names, and the faults of the listing."""
    if not (folder / snippets.LISTING).exists():
        return (), ()
    try:
        return snippets.read(folder), ()
    except (OSError, ValueError):
        return (), (f"{snippets.LISTING} does not describe snippets",)


def reencode_snippets(
    folder: Path, found: tuple[Snippet, ...], signals: Collection[Signal]
) -> tuple[dict[Sound, bytes], tuple[str, ...]]:
    """Decode and re-encode the files of the snippets.

    A file is left out if it is not audio, is longer than `MAX_SECONDS`, or has another rate or
    length than its listing says.

    Args:
        folder: the folder of one render's snippets; it must contain no links.
        found: the snippets from its listing.
        signals: only the files of these signals are read.

    Returns:
        The FLAC files by key, and a sentence for every file left out.
    """
    sounds, faults = {}, []
    for one in found:
        for signal, name in one.files.items():
            if signal not in signals:
                continue
            try:
                sounds[one.number, signal] = _reencode(folder / name, one)
            except ItemError as error:
                faults.append(error.message)
    return sounds, tuple(faults)


def _reencode(path: Path, described: Snippet) -> bytes:
    if path.is_file() and path.stat().st_size > _MAX_BYTES:
        raise UnreadableAudio(f"{path.name}: more than {_MAX_BYTES / 1e6:.0f} MB")
    # Snippets are FLAC. The decoders of other formats are not for strangers.
    with suppress(OSError), path.open("rb") as file:
        if file.read(4) != b"fLaC":
            raise UnreadableAudio(f"{path.name}: not FLAC")
    audio = decode(path, MAX_SECONDS / 60)
    frames = described.stop - described.start
    if (audio.rate, audio.samples.shape[-1]) != (described.rate, frames):
        raise UnreadableAudio(
            f"{path.name}: the sample rate or length differs from {snippets.LISTING}"
        )
    return encode_flac16(audio)
