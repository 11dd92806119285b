"""The frozen dataclasses that modules pass to each other.

Audio is always `float32` of shape `(channels, frames)`, full scale at ±1.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[np.float32]
"""Audio of shape (channels, frames), full scale at ±1."""


_HASHED = 2**20
"""Frames hashed at a time."""


class Signal(Protocol):
    """Audio that gives samples when sliced: an array, or a long signal that lies on disk.

    `signal[:, start:stop]` is an array of shape (channels, stop - start).
    """

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of channels and of frames."""
        ...

    def __getitem__(self, index: tuple[slice, slice], /) -> Samples: ...


@dataclass(frozen=True)
class Metadata:
    """What a sound file says about its sound, to be carried to another file.

    `texts` are title, artist, comment and so on by their names in a WAV file's list of type `INFO`.
    `chunks` are other chunks of a WAV file, the name and the body of each. `notes` are sentences
    for the reader of the other file about what is not carried.
    """

    texts: Mapping[bytes, bytes] = field(default_factory=dict)
    chunks: tuple[tuple[bytes, bytes], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Audio:
    """A decoded signal.

    Shape: `samples` is (channels, frames), `rate` in Hz. `notes` are sentences for the reader about
    the file that it was decoded from, and `metadata` is what that file says about the sound.
    """

    samples: Signal
    rate: int
    notes: tuple[str, ...] = ()
    metadata: Metadata = field(default_factory=Metadata)

    @property
    def array(self) -> Samples:
        """All samples in memory."""
        return self.samples[:, :]

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return float(self.samples.shape[-1] / self.rate)

    @property
    def digest(self) -> str:
        """SHA-256 of rate, shape and samples, for cache keys of results made from this signal."""
        channels, frames = self.samples.shape
        hasher = hashlib.sha256(f"{self.rate} {(channels, frames)}".encode())
        for channel in range(channels):
            for start in range(0, frames, _HASHED):
                part = self.samples[channel : channel + 1, start : start + _HASHED]
                hasher.update(part.tobytes())
        return hasher.hexdigest()


@dataclass(frozen=True)
class Render:
    """One input file of the batch, not yet decoded.

    `path` is relative to the raw folder with `/` between its parts; `output` is the path of the
    speech-only WAV, relative to the output folder. The paths of files are absolute. `failure` is
    the reason if it cannot be cleaned, whatever is in the file.
    """

    id: str
    path: str
    source: Path
    output: str
    script: Path | None = None
    reference: Path | None = None
    failure: Failure | None = None


@dataclass(frozen=True)
class Skipped:
    """What is in the raw folder and is not taken: its path there, printable, and the reason.

    A review that cannot be read is one too; its path has the name of its own folder.
    """

    path: str
    reason: str


Lack: TypeAlias = Literal["music", "speech"]
"""What a render does not contain. Without music, only its level is changed."""


@dataclass(frozen=True)
class StageA:
    """Result of the separators: the fused vocals, and the residual (mixture − vocals)."""

    vocals: Signal
    residual: Signal


@dataclass(frozen=True)
class Cleaned:
    """The result of the cleaning chain, every signal sample-aligned with the mixture.

    `speech` is the final output. `removed` is mixture − clean before the final loudness change, at
    the input level. `stages` is the speech after each step that changed it, in order, at the level
    of the model input, which is the input level plus `level_db`. `lacks` is `music` if only the
    level of the mixture was changed. `notes` lists skipped work and the reason (for example no gain
    on silence).
    """

    speech: Audio
    removed: Audio
    stage_a: StageA
    stages: Mapping[str, Signal] = field(default_factory=dict)
    level_db: float = 0.0
    lacks: Lack | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Score:
    """The value of a metric, or None with a reason. Sentinel values are not allowed."""

    value: float | None
    reason: str | None = None

    def __post_init__(self) -> None:
        if (self.value is None) == (self.reason is None):
            raise ValueError("a score has either a value or a reason")
        if self.value is not None and not math.isfinite(self.value):
            raise ValueError(f"a score must be finite, not {self.value}")

    @classmethod
    def missing(cls, reason: str) -> Score:
        """Return a score without a value, with the reason."""
        return cls(None, reason)


@dataclass(frozen=True)
class Word:
    """A recognised word with its start and end in seconds."""

    text: str
    start: float
    end: float


@dataclass(frozen=True)
class Transcript:
    """The output of the speech recogniser.

    `language` is a Whisper language code; None if the language could not be recognised.
    `confidence` is the mean probability that the recogniser gave its words, 0 to 1; None if that is
    unknown. `left_out` is the number of words left out because they repeated a phrase in a loop.
    """

    text: str
    words: tuple[Word, ...]
    language: str | None = "en"
    confidence: float | None = None
    left_out: int = 0


Operation: TypeAlias = Literal["equal", "substitute", "insert", "delete"]


@dataclass(frozen=True)
class AlignedWord:
    """One column of a word alignment, after normalisation.

    `before` is empty for an insertion, `after` for a deletion. `time` is the position of the word
    in seconds, None if neither side has one.
    """

    operation: Operation
    before: str
    after: str
    time: float | None = None


@dataclass(frozen=True)
class Alignment:
    """A word-level alignment and its error counts. `name` identifies the compared texts."""

    name: str
    words: tuple[AlignedWord, ...]
    substitutions: int
    insertions: int
    deletions: int
    reference_words: int


@dataclass(frozen=True)
class Timeline:
    """A quantity over time; `values[i]` covers `[i, i + 1) * hop` seconds.

    The last value may cover less: the rest of the signal.
    """

    hop: float
    values: tuple[float, ...]


@dataclass(frozen=True)
class MusicRange:
    """A stretch of a signal with music, in seconds.

    `level_db` is the level of the music relative to the speech of the signal, measured in the
    pauses of the stretch; None if it has none, or the signal has no speech.
    """

    start: float
    end: float
    level_db: float | None = None


@dataclass(frozen=True)
class Artefact:
    """A stretch in which the speech of clean departs from raw, in seconds.

    `departure_db` is how far, at the worst spot.
    """

    start: float
    end: float
    departure_db: float


@dataclass(frozen=True)
class Evidence:
    """All measurements of one render.

    The keys of `scores` are the metric names of `evaluation.catalogue`; the keys of `transcripts`,
    `music` and `music_ranges` are `raw` and `clean`. `notes` are sentences for the reader about
    how it was measured. `language` is the one that the words were compared in, as a Whisper
    language code; None if they were not. `voice` is the voice in clean as a unit vector, to be
    compared with those of other renders; empty if it is not known. `departure` is how far the
    speech of clean departs from raw over time, in dB; `artefacts` are its worst places, in order of
    time.
    """

    scores: Mapping[str, Score]
    transcripts: Mapping[str, Transcript] = field(default_factory=dict)
    alignments: tuple[Alignment, ...] = ()
    music: Mapping[str, Timeline] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    music_ranges: Mapping[str, tuple[MusicRange, ...]] = field(default_factory=dict)
    language: str | None = None
    voice: tuple[float, ...] = ()
    departure: Timeline | None = None
    artefacts: tuple[Artefact, ...] = ()


@dataclass(frozen=True)
class Sidecars:
    """The contents of the sidecar files of a render: the script, and the true speech.

    `script` is the text that is spoken, without labels and markup. `script_fault` and
    `reference_fault` say why a file cannot be used. `notes` are sentences for the reader.
    """

    script: str | None = None
    reference: Audio | None = None
    script_fault: str | None = None
    reference_fault: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Failure:
    """The reason why a render has no result. `code` is `StemsilverError.code`."""

    code: str
    message: str
    next_step: str


@dataclass(frozen=True)
class ItemResult:
    """The result of one render.

    `failure` is None if the render was cleaned; `output_sha256` is then the hash of the speech-only
    file, and `sound_sha256` that of its rate and samples, whatever else the file says. `raw_digest`
    identifies the raw signal independently of the file format; None if it could not be decoded.
    `seconds` is the computing time of each step, for a cached result that of the earlier run.
    `lacks` is what the render does not contain, if that decided how it was cleaned or is judged.
    `peak_bytes` and `gpu_peak_bytes` are the peak memory of the process, and of torch on a CUDA
    device, during each step that measured it. `notes` are sentences for the reader.
    """

    id: str
    path: str
    output: str
    failure: Failure | None = None
    raw_digest: str | None = None
    output_sha256: str | None = None
    sound_sha256: str | None = None
    evidence: Evidence | None = None
    rate: int = 0
    channels: int = 0
    frames: int = 0
    script: str | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)
    peak_bytes: Mapping[str, int] = field(default_factory=dict)
    gpu_peak_bytes: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    lacks: Lack | None = None

    @property
    def duration(self) -> float:
        """Length in seconds; 0 for a render that could not be decoded."""
        return self.frames / self.rate if self.rate else 0.0


@dataclass(frozen=True)
class WeightRecord:
    """A weight file that was used, for the scorecard and the credits.

    `package` and `version` are those of the package that contains the file. For a downloaded file
    or one of the user, `package` is the file name and `version` is empty or `own`. `source` names
    the authors.
    """

    name: str
    package: str
    version: str
    licence: str
    sha256: str
    source: str = ""

    @property
    def own(self) -> bool:
        """Whether the user supplied the file in place of the official weights."""
        return self.version == "own"

    @property
    def bundled(self) -> bool:
        """Whether an installed package contains the file."""
        return self.version not in ("", "own")
