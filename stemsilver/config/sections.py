"""The sections of a profile, with the range of every value."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from stemsilver.config.models import Asr, Music, MusicRanges, SeparatorModel
from stemsilver.config.section import Section
from stemsilver.translation import Language

NARROWBAND_HZ = 16_000
"""Renders with a lower sample rate are narrowband, like telephone speech."""

FftSize = Annotated[int, Field(ge=256, le=16384), Field(multiple_of=256)]


class Preprocess(Section):
    """Loudness of the separator input, and the length limit of a render."""

    loudnorm_target_lufs: float = Field(ge=-40, le=-10)
    true_peak_db: float = Field(ge=-12, le=0)
    max_minutes: float = Field(gt=0, le=600)


class Separation(Section):
    """Stage A: the separators, and how their ratio masks are fused."""

    models: tuple[SeparatorModel, ...] = Field(min_length=1, strict=False)  # YAML has only lists
    fusion: Literal["max", "mean", "geometric", "min"]
    fusion_fft: FftSize
    fusion_hop: int = Field(ge=64, le=8192)

    @model_validator(mode="after")
    def _distinct_and_overlapping(self) -> Separation:
        names = [model.model_name for model in self.models]
        if len(set(names)) != len(names):
            raise ValueError("models: each separator can be named once")
        _check_hop("fusion_hop", self.fusion_hop, "fusion_fft", self.fusion_fft)
        return self


class Enhancement(Section):
    """Stage B: a denoiser on the fused vocals.

    `mixture_share` is the fraction of the rest of the mixture added to the denoiser input: the
    denoiser removes audible music better than it repairs the artefacts of a mask. `dry_wet` is the
    fraction of denoised signal in its output; `narrowband_dry_wet` replaces it for renders with a
    sample rate under `NARROWBAND_HZ`, unless it is None. `residual_blend` is the fraction of
    undenoised vocals mixed back afterwards.
    """

    model_name: Literal["none", "deepfilternet3", "dns48", "dns64", "master64"]
    mixture_share: float = Field(ge=0, le=1)
    dry_wet: float = Field(ge=0, le=1)
    narrowband_dry_wet: float | None = Field(default=None, ge=0, le=1)
    residual_blend: float = Field(ge=0, le=1)

    def wet_at(self, rate: int) -> float:
        """Return the fraction of denoised signal for a render with this sample rate."""
        narrow = self.narrowband_dry_wet if rate < NARROWBAND_HZ else None
        return self.dry_wet if narrow is None else narrow


class BetaWiener(Section):
    """The Wiener-like mask after Stage B."""

    enabled: bool
    beta: float = Field(gt=0, le=4)
    floor: float = Field(ge=0, lt=1)
    fft_size: FftSize
    hop_length: int = Field(ge=64, le=8192)

    @model_validator(mode="after")
    def _overlapping(self) -> BetaWiener:
        _check_hop("hop_length", self.hop_length, "fft_size", self.fft_size)
        return self


class Postprocess(Section):
    """Finishing: equaliser, loudness, true peak, metadata.

    If the target loudness would need more gain than `max_gain_db`, no gain is applied: the signal
    is then only the remainder of a render without speech. With `metadata`, the output carries the
    metadata of the input, and names Stemsilver.
    """

    highpass_hz: float = Field(ge=0, le=300)
    high_shelf_hz: float = Field(ge=1000, le=20000)
    high_shelf_db: float = Field(ge=-12, le=12)
    high_shelf_q: float = Field(gt=0, le=4)
    final_lufs: float = Field(ge=-40, le=-8)
    final_true_peak_db: float = Field(ge=-12, le=0)
    max_gain_db: float = Field(gt=0, le=60)
    metadata: bool = True


class NothingToRemove(Section):
    """When a render has no music to remove, so that only its level is changed.

    It must have no stretch of music (`evaluation.music_ranges`), and one of two more: in no half
    second do the separators take away more than `removed_db_max`, relative to the speech; or its
    pause floor is at most `pause_floor_db_max`, so that what they take away is under the words,
    such as the room. With `enabled: false`, every render is cleaned.
    """

    enabled: bool
    removed_db_max: float = Field(ge=-120, le=0)
    pause_floor_db_max: float = Field(ge=-120, le=0)


class Dnsmos(Section):
    """DNSMOS, which predicts listener ratings. A longer hop is proportionally faster."""

    hop_seconds: float = Field(ge=0.1, le=9)


class Evaluation(Section):
    """The models for the metrics, and their settings.

    A render has speech where the voice-activity detector finds a voice, and the sound-event
    detector gives speech at least `speech_probability_min`: the first alone takes some instruments
    for voices.
    """

    asr: Asr
    music: Music
    music_ranges: MusicRanges
    speech_probability_min: float = Field(gt=0, le=1)
    dnsmos: Dnsmos

    @property
    def models(self) -> tuple[str, ...]:
        """The names of the backends, and of the recogniser's model."""
        asr = self.asr
        return (asr.backend, f"{asr.backend}-{asr.model_name}", self.music.backend)


class Gates(Section):
    """The limits that a render must meet to pass; None means that there is no such gate.

    A WER above `wer_max` is allowed if no more than `words_changed_allowed` words differ: in a
    short render, each word is a large share, and the recogniser itself errs by a word or two.
    """

    music_to_speech_db_max: float
    lufs_tolerance: float = Field(gt=0)
    true_peak_db_max: float
    wer_max: float = Field(ge=0)
    words_changed_allowed: int = Field(default=2, ge=0)
    stoi_min: float = Field(ge=0, le=1)
    voice_similarity_min: float | None = Field(default=None, ge=0, le=1)
    voice_similarity_to_batch_min: float | None = Field(default=None, ge=0, le=1)
    voice_similarity_to_truth_min: float | None = Field(default=None, ge=0, le=1)
    pitch_correlation_min: float | None = Field(default=None, ge=0, le=1)
    voiced_kept_min: float | None = Field(default=None, ge=0, le=1)


class AbTests(Section):
    """The short raw/clean pairs in `report/ab/` for a quick listening test.

    A part of a render counts as voiced if its level is above `voiced_gate_db` (dBFS).
    """

    snippet_seconds: float = Field(ge=1, le=60)
    snippet_count: int = Field(ge=0, le=20)
    fade_ms: float = Field(ge=0, le=500)
    voiced_gate_db: float = Field(ge=-90, le=0)


class Guardrail(Section):
    """The largest allowed losses of a change: means over the renders that both builds measured.

    With `approvals_min`, each render needs the approval of so many people besides.
    """

    wer_rise_max: float = Field(ge=0, le=1)
    stoi_drop_max: float = Field(ge=0, le=1)
    music_to_speech_rise_db_max: float = Field(ge=0, le=60)
    music_presence_rise_max: float = Field(ge=0, le=1)
    approvals_min: int = Field(default=0, ge=0, le=100)


class Promotion(Section):
    """The required gain and the allowed losses of a candidate that replaces the incumbent.

    They apply to means over the renders that both measured. `wer_rise_max` is added to the
    tolerance of the metric.
    """

    music_suppression_gain_db_min: float = Field(ge=0, le=60)
    stoi_drop_max: float = Field(ge=0, le=1)
    wer_rise_max: float = Field(ge=0, le=1)


class Site(Section):
    """The name of the site, on every page, and its language; all other outputs are in English."""

    title: str = Field(min_length=1, max_length=120)
    language: Language = "en"


def _check_hop(hop_name: str, hop: int, fft_name: str, fft: int) -> None:
    if hop * 2 > fft or fft % hop:
        raise ValueError(f"{hop_name}: must divide {fft_name} and be at most half of it")
