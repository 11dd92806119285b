"""Whisper on CTranslate2, through faster-whisper."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from stemsilver import weights as registry
from stemsilver.config import Asr
from stemsilver.records import Transcript, Word

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

_FILES = {
    "tiny.en": (
        "whisper-tiny.en",
        "whisper-tiny.en-config",
        "whisper-tiny.en-tokenizer",
        "whisper-tiny.en-vocabulary",
    ),
}
_VAD = ("silero-vad-v6",)


def weights(settings: Asr) -> tuple[str, ...]:
    """Names of its weight files: the folder of the model, and the filter before it."""
    return (*_FILES[settings.model_name], *_VAD)


def transcribe(signal: NDArray[np.float32], settings: Asr) -> Transcript:
    """What the recogniser hears in `signal`, (frames,) at 16 kHz."""
    segments, _ = _model(settings).transcribe(
        signal,
        language=settings.language,
        beam_size=settings.beam_size,
        temperature=0.0,
        condition_on_previous_text=False,
        vad_filter=settings.vad,
        word_timestamps=True,
    )
    words = tuple(
        Word(word.word.strip(), round(float(word.start), 3), round(float(word.end), 3))
        for segment in segments
        for word in segment.words or ()
    )
    return Transcript(" ".join(word.text for word in words), words)


@cache
def _model(settings: Asr) -> WhisperModel:
    import torch
    from faster_whisper import WhisperModel

    folder, *_ = (registry.verified(name).parent for name in weights(settings))
    return WhisperModel(
        str(folder),
        device="cpu",
        compute_type="int8",
        cpu_threads=torch.get_num_threads(),
        num_workers=1,
        local_files_only=True,
    )
