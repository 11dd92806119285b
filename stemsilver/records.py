"""The values that cross rooms: plain, frozen, and without behaviour of their own.

Audio is always `float32` of shape `(channels, frames)`, full scale at ±1.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[np.float32]
"""Audio of shape (channels, frames), full scale at ±1."""


@dataclass(frozen=True)
class Audio:
    """A decoded signal.

    Shape: `samples` is (channels, frames), `rate` in Hz.
    """

    samples: Samples
    rate: int

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return float(self.samples.shape[-1] / self.rate)

    @property
    def digest(self) -> str:
        """A digest of rate, shape and samples, for the keys of what is made of it."""
        hasher = hashlib.sha256(f"{self.rate} {self.samples.shape}".encode())
        hasher.update(self.samples.tobytes())
        return hasher.hexdigest()


@dataclass(frozen=True)
class Render:
    """One input file of the batch, found but not yet decoded.

    `path` is relative to the raw folder with `/` between its parts; `output` is the path of the
    speech-only WAV, relative to the output folder.
    """

    id: str
    path: str
    source: Path
    output: str
    script: Path | None = None
    reference: Path | None = None


@dataclass(frozen=True)
class StageA:
    """The separators' fused estimates: the vocals, and the residual they leave of the mixture."""

    vocals: Samples
    residual: Samples


@dataclass(frozen=True)
class Cleaned:
    """The result of the cleaning chain, every signal sample-aligned with the mixture.

    `speech` is the finished output. `removed` is mixture − clean before any loudness change, at
    the input's level. `stages` has the speech after each step that changed it, in order, at the
    level the models heard, which is the input's raised by `level_db`. `notes` says what a step
    left undone and why (a gain skipped on silence, say).
    """

    speech: Audio
    removed: Audio
    stage_a: StageA
    stages: Mapping[str, Samples] = field(default_factory=dict)
    level_db: float = 0.0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Score:
    """A metric's value, or null with the reason why there is none. Never a sentinel."""

    value: float | None
    reason: str | None = None

    def __post_init__(self) -> None:
        if (self.value is None) == (self.reason is None):
            raise ValueError("a score has either a value or a reason")
        if self.value is not None and not math.isfinite(self.value):
            raise ValueError(f"a score must be finite, not {self.value}")

    @classmethod
    def missing(cls, reason: str) -> Score:
        """A score that could not be computed, and why."""
        return cls(None, reason)


@dataclass(frozen=True)
class Word:
    """A recognised word with its place in the signal, in seconds."""

    text: str
    start: float
    end: float


@dataclass(frozen=True)
class Transcript:
    """What the recogniser heard.

    `language` is a code of Whisper's; None where none could be recognised.
    """

    text: str
    words: tuple[Word, ...]
    language: str | None = "en"


Operation: TypeAlias = Literal["equal", "substitute", "insert", "delete"]


@dataclass(frozen=True)
class AlignedWord:
    """One column of a word alignment, after normalisation.

    `before` is empty for an insertion, `after` for a deletion; `time` is where the word is heard
    in seconds, or None where neither side has a time.
    """

    operation: Operation
    before: str
    after: str
    time: float | None = None


@dataclass(frozen=True)
class Alignment:
    """A word-level alignment and its counts. `name` says what was compared with what."""

    name: str
    words: tuple[AlignedWord, ...]
    substitutions: int
    insertions: int
    deletions: int
    reference_words: int


@dataclass(frozen=True)
class Timeline:
    """A quantity over time; `values[i]` covers `[i, i + 1) * hop` seconds.

    The last covers what is left of the signal, which may be less.
    """

    hop: float
    values: tuple[float, ...]


@dataclass(frozen=True)
class Evidence:
    """Everything measured on one render.

    `scores` is keyed by the names of `evaluate.catalogue`; transcripts and timelines by `raw`
    and `clean`.
    """

    scores: Mapping[str, Score]
    transcripts: Mapping[str, Transcript] = field(default_factory=dict)
    alignments: tuple[Alignment, ...] = ()
    music: Mapping[str, Timeline] = field(default_factory=dict)


@dataclass(frozen=True)
class Sidecars:
    """What lies beside a render: its script, and the true speech."""

    script: str | None = None
    reference: Audio | None = None


@dataclass(frozen=True)
class Failure:
    """Why a render has no result. `code` is an error's stable word."""

    code: str
    message: str
    next_step: str


@dataclass(frozen=True)
class ItemResult:
    """What became of one render.

    `failure` is None when it was cleaned; `output_sha256` is then that of the speech-only file.
    `raw_digest` names the raw signal, whatever file format
    it came in; None where it could not be decoded. `seconds` maps a step to the time it took when
    it was computed, which for a reused result was in an earlier run. `peak_bytes` and
    `gpu_peak_bytes` map it to the most memory that the process, and torch on a CUDA device, had
    meanwhile; a step that did not measure it is not among them. `notes` are plain sentences for
    the reader.
    """

    id: str
    path: str
    output: str
    failure: Failure | None = None
    raw_digest: str | None = None
    output_sha256: str | None = None
    evidence: Evidence | None = None
    rate: int = 0
    channels: int = 0
    frames: int = 0
    script: str | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)
    peak_bytes: Mapping[str, int] = field(default_factory=dict)
    gpu_peak_bytes: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def duration(self) -> float:
        """Length in seconds; 0 for a render that could not be decoded."""
        return self.frames / self.rate if self.rate else 0.0


@dataclass(frozen=True)
class WeightRecord:
    """A weight file as it was used: for the scorecard and the credits.

    `package` is what carries it; of a file that was pulled or is the user's own, its name, and
    `version` is then empty or `own`. `source` is whose it is.
    """

    name: str
    package: str
    version: str
    licence: str
    sha256: str
    source: str = ""

    @property
    def own(self) -> bool:
        """Whether it is the user's own, in the place of official weights."""
        return self.version == "own"

    @property
    def bundled(self) -> bool:
        """Whether a package carries it."""
        return self.version not in ("", "own")
