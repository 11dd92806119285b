"""Speech recognition with word times: Whisper tiny.en on CTranslate2, through faster-whisper.

Source: Radford et al., *Robust Speech Recognition via Large-Scale Weak Supervision*, 2022.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from stemsilver import weights
from stemsilver.config import Asr
from stemsilver.records import Transcript, Word

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

RATE = 16_000
WEIGHTS = (
    "whisper-tiny.en",
    "whisper-tiny.en-config",
    "whisper-tiny.en-tokenizer",
    "whisper-tiny.en-vocabulary",
    "silero-vad-v6",
)


def transcribe(signal: NDArray[np.float32], settings: Asr) -> Transcript:
    """What the recogniser hears, with the time of every word.

    Decoding is at temperature 0 alone: the usual retries at higher temperatures are random, and
    a transcript that changes from run to run cannot be evidence. The voice-activity filter keeps
    Whisper from inventing text where there is only music.

    Shape: `signal` is (frames,) at 16 kHz; an empty signal has an empty transcript.
    """
    if signal.size == 0:
        return Transcript("", ())
    segments, _ = _model().transcribe(
        signal,
        language=settings.language,
        beam_size=settings.beam_size,
        temperature=0.0,
        condition_on_previous_text=False,
        vad_filter=True,
        word_timestamps=True,
    )
    words = tuple(
        Word(word.word.strip(), round(float(word.start), 3), round(float(word.end), 3))
        for segment in segments
        for word in segment.words or ()
    )
    return Transcript(" ".join(word.text for word in words), words)


@cache
def _model() -> WhisperModel:
    import torch
    from faster_whisper import WhisperModel

    folder, *_ = (weights.verified(name).parent for name in WEIGHTS)
    return WhisperModel(
        str(folder),
        device="cpu",
        compute_type="int8",
        cpu_threads=torch.get_num_threads(),
        num_workers=1,
        local_files_only=True,
    )
